#!/usr/bin/env bash
# A daily differential backup: one full archive, then of each day what changed since the day before.
#
#   backup.sh SOURCE FOLDER
#
#   FOLDER/2026-03-01/full.txt.zst   the first day, whole
#   FOLDER/2026-03-02/patch          what changed since the day before; absent where nothing did
#   FOLDER/2026-03-02/manifest       what the day holds, to prove it by
#
#   DAY    the name of the day, in the order of days   [today, in UTC]
#
# A day is there whole or not at all. Ends with 0, with 75 where another run is at it, else with tsdbproof's
# exit code and no new day. The source is read twice: it has to stay as it is, as an Export does.
set -euo pipefail

source=${1:?usage: backup.sh SOURCE FOLDER}
folder=${2:?usage: backup.sh SOURCE FOLDER}
day=${DAY:-$(date --utc +%F)}
run() { "${TSDBPROOF:-tsdbproof}" "$@" --quiet; }

mkdir -p "$folder"
exec 9> "$folder/.lock"
flock --nonblock 9 || { echo "backup: another run is not done yet" >&2; exit 75; }

last=$(find "$folder" -mindepth 2 -maxdepth 2 -name manifest -printf '%h\n' | sort | tail -n 1)
if [[ -n $last && ! $(basename "$last") < $day ]]; then
    echo "backup: $(basename "$last") is there already; a day follows on the one before" >&2
    exit 2
fi
new=$folder/.new
rm -rf "$new"
mkdir "$new"
run manifest "$source" -o "$new/manifest"
if [[ -z $last ]]; then
    run convert "$source" -o "$new/full.txt.zst"
else
    code=0
    run diff "$last/manifest" "$source" --patch "$new/patch" || code=$?
    case $code in
        0) rm "$new/patch" ;; # nothing changed
        1) ;;
        *) exit "$code" ;;
    esac
fi
# Between the two readings nothing may have changed.
run verify "$new/manifest" "$source"
sync "$new"/* "$new"
mv "$new" "$folder/$day"
sync "$folder"
