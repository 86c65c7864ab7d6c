# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Debian packages: source it after lib.sh. Apt checks their signatures; Debian has no lock to pin.

# need_debian PACKAGE...: installs what is missing where we are root, and says how where not.
need_debian() {
  local package missing=()
  for package in "$@"; do
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null ||
    die "these programs are needed and this is not Debian: ${missing[*]}" "install your system's packages of them"
  ((EUID == 0)) ||
    die "these Debian packages are missing: ${missing[*]}" "run: sudo apt-get install ${missing[*]}"
  step "Debian packages ${missing[*]}" apt_install "${missing[@]}"
}

apt_install() {
  apt-get update -qq
  # With runlevel 1 no service is started that a package brings.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# packages_in FILE: the names in a list with comments.
packages_in() { sed 's/#.*//; s/[[:space:]]//g; /^$/d' "$1"; }
