# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Python, a JDK and Maven: found, installed with apt where that is allowed, or asked for. Sourced by setup.sh.

MAVEN_MINIMUM=3.6.3

is_python() {
  "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' \
    >/dev/null 2>&1
}

# find_python: sets PYTHON to a Python 3.11 or 3.12 that can make virtual environments.
find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3.12 python3.11 python3; do
    if is_python "$candidate"; then
      PYTHON=$candidate
      return
    fi
  done
  return 1
}

find_maven() {
  local version
  version=$(mvn --version 2>/dev/null | sed -n 's/.*Apache Maven \([0-9.]*\).*/\1/p')
  [[ -n $version ]] && printf '%s\n' "$MAVEN_MINIMUM" "$version" | sort --version-sort --check=quiet
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

may_use_apt() {
  command -v apt-get >/dev/null && { ((EUID == 0)) || sudo -n true 2>/dev/null; }
}

# first_served PACKAGE...: the first that this distribution's archive has.
first_served() {
  local package
  for package in "$@"; do
    if [[ -n $(apt-cache show "$package" 2>/dev/null) ]]; then
      printf '%s\n' "$package"
      return
    fi
  done
}

# apt_packages: Debian's and Ubuntu's names of what is missing, one a line.
apt_packages() {
  local python
  if [[ $1 == *python* ]]; then
    python=$(first_served python3.12-venv python3.11-venv)
    printf '%s\n' ${python:+"${python%-venv}" "$python"}
  fi
  if [[ $1 == *jdk* ]]; then first_served openjdk-17-jdk-headless openjdk-21-jdk-headless; fi
  if [[ $1 == *maven* ]]; then echo maven; fi
}

missing_tools() {
  local missing=()
  if [[ $1 == *python* ]]; then find_python || missing+=(python); fi
  if [[ $1 == *jdk* ]]; then find_jdk || missing+=(jdk); fi
  if [[ $1 == *maven* ]]; then find_maven || missing+=(maven); fi
  echo "${missing[*]}"
}

# stop_and_tell MISSING: which commands to type, for the system we are on.
stop_and_tell() {
  local hints=()
  if command -v apt-get >/dev/null; then
    local packages
    mapfile -t packages < <(apt_packages "$1")
    hints+=("sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages[*]}")
  elif command -v dnf >/dev/null; then
    hints+=("sudo dnf install -y python3.12 java-21-openjdk-devel java-21-openjdk-jmods maven")
  fi
  if [[ $1 == *python* ]]; then
    hints+=("no such package? any Python 3.11 or 3.12 will do: make setup PYTHON=/path/to/python3.12")
  fi
  if [[ $1 == *jdk* ]]; then
    hints+=("any JDK 17 to 21 that has jlink and jmods will do: export JAVA_HOME=/path/to/jdk")
  fi
  die "missing: ${1//jdk/JDK 17 to 21} (needed: Python 3.11 or 3.12 with venv, a JDK 17 to 21, Maven $MAVEN_MINIMUM)" \
    "${hints[@]}"
}

install_with_apt() {
  local packages
  step "package lists of this system" as_root apt-get update
  mapfile -t packages < <(apt_packages "$1")
  ((${#packages[@]})) || return 0
  step "${packages[*]}" as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "${packages[@]}"
}

# require TOOL...: returns when each of python, jdk, maven that is named can be used; sets PYTHON, JAVA_HOME.
require() {
  local missing
  missing=$(missing_tools "$*")
  if [[ -n $missing ]]; then
    may_use_apt || stop_and_tell "$missing"
    install_with_apt "$missing"
    hash -r
    missing=$(missing_tools "$missing")
    [[ -z $missing ]] || stop_and_tell "$missing"
  fi
  # missing_tools ran in a subshell: find again what it found.
  if [[ $* == *python* ]]; then find_python; fi
  if [[ $* == *jdk* ]]; then find_jdk; fi
}
