#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh [OPTION...]: fuzz the sealed file format, Java against Python; --help lists the options.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
cd -- "$ROOT"

step "the Java half" maven --quiet -pl sealed-state test-compile
exec "$VENV/bin/python" -m tests.differential.fuzz "$@"
