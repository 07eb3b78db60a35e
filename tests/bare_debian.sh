#!/usr/bin/env bash
# bare_debian.sh [--keep] [COMMAND…]: proves that a command does all of its own set-up. Makes a bare
# Debian 12 with debootstrap, copies what git has of this tree into it as a clean clone, and runs
# the command there twice over: as root without sudo, and, in a second fresh system, as an ordinary
# user with sudo. By default the command is ./examples/quickstart.sh; ./tests/run.sh is the other
# one worth proving. Run by hand, as root: it mounts, and it downloads a gigabyte.
#
# Packages come from where this machine gets its own: its apt configuration is copied.
# MAT_SHARED_DATA, when it names a folder, is bound into the system beside the clone.

set -euo pipefail
keep=
if [[ ${1-} == --keep ]]; then
  keep=yes
  shift
fi
(($#)) || set -- ./examples/quickstart.sh
((EUID == 0)) || { echo "bare_debian.sh: mounting takes root" >&2 && exit 2; }
command -v debootstrap >/dev/null || { echo "bare_debian.sh: install debootstrap" >&2 && exit 2; }

source_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/bare-debian.XXXXXX")
mounted=()

clean_up() {
  local point
  for point in "${mounted[@]}"; do
    umount -l "$point" || true
  done
  if [[ -n $keep ]]; then
    echo "kept: $folder"
  else
    # Never through a mount that would not go away.
    rm -rf --one-file-system "$folder"
  fi
}
trap clean_up EXIT

mount_into() {
  local system=$1
  mkdir -p "$system"/{proc,dev/shm}
  mount -t proc proc "$system/proc"
  mounted=("$system/proc" "${mounted[@]}")
  mount --bind /dev "$system/dev"
  mounted=("$system/dev" "${mounted[@]}")
  if [[ -d ${MAT_SHARED_DATA-} ]]; then
    mkdir -p "$system/src/shared/data"
    mount --bind "$MAT_SHARED_DATA" "$system/src/shared/data"
    mounted=("$system/src/shared/data" "${mounted[@]}")
    mount -o remount,bind,ro "$system/src/shared/data"
  fi
}

make_base() {
  local mirror
  mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' | awk '$1 == "bookworm" {print $2; exit}')
  [[ -n $mirror ]] || { echo "bare_debian.sh: apt here has no Debian 12 source" >&2 && exit 2; }
  debootstrap --variant=minbase bookworm "$folder/base" "$mirror" >"$folder/debootstrap.log"
  rm -f "$folder/base/etc/apt/sources.list"
  for part in sources.list sources.list.d apt.conf apt.conf.d auth.conf auth.conf.d trusted.gpg.d; do
    [[ ! -e /etc/apt/$part ]] || cp -a "/etc/apt/$part" "$folder/base/etc/apt/"
  done
  [[ ! -d /usr/share/keyrings ]] || cp -an /usr/share/keyrings "$folder/base/usr/share/"
  cp -L /etc/resolv.conf "$folder/base/etc/resolv.conf"
  git clone -q "$source_tree" "$folder/base/src/mat"
}

# in_system SYSTEM USER COMMAND…: without this machine's environment.
in_system() {
  local system=$1 user=$2
  shift 2
  chroot "$system" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LANG=C.UTF-8 \
    su "$user" -s /bin/bash -c 'cd /src/mat && exec "$@"' -- bash "$@" </dev/null
}

make_base
status=0

cp -a "$folder/base" "$folder/root"
mount_into "$folder/root"
echo "==== as root, without sudo: $*"
time in_system "$folder/root" root "$@" || status=1

mv "$folder/base" "$folder/user"
mount_into "$folder/user"
chroot "$folder/user" sh -c 'apt-get -qq update && apt-get -qq install -y --no-install-recommends sudo
  useradd -m someone && echo "someone ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/someone
  chown -R someone /src/mat' >"$folder/sudo.log" 2>&1
echo "==== as an ordinary user, with sudo: $*"
time in_system "$folder/user" someone "$@" || status=1

((status == 0)) && echo "both passed" || echo "FAILED"
exit "$status"
