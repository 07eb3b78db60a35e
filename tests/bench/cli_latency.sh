#!/bin/sh
# Times whole mat processes in a registry of a million versions: start, work and end.
#
#   tests/bench/cli_latency.sh MAT HOME [BUILD_FOLDER]
#
# HOME is one that registry_bench has filled; it is made when absent (some minutes, 3 GiB). Each
# line is the median of 30 runs, beside it /bin/true, than which no process can be faster, and the
# part of the limit that was used. Ends with 1 when a limit is exceeded.
set -eu

if [ $# -lt 2 ]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
mat=$1
home=$2
build=${3:-$(dirname "$0")/../../build}
timer=$build/bin/spawn_timer
runs=30
memory_limit_kb=20000
failed=0
export MAT_HOME="$home"

[ -e "$home/mat.db" ] || "$build/bin/registry_bench" "$home"

baseline=$("$timer" $runs /bin/true | cut -d' ' -f1)
printf '%-62s %9s %9s %9s %7s %9s\n' command 'ms' 'limit ms' '/bin/true' ratio 'peak MB'

# measure LIMIT_MS ARGUMENT…
measure() {
  limit=$1
  shift
  if ! result=$("$timer" $runs "$mat" "$@"); then
    echo "cli_latency: this fails: mat $*" >&2
    failed=1
    return
  fi
  if ! echo "$result" | awk -v limit="$limit" -v base="$baseline" -v memory=$memory_limit_kb \
    -v what="mat $*" '{
      printf "%-62s %9.2f %9.0f %9.2f %7.2f %9.1f\n", what, $1, limit, base, $1 / limit, $3 / 1000
      exit !($1 <= limit && $3 <= memory)
    }'; then
    failed=1
  fi
}

measure 5 --version
measure 10 version list job-0
measure 10 version diff job-0@1 job-0@2
measure 100 version list job-0 --sort -accuracy
measure 100 version list job-0 --filter 'accuracy > 0.9 and lr < 0.1' --sort -accuracy
measure 10 job list
measure 10 version show job-0@best

if [ $failed -ne 0 ]; then
  echo "cli_latency: a limit was exceeded" >&2
fi
exit $failed
