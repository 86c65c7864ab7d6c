#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Removes what was built; the jars that jgo fetched stay in the user's cache.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
cd -- "$ROOT"

[[ ! -e .venv || -f .venv/pyvenv.cfg ]] || die "$VENV is not a virtual environment" "move it away"
rm -rf -- .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis \
  connectors/target connectors/*/target jre/flinksec_jobs_jre/runtime jre/runtime.new flinksec_jobs/lib
find . -name __pycache__ -type d -prune -exec rm -rf -- {} +
