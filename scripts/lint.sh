#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Style and types of Python, Java and shell; says all that is wrong before it fails.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
cd -- "$ROOT"

failed=()

check() {
  local text=$1 start=$SECONDS
  shift
  if "$@" >&2; then
    say "lint: $text: fine, $((SECONDS - start)) s"
  else
    say "lint: $text: NOT fine"
    failed+=("$text")
  fi
}

mapfile -t shell_scripts < <(
  find . \( -name .venv -o -name target -o -name dist \) -prune \
    -o -type f \( -name '*.sh' -o -path ./.ci/run \) -print | sort
)

check "ruff rules" .venv/bin/ruff check --quiet .
check "ruff format" .venv/bin/ruff format --quiet --check .
check "types (mypy strict)" .venv/bin/mypy --no-error-summary
check "shell (shellcheck)" .venv/bin/shellcheck --external-sources --source-path=SCRIPTDIR "${shell_scripts[@]}"
check "Dockerfiles (hadolint)" .venv/bin/hadolint docker/Dockerfile docker/*.Dockerfile bench/*.Dockerfile tests/kubernetes/nginx/Dockerfile
check "Java format (spotless)" maven --quiet spotless:check

((${#failed[@]} == 0)) || die "lint: ${failed[*]}" "formatting is mended by: make format"
