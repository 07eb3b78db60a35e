#!/usr/bin/env bash
# Builds what several threads do at once (HTTP, services, the cache, the feed of pictures) with
# ThreadSanitizer in build-threads/, and runs its tests: a data race ends with exit status 66.
#
#   tests/threads.sh [CATCH2_FILTER…]

set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$source/build-threads
cmake -G Ninja -S "$source" -B "$build" -DCMAKE_BUILD_TYPE=Release -DMAT_TRAINERS=OFF \
  -DCMAKE_CXX_FLAGS="-fsanitize=thread -g1" >/dev/null
cmake --build "$build" --target thread_tests
# The address space laid out at random can be wider than the sanitizer knows.
TSAN_OPTIONS="halt_on_error=1 ${TSAN_OPTIONS-}" setarch "$(uname -m)" --addr-no-randomize \
  "$build/bin/thread_tests" "$@"
