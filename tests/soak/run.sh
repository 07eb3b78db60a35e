#!/usr/bin/env bash
# soak/run.sh [BUILD_FOLDER]: the soak tests with their whole counts, one after the other; an hour and
# more. tests/run.sh has a minute of each.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "${1:-$here/../../build}" && pwd) || exit
export MAT_PROGRAM=$build/bin/mat

status=0
for test in "kill_runs.py 200" "kill_around_runs.py 200" "storm.py 60 50" "drain.py 1000" "service_storm.py 600"; do
  read -ra words <<<"$test"
  echo "soak: $test …"
  started=$SECONDS
  python3 -B "$here/${words[0]}" "${words[@]:1}" && echo "soak: $test: passed ($((SECONDS - started)) s)" ||
    { echo "soak: $test: FAILED" && status=1; }
done
exit "$status"
