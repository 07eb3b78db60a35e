#!/usr/bin/env bash
# foreign_prefix.sh: a LibTorch in CMAKE_PREFIX_PATH that brings parts of another protobuf, as the
# unpacked ones do, gives the build neither its compiler nor its headers nor its library.
set -euo pipefail
source_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

prefix=$scratch/libtorch
headers=$prefix/include/google/protobuf
mkdir -p "$prefix"/{bin,lib} "$headers/stubs"
printf '#!/bin/sh\necho libprotoc 3.13.0\n' >"$prefix/bin/protoc"
chmod +x "$prefix/bin/protoc"
touch "$prefix"/lib/libproto{buf,buf-lite,c}.{a,so}
echo '#define GOOGLE_PROTOBUF_VERSION 3013000' | tee "$headers/service.h" >"$headers/stubs/common.h"

# configured NAME COMMAND…: what the build would use.
configured() {
  local folder=$scratch/$1
  shift
  "$@" -S "$source_tree" -B "$folder" -G Ninja -DMAT_TRAINERS=OFF -DMAT_TESTS=OFF
  grep -i protobuf "$folder/CMakeCache.txt" | grep -v ADVANCED
  if grep -F "$prefix/" "$folder/CMakeCache.txt" | grep -i proto; then
    echo "the build takes these from the prefix"
    exit 1
  fi
}
configured option cmake -DCMAKE_PREFIX_PATH="$prefix"
configured environment env CMAKE_PREFIX_PATH="$prefix" cmake
