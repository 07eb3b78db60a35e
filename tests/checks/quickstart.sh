#!/usr/bin/env bash
# quickstart.sh BUILD_FOLDER: the quickstart trains two versions, both far above chance.
set -euo pipefail
build=$(cd "$1" && pwd)
"$(dirname "${BASH_SOURCE[0]}")/../../examples/quickstart.sh"
MAT_HOME=$build/quickstart/home "$build/bin/mat" version list shapes --json >"$build/quickstart/versions.json"
python3 - "$build/quickstart/versions.json" <<'END'
import json, sys
listed = json.load(open(sys.argv[1]))
versions = listed["versions"] if isinstance(listed, dict) else listed
accuracies = [version["accuracy"] for version in versions]
print("accuracies:", accuracies)
# One in six is chance.
if len(accuracies) != 2 or min(accuracies) < 0.5:
    sys.exit("the quickstart's versions are not well above chance")
END
