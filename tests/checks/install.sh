#!/usr/bin/env bash
# install.sh BUILD_FOLDER: an installed mat works from a folder that it was not installed into and
# finds its trainers module beside itself.
set -euo pipefail
build=$(cd "$1" && pwd)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cmake --install "$build" --prefix "$scratch/first"
mv "$scratch/first" "$scratch/moved here"
mat="$scratch/moved here/bin/mat"

for file in "$mat" "$scratch"/moved\ here/lib/mat/*.so; do
  if readelf -d "$file" | grep -E 'R(UN)?PATH' | grep -F "$build"; then
    echo "$(basename "$file") looks for libraries in the build folder"
    exit 1
  fi
done

cd /
export HOME=$scratch MAT_HOME=$scratch/home
"$mat" --version
# Without a build folder to fall back to, only a module that was installed can answer.
"$mat" doctor --json >"$scratch/doctor.json"
python3 - "$scratch/doctor.json" <<'END'
import json, sys
doctor = json.load(open(sys.argv[1]))
print(json.dumps(doctor))
if not (doctor["trainers"] or {}).get("libtorch"):
    sys.exit("the installed mat does not find its trainers module")
if doctor["ok"] is not True:
    sys.exit("the installed mat has a problem")
END
