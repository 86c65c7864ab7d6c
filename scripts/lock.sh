#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes requirements/*.txt anew from pyproject.toml and build.in: every version, every hash.
# Versions that are locked already stay; with --upgrade the newest are taken.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

UV=uv==0.13.9

compile() {
  "$tools/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-header --no-annotate --no-emit-index-url "${upgrade[@]}" "$@"
}

upgrade=("$@")
tools=$(mktemp -d)
trap 'rm -rf -- "$tools"' EXIT
cd -- "$ROOT"
"${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/python" -m pip --disable-pip-version-check install --quiet "$UV"
compile --extra demo --extra kubernetes --extra pkcs11 --extra tools --group dev --output-file requirements/lock.txt pyproject.toml >/dev/null
compile --constraint requirements/lock.txt --output-file requirements/build.txt requirements/build.in >/dev/null
compile --constraint requirements/lock.txt --output-file requirements/gssapi.txt requirements/gssapi.in >/dev/null
compile --constraint requirements/lock.txt --no-deps --output-file requirements/image.txt requirements/image.in >/dev/null
compile --constraint requirements/lock.txt --extra kubernetes --output-file requirements/image-process.txt pyproject.toml >/dev/null
compile --constraint requirements/lock.txt --no-deps --output-file requirements/sandbox.txt requirements/sandbox.in >/dev/null
compile --output-file requirements/manifests.txt requirements/manifests.in >/dev/null
compile --output-file requirements/peers.txt requirements/peers.in >/dev/null
