#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds both wheels into dist/, each only if something in it has changed.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
cd -- "$ROOT"

# wheel NAME FOLDER INPUT...
wheel() {
  local name=$1 folder=$2 inputs built
  shift 2
  inputs=$(tree_hash "$@")
  mapfile -t built < <(compgen -G "dist/$name-[0-9]*.whl")
  if ! { ((${#built[@]} == 1)) && is_stamped "wheel-$name" "$inputs"; }; then
    rm -f -- "${built[@]}"
    step "wheel $name" "$VENV/bin/python" -m pip --disable-pip-version-check wheel \
      --no-deps --no-index --no-build-isolation --wheel-dir dist "$folder"
    stamp "wheel-$name" "$inputs"
  fi
  ls -sh "dist/$name"-[0-9]*.whl
}

scripts/build_jre.sh
wheel flinksec_jobs . pyproject.toml README.md LICENSE THIRD_PARTY.md flinksec_jobs jobs docker requirements
wheel flinksec_jobs_jre ./jre jre flinksec_jobs/version.py
