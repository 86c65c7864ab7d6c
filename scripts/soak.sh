#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# soak.sh [OPTION...]: run functions in batches for long; --help lists the options.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
cd -- "$ROOT"

exec "$VENV/bin/python" -m tests.servers.soak "$@"
