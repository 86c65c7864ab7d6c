#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is asked before every commit, in seconds: style and types of Python, and the quick unit tests.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=suites.sh
. "$ROOT/scripts/suites.sh"
cd -- "$ROOT"

failed=()
"$VENV/bin/ruff" check --quiet . || failed+=("ruff rules")
"$VENV/bin/ruff" format --quiet --check . || failed+=("ruff format")

# Types beside the tests: with its cache filled it takes a second, and after a change of much ten.
types=$(mktemp)
"$VENV/bin/mypy" --no-error-summary >"$types" 2>&1 &
mypy=$!
trap 'kill "$mypy" 2>/dev/null || true; rm -f -- "$types"' EXIT
"${PYTEST[@]}" "${SPREAD[@]}" --quiet --timeout 300 -m "not slow" tests/unit || failed+=("unit tests")
wait "$mypy" || failed+=("types (mypy strict)")
cat -- "$types"

((${#failed[@]} == 0)) || die "check: ${failed[*]}" "formatting is mended by: make format"
say "check: fine, $SECONDS s; what it leaves out: make unit, make java, make test"
