#!/usr/bin/env bash
# Every shell script is clean for shellcheck.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
find .ci examples tests -type f \( -name '*.sh' -o -path '.ci/run' \) -print0 |
  xargs -0 shellcheck --severity=warning --external-sources --source-path=SCRIPTDIR
