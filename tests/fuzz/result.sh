#!/usr/bin/env bash
# result.sh BUILD_FOLDER FUZZER: shows how the fuzzer's last run went and exits as it did.
build=$1 fuzzer=$2
status=$(cat "$build/$fuzzer.status" 2>/dev/null || echo 1)
tail -n "$((status == 0 ? 12 : 150))" "$build/$fuzzer.log" | cut -c -300
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$fuzzer.log")
# A fuzzer that runs nothing finds nothing.
((status != 0 || ${runs:-0} > 100)) || { echo "only ${runs:-0} inputs were tried" && status=1; }
echo "note: $fuzzer tried ${runs:-0} inputs"
exit "$status"
