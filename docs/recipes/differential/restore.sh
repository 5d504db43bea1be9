#!/usr/bin/env bash
# Makes the state of a day of the backups of backup.sh, and proves that it is that.
#
#   restore.sh FOLDER DAY OUTPUT
#
# OUTPUT is a file for `tsdbproof restore`, `tsdb import` or anything else; its ending says its format.
set -euo pipefail

folder=${1:?usage: restore.sh FOLDER DAY OUTPUT}
day=${2:?usage: restore.sh FOLDER DAY OUTPUT}
output=${3:?usage: restore.sh FOLDER DAY OUTPUT}
run() { "${TSDBPROOF:-tsdbproof}" "$@" --quiet; }

[[ -e $folder/$day/manifest ]] || { echo "restore: no day $day in $folder" >&2; exit 2; }
full=$(find "$folder" -mindepth 2 -maxdepth 2 -name full.txt.zst)
patches=()
for patch in "$folder"/*/patch; do
    if [[ -e $patch && ! $(basename "$(dirname "$patch")") > $day ]]; then
        patches+=("$patch")
    fi
done
if ((${#patches[@]})); then
    run apply "$full" "${patches[@]}" -o "$output"
else
    run convert "$full" -o "$output"
fi
run verify "$folder/$day/manifest" "$output"
