#!/usr/bin/env bash
# run.sh BUILD_FOLDER FUZZER SECONDS: first the seeds, then what the fuzzer thinks of. The corpus
# stays in BUILD_FOLDER/corpus, so every run goes on where the last one stopped. The output and the
# exit status are left for result.sh.
set -uo pipefail
build=$1 fuzzer=$2 seconds=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

corpus=$build/corpus/$fuzzer
mkdir -p "$corpus" "$build/crashes"
seeds=()
case $fuzzer in
  picture_fuzzer) seeds+=("${MAT_SHARED_DATA-/nonexistent}/odd-images") ;;
  spec_fuzzer) seeds+=("$here/../../examples") ;;
esac
seeds+=("$here/seeds/$fuzzer")
for folder in "${seeds[@]}"; do
  [[ ! -d $folder ]] ||
    find "$folder" -type f -size -200k -exec cp -n -t "$corpus" {} +
done

# A picture that says that it is large may take half a gigabyte, which the sanitizer doubles.
"$build/bin/$fuzzer" -max_total_time="$seconds" -max_len=200000 -timeout=20 -rss_limit_mb=3000 \
  -print_final_stats=1 -artifact_prefix="$build/crashes/$fuzzer-" "$corpus" \
  >"$build/$fuzzer.log" 2>&1
echo $? >"$build/$fuzzer.status"
