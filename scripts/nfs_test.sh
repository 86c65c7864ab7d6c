#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sealed state on the kernel's own NFS 4.2 and 3, client and server: two guests in User Mode Linux.
# Nothing is installed and no service is started: what they run is unpacked in a cache.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=debian.sh
. "$ROOT/scripts/debian.sh"
cd -- "$ROOT"

LIST=requirements/debian-nfs.txt
CACHE=${FLINKSEC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flinksec}/uml

[[ $(uname -s) == Linux && $(uname -m) == x86_64 ]] || die "User Mode Linux needs Linux on x86_64"
((EUID == 0)) || die "make test-nfs needs root: the guests show this machine's files as their own" \
  "run: sudo make test-nfs"
command -v apt-get >/dev/null || die "make test-nfs takes its programs from Debian's packages" \
  "run it on Debian, in a virtual machine or a container"

mapfile -t packages < <(packages_in "$LIST")

# What is installed on this machine the guests see anyway.
have=$({
  printf '%s\n' "${packages[@]}"
  dpkg-query --show "${packages[@]}" 2>/dev/null || true
} | sha256sum | cut -d' ' -f1)
UNPACKED=$CACHE/$have

# Apt says what is missing, dependencies too, and checks signatures.
unpack() {
  local deb new=$UNPACKED.new
  rm -rf -- "$new"
  mkdir -p -- "$new/archives/partial" "$new/root"
  apt-get update -qq
  apt-get install --download-only -y -qq --no-install-recommends \
    -o Dir::Cache::archives="$new/archives" "${packages[@]}"
  for deb in "$new"/archives/*.deb; do
    [[ ! -f $deb ]] || dpkg-deb --extract "$deb" "$new/root"
  done
  rm -rf -- "$new/archives"
  mv -- "$new" "$UNPACKED"
}

[[ -d $UNPACKED ]] || step "programs for the guests" unpack
export FLINKSEC_UML_ROOT=$UNPACKED/root

# With AMX registers this kernel's buffer for them is too small; the library in between gives more.
if grep -qw amx_tile /proc/cpuinfo; then
  need_debian gcc libc6-dev
  export FLINKSEC_UML_PRELOAD=$UNPACKED/ptrace.so
  [[ -f $FLINKSEC_UML_PRELOAD ]] ||
    step "ptrace with AMX" gcc -shared -fPIC -O2 -o "$FLINKSEC_UML_PRELOAD" tests/nfs/ptrace.c
fi

exec "$VENV/bin/python" -m pytest --timeout 3000 --verbose --no-header "${@:-tests/nfs}"
