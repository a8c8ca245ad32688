#!/usr/bin/env bash
# Runs a command and says every 15 seconds that it is still at it: with-progress.sh "what it does" COMMAND...
set -euo pipefail
what=$1
shift
"$@" &
command=$!
trap 'kill "$command" 2>/dev/null' INT TERM
(
  while sleep 1 && kill -0 "$command" 2>/dev/null; do
    ((SECONDS % 15)) || echo "$what: $SECONDS s"
  done
) &
ticker=$!
status=0
wait "$command" || status=$?
kill "$ticker" 2>/dev/null || true
exit "$status"
