#!/usr/bin/env bash
# From a bare Debian 12 machine to two trained versions of one job and what differs between them,
# as root or with sudo. Asks nothing. All of it lands in build/; build/quickstart, with the pictures
# and mat's home, is made anew each time.

set -euo pipefail
PROGRAM=quickstart
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

WORK=$BUILD/quickstart
export MAT_HOME=$WORK/home
export PATH=$BUILD/bin:$PATH

# try COMMAND…: shows the command as a person would type it, and what it prints.
try() {
  local status=0
  printf '\n$ %s\n' "$*"
  "$@" || status=$?
  ((status == 0)) || fail_step "$1 $2 $3" "$status"
}

build_mat() {
  local options=(-DMAT_TESTS=OFF)
  # A build folder that is there already keeps its tests.
  [[ ! -f $BUILD/CMakeCache.txt ]] || options=()
  configure "$BUILD" "${options[@]}" && build "$BUILD" mat mat_trainers draw_shapes
}

draw() {
  rm -rf "$WORK" && mkdir -p "$WORK" &&
    "$BUILD/examples/draw_shapes" "$WORK/pictures" --classes 6 --per-class 120 --seed 1
}

install_packages
use_ccache
step "build" build_mat
step "draw pictures" draw

cd "$SOURCE/examples/quickstart"
try mat job create -f shapes.yaml
try mat version modify shapes@V0001 --set optimizer=adamw --set lr=0.002
try mat version diff shapes

cat <<END

What to type next, in this folder (the next quickstart makes build/quickstart anew):
  export MAT_HOME=${MAT_HOME@Q} PATH=${BUILD@Q}/bin:\$PATH
  mat version list shapes            every version with its results
  mat version show shapes@best       where each of its settings came from
  mat version modify shapes@best --set epochs=60
  mat params save shapes@best good   its settings, to reuse:
  mat job create --params good --name shapes2
  mat ui                             all of it in a browser
  mat --help
END
