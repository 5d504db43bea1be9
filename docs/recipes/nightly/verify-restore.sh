#!/usr/bin/env bash
# A nightly job: holds what stands in a place against the manifest of its backup.
# Ends with tsdbproof's exit code, or with 75 where the night before is still at it.
#
#   verify-restore.sh MANIFEST SOURCE...
#
#   STATE      a folder for the lock and the logs   [/var/lib/tsdbproof]
#   TEXTFILES  the folder of the node exporter's textfile collector; without it no metrics are written
#   KEEP       logs that are kept                   [30]
set -euo pipefail

manifest=${1:?usage: verify-restore.sh MANIFEST SOURCE...}
shift
state=${STATE:-/var/lib/tsdbproof}
name=$(basename "${manifest%.*}")
mkdir -p "$state/log"

exec 9> "$state/$name.lock"
if ! flock --nonblock 9; then
    echo "verify-restore: another run for $name is not done yet" >&2
    exit 75
fi

log=$state/log/$name-$(date --utc +%Y-%m-%dT%H%M%SZ)
flags=(--progress never --report text --report "json=$log.jsonl" --report "html=$log.html")
if [ -n "${TEXTFILES:-}" ]; then
    flags+=(--metrics "$TEXTFILES/tsdbproof-$name.prom")
fi

code=0
"${TSDBPROOF:-tsdbproof}" verify "${flags[@]}" -- "$manifest" "$@" > "$log.txt" 2> "$log.err" || code=$?
cat "$log.err" >&2
# What a mail or the journal should say; the log has the rest.
sed -n '1,20p' "$log.txt"
echo "verify-restore: $name ended with exit code $code; see $log.txt"

for ending in txt err jsonl html; do
    find "$state/log" -name "$name-*.$ending" | sort -r | tail -n "+$((${KEEP:-30} + 1))" | xargs -r rm --
done
exit "$code"
