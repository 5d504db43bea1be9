#!/usr/bin/env bash
# Verifies a restore in a pipeline, with reports that the pipeline shows. Ends with tsdbproof's exit code.
#
#   BASE      the manifest or the backup
#   CURRENT   what was restored: files, folders, patterns or a server, one a line
#   FLAGS     further flags, one a line: --max-different-points=10
#   REPORTS   a folder for junit.xml, sarif.json, summary.md, report.html and report.jsonl
#   TSDBPROOF the command, if it is not on the path
set -euo pipefail

: "${BASE:?what was backed up: a manifest or a backup}"
: "${CURRENT:?what was restored}"
reports=${REPORTS:-tsdbproof-reports}
tsdbproof=${TSDBPROOF:-tsdbproof}

mapfile -t current < <(printf '%s' "$CURRENT" | sed '/^[[:space:]]*$/d')
mapfile -t flags < <(printf '%s' "${FLAGS:-}" | sed '/^[[:space:]]*$/d')
mkdir -p "$reports"

# A manifest is verified against, two backups are compared.
verb=diff
if "$tsdbproof" verify --explain -- "$BASE" "${current[@]}" > /dev/null 2>&1; then verb=verify; fi

code=0
"$tsdbproof" "$verb" "${flags[@]}" \
    --report text \
    --report "junit=$reports/junit.xml" \
    --report "sarif=$reports/sarif.json" \
    --report "markdown=$reports/summary.md" \
    --report "html=$reports/report.html" \
    --report "json=$reports/report.jsonl" \
    -- "$BASE" "${current[@]}" || code=$?

# GitHub shows this file on the page of the job.
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$reports/summary.md" ]; then
    cat "$reports/summary.md" >> "$GITHUB_STEP_SUMMARY"
fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
    printf 'exit-code=%s\nreports=%s\n' "$code" "$reports" >> "$GITHUB_OUTPUT"
fi
exit "$code"
