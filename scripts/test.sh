#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test.sh: every test that needs neither containers nor a Kubernetes node, in lanes; those that have not
# ended after MINUTES, a variable, are stopped.
# test.sh ARGUMENT...: only these, one suite after the other, each with what it needs: paths below
# tests/, or lint or java; what begins with a dash goes to pytest.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=suites.sh
. "$ROOT/scripts/suites.sh"
cd -- "$ROOT"

if (($# == 0)); then
  # What several suites need, once: apt knows no two at a time.
  need_gssapi
  need_kustomize
  need_manifest_tools
  need_policy_referee
  is_left_out fuse || need_fuse
  offline true
  FLINKSEC_WITHOUT=${FLINKSEC_WITHOUT:-} \
    exec "$VENV/bin/python" scripts/lanes.py ${MINUTES:+--minutes "$MINUTES"}
fi

# suite_of ARGUMENT: empty for an option, or the value of one.
suite_of() {
  case $1 in
  lint | java) echo "$1" ;;
  tests | tests/) die "name suites, not all of tests" "for every test: make test" ;;
  tests/*) sed -E 's|^tests/([^/:]+).*|\1|' <<<"$1" ;;
  esac
}

suites=() options=()
declare -A paths
for argument in "$@"; do
  suite=$(suite_of "$argument")
  if [[ -z $suite ]]; then
    options+=("$argument")
  elif [[ -n ${paths[$suite]:-} ]]; then
    paths[$suite]+=$'\n'$argument
  else
    suites+=("$suite")
    paths[$suite]=$argument
  fi
done
((${#suites[@]})) || die "no tests are named" "for example: make test TESTS='tests/tls -k rotate'"

for suite in "${suites[@]}"; do
  ((${#suites[@]} == 1)) || say "==== $suite"
  mapfile -t those <<<"${paths[$suite]}"
  run_suite "$suite" "${those[@]}" "${options[@]}"
done
