#!/usr/bin/env bash
# A migration from one server to another: takes what the old one holds, and holds the new one against it.
# Ends with tsdbproof's exit code. What breaks off goes on where it was when it is started again.
#
#   migration.sh before OLD    the manifest of the old server, e.g. http://old:4242
#   migration.sh after NEW     every difference of the new one from it
#
#   FOLDER  where the manifest and the reports go   [.]
#   SETTLE  how long points may still be on their way when `before` begins   [10m]
#   FLAGS   more flags, a line each: --auth-file=who.txt
set -euo pipefail

stage=${1:?usage: migration.sh before OLD, then migration.sh after NEW}
server=${2:?usage: migration.sh $stage SERVER}
folder=${FOLDER:-.}
mkdir -p "$folder"
flags=(--progress never --resume "$folder/$stage.answers")
while IFS= read -r flag; do
    if [ -n "$flag" ]; then flags+=("$flag"); fi
done <<< "${FLAGS:-}"

code=0
case $stage in
before)
    # Of the newest points nobody can say yet whether both servers have them.
    "${TSDBPROOF:-tsdbproof}" manifest "${flags[@]}" --settle "${SETTLE:-10m}" -o "$folder/old.manifest" \
        --report text --report "json=$folder/old.jsonl" -- "$server" || code=$?
    ;;
after)
    # The manifest says up to when it reaches; newer points of the new server are not compared.
    "${TSDBPROOF:-tsdbproof}" verify "${flags[@]}" --report text --report "json=$folder/new.jsonl" \
        --report "html=$folder/new.html" -- "$folder/old.manifest" "$server" || code=$?
    ;;
*)
    echo "migration: no such stage: $stage; it is before or after" >&2
    exit 2
    ;;
esac
echo "migration: $stage ended with exit code $code; see $folder"
exit "$code"
