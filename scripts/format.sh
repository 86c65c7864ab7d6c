#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
cd -- "$ROOT"

.venv/bin/ruff check --quiet --fix --exit-zero .
.venv/bin/ruff format .
maven --quiet spotless:apply
