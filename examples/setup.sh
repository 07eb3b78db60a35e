# shellcheck shell=bash
# Sourced by examples/quickstart.sh and tests/run.sh, which say who they are in PROGRAM: steps with
# a name, packages, and the build. Nothing here asks a question.

SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$SOURCE/build
LOGS=$BUILD/logs
mkdir -p "$LOGS"
# Tools that would ask get an end of file instead.
exec </dev/null

# What building mat needs on Debian 12, and what training at full speed needs: LibTorch from Debian
# is several times slower with the reference BLAS.
# ccache is here so that the tests can go on with what the quickstart built: it is
# part of the compiler's command.
BUILD_PACKAGES=(
  g++ cmake ninja-build pkg-config git ca-certificates
  libtorch-dev libgloo-dev libopenblas0-openmp
  libcli11-dev libfmt-dev libyaml-cpp-dev libsqlitecpp-dev libsqlite3-dev nlohmann-json3-dev
  libjpeg62-turbo-dev libspng-dev zlib1g-dev libprotobuf-dev protobuf-compiler libxxhash-dev
  libre2-dev libboost-dev ccache
)

log_of() { echo "$LOGS/$PROGRAM-${1//[^A-Za-z0-9.]/-}.log"; }
say() { printf '%s: %s\n' "$PROGRAM" "$*"; }

# fail_step NAME STATUS [LOG]: the one way in which a step ends the program.
fail_step() {
  if [[ -n ${3-} ]]; then
    printf '%s\n' "---- the end of ${3#"$SOURCE"/}" >&2
    tail -n 40 "$3" >&2
    printf '%s\n' '----' >&2
  fi
  printf "%s: step '%s' failed (exit %s)\n" "$PROGRAM" "$1" "$2" >&2
  exit 1
}

# step NAME COMMAND…: runs it with its output in a log, which is shown if it fails.
step() {
  local name=$1 log status=0 start=$SECONDS
  log=$(log_of "$name")
  shift
  say "$name …"
  "$@" >"$log" 2>&1 || status=$?
  ((status == 0)) || fail_step "$name" "$status" "$log"
  say "$name: done ($((SECONDS - start)) s)"
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif ! command -v sudo >/dev/null; then
    echo "installing packages takes root: run this as root, or install sudo" >&2
    return 77
  elif ! sudo -n true; then
    echo "sudo wants a password: run 'sudo -v' first, then this again" >&2
    return 77
  else
    sudo -n "$@"
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -y \
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

missing_packages() {
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      echo "$package"
  done
}

apt_install() {
  local package
  if ! command -v apt-get >/dev/null; then
    echo "there is no apt-get here; on Debian 12 these are missing: $*" >&2
    return 1
  fi
  for package in "$@"; do
    if [[ -z $(apt-cache show --no-all-versions "$package" 2>/dev/null) ]]; then
      apt_get update || return
      break
    fi
  done
  # Lists that are old name files that are gone: read them again once.
  apt_get install --no-install-recommends "$@" ||
    { apt_get update && apt_get install --no-install-recommends "$@"; }
}

# install_packages PACKAGE…: what the build needs and these, as far as they are missing.
install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "${BUILD_PACKAGES[@]}" "$@")
  if ((${#missing[@]})); then
    step "install packages" apt_install "${missing[@]}"
  fi
}

# Compilations at once: one per core, and a file that includes LibTorch takes 1.5 GB.
build_jobs() {
  local jobs memory_mb cgroup_mb limit
  jobs=$(nproc)
  memory_mb=$(awk '/^MemAvailable:/ {print int($2 / 1024)}' /proc/meminfo)
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
  if [[ $limit =~ ^[0-9]+$ ]]; then
    cgroup_mb=$((limit / 1048576))
    ((cgroup_mb < memory_mb)) && memory_mb=$cgroup_mb
  fi
  ((memory_mb / 1500 < jobs)) && jobs=$((memory_mb / 1500))
  echo $((jobs > 0 ? jobs : 1))
}

# ccache fails where it cannot write; two clones share what is equal in them.
use_ccache() {
  local folder=${CCACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-$BUILD}/.cache}/ccache}
  if ! { mkdir -p "$folder" && [[ -w $folder ]]; } 2>/dev/null; then
    folder=$BUILD/ccache
  fi
  export CCACHE_DIR=$folder CCACHE_BASEDIR=$SOURCE CCACHE_NOHASHDIR=1
}

# configure FOLDER [CMAKE OPTIONS…]
configure() {
  local folder=$1
  shift
  cmake -S "$SOURCE" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release "$@"
}

# build FOLDER [TARGET…]
build() {
  local folder=$1
  shift
  cmake --build "$folder" --parallel "$(build_jobs)" ${1+--target "$@"}
}
