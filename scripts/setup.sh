#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes .venv with the locked packages, our own jars and the library; what is there already stays.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=prerequisites.sh
. "$ROOT/scripts/prerequisites.sh"

LOCKS=("$ROOT/requirements/build.txt" "$ROOT/requirements/lock.txt")

check_platform() {
  [[ $(uname -s) == Linux && $(uname -m) == x86_64 ]] ||
    die "apache-flink has no wheel for $(uname -s) on $(uname -m)" "use Linux on x86_64"
}

# Scripts in a virtual environment name its folder: one that was moved is made anew.
venv_is_good() {
  is_stamped venv "$VENV" && is_python "$VENV/bin/python"
}

make_venv() {
  if [[ -e $VENV ]]; then
    [[ -f $VENV/pyvenv.cfg ]] || die "$VENV exists and is not a virtual environment" "move it away"
    rm -rf -- "$VENV"
  fi
  "$PYTHON" -m venv "$VENV"
  stamp venv "$VENV"
}

# The build backends come first and locked: pip would fetch them unhashed for the packages that
# exist as sources only, and for our own.
install_packages() {
  local pip=("$VENV/bin/python" -m pip --disable-pip-version-check)
  "${pip[@]}" install --require-hashes --only-binary :all: -r "${LOCKS[0]}"
  "${pip[@]}" install --require-hashes --no-build-isolation -r "${LOCKS[1]}"
}

install_library() {
  "$VENV/bin/python" -m pip --disable-pip-version-check install \
    --no-deps --no-index --no-build-isolation --editable "$ROOT"
}

all_jars_exist() {
  local pom
  for pom in "$ROOT"/connectors/*/pom.xml; do
    [[ -f $ROOT/flinksec_jobs/lib/flinksec-$(basename -- "$(dirname -- "$pom")").jar ]] || return 1
  done
}

build_connectors() { maven --quiet -DskipTests package; }

main() {
  local packages connectors library
  check_platform
  # One set-up at a time in a checkout: a second one waits, then finds everything done.
  exec 9<"$ROOT/pyproject.toml"
  flock 9

  if ! venv_is_good; then
    require python
    step "virtual environment with $("$PYTHON" --version)" make_venv
  fi
  packages=$(cat -- "${LOCKS[@]}" | sha256sum)
  if ! is_stamped packages "$packages"; then
    step "Python packages (450 MB to download if not cached)" install_packages
    stamp packages "$packages"
  fi
  connectors=$(tree_hash connectors)
  if ! { is_stamped connectors "$connectors" && all_jars_exist; }; then
    require jdk maven
    step "our own jars with Maven" build_connectors
    stamp connectors "$connectors"
  fi
  # What is installed names the version, which stands in version.py.
  library=$(cat -- "$ROOT/pyproject.toml" "$ROOT/flinksec_jobs/version.py" | sha256sum)
  if ! is_stamped library "$library"; then
    step "flinksec_jobs, editable" install_library
    stamp library "$library"
  fi
}

main
