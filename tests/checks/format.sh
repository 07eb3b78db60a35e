#!/usr/bin/env bash
# Every C++ file is as clang-format 14 writes it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
clang_format=$(command -v clang-format-14 || command -v clang-format)
find cli core examples tests trainers \( -name '*.h' -o -name '*.cc' \) -print0 |
  xargs -0 "$clang_format" --dry-run --Werror
