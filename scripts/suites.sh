# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What each suite of tests needs and how it is run: source it after lib.sh. A suite is a folder below
# tests/, or `lint` or `java`.

# shellcheck source=debian.sh
. "$ROOT/scripts/debian.sh"

# An outage of a server fails all tests on it: ten say as much.
PYTEST=("$VENV/bin/python" -m pytest --maxfail 10 --durations 10 --durations-min 1)
# Over all cores. A test goes to whichever worker is free, so the fixtures of a module may be made
# once in each.
SPREAD=(--numprocesses logical --maxprocesses 8 --dist worksteal)

# FLINKSEC_WITHOUT says what the tests have to do without on this machine: `fuse` leaves those of
# faulty volumes out, `netns` lets those that need no network reach it. No test sees the variable.
export -n FLINKSEC_WITHOUT
[[ ${FLINKSEC_WITHOUT:-} =~ ^((fuse|netns)(,|$))*$ ]] ||
  die "FLINKSEC_WITHOUT knows fuse and netns, not '$FLINKSEC_WITHOUT'" "for example: FLINKSEC_WITHOUT=fuse,netns"

# is_left_out NAME: whether FLINKSEC_WITHOUT names it.
is_left_out() { [[ ",${FLINKSEC_WITHOUT:-}," == *",$1,"* ]]; }

# offline COMMAND...: with no network but the loopback interface of its own.
offline() {
  local alone=(bash -c 'ip link set lo up && exec "$@"' offline)
  if is_left_out netns; then
    "$@"
  elif unshare --net "${alone[@]}" true 2>/dev/null; then
    unshare --net "${alone[@]}" "$@"
  elif unshare --map-root-user --net "${alone[@]}" true 2>/dev/null; then
    unshare --map-root-user --net "${alone[@]}" "$@"
  else
    die "these tests run without a network, and no network namespace can be made here" \
      "allow user namespaces, or run as root" \
      "to run them with the network reachable: FLINKSEC_WITHOUT=netns"
  fi
}

need_test_packages() {
  local debian
  mapfile -t debian < <(packages_in "$ROOT/requirements/debian.txt")
  need_debian "${debian[@]}"
}

# need_gssapi: for tests that log in to Kerberos in Python; not every user can build it.
need_gssapi() {
  need_test_packages
  "$VENV/bin/python" -c 'import gssapi' 2>/dev/null ||
    step "the Python package gssapi" "$VENV/bin/python" -m pip --disable-pip-version-check install \
      --quiet --require-hashes --no-build-isolation -r "$ROOT/requirements/gssapi.txt"
}

need_kustomize() {
  FLINKSEC_KUSTOMIZE=${FLINKSEC_KUSTOMIZE:-$("$ROOT/scripts/kustomize.sh")}
  export FLINKSEC_KUSTOMIZE
}

need_manifest_tools() {
  FLINKSEC_MANIFEST_TOOLS=${FLINKSEC_MANIFEST_TOOLS:-$("$ROOT/scripts/manifest_tools.sh")}
  export FLINKSEC_MANIFEST_TOOLS
}

need_policy_referee() {
  FLINKSEC_POLICY_REFEREE=${FLINKSEC_POLICY_REFEREE:-$("$ROOT/scripts/policy_referee.sh")}
  export FLINKSEC_POLICY_REFEREE
}

need_dashboard_schema() {
  FLINKSEC_DASHBOARD_SCHEMA=${FLINKSEC_DASHBOARD_SCHEMA:-$("$ROOT/scripts/dashboard_schema.sh")}
  export FLINKSEC_DASHBOARD_SCHEMA
}

# need_fuse: fails where there is none, unless it was said to go without.
need_fuse() {
  [[ -e /dev/fuse ]] || die "there is no /dev/fuse, by which a volume is made to fail" \
    "load the module fuse, or give the container the device: --device /dev/fuse" \
    "to leave these tests out: FLINKSEC_WITHOUT=fuse"
}

# run_suite NAME [PYTEST ARGUMENT...]: with paths, only these; else all of it.
run_suite() {
  local name=$1 arguments=("${@:2}")
  case " ${arguments[*]}" in *" tests/"*) ;; *) arguments+=("tests/$name") ;; esac
  # What starts servers or JVMs for all of its tests is not spread: it would in each worker.
  case $name in
  lint) scripts/lint.sh ;;
  java) maven test ;;
  unit) offline "${PYTEST[@]}" "${SPREAD[@]}" --timeout 300 "${arguments[@]}" ;;
  manifests)
    need_kustomize
    need_manifest_tools
    need_policy_referee
    offline "${PYTEST[@]}" "${SPREAD[@]}" --timeout 600 "${arguments[@]}"
    ;;
  faults)
    if is_left_out fuse; then
      say "faults of volumes are left out, as FLINKSEC_WITHOUT says"
    else
      need_fuse
      need_test_packages
      "${PYTEST[@]}" --timeout 1800 "${arguments[@]}"
    fi
    ;;
  differential)
    step "the Java half" maven --quiet -pl sealed-state test-compile
    "${PYTEST[@]}" --timeout 1800 "${arguments[@]}"
    ;;
  servers | topics | formats | hdfs | elasticsearch)
    need_gssapi
    "${PYTEST[@]}" --timeout 1800 "${arguments[@]}"
    ;;
  kafka)
    need_test_packages
    # What waits for minutes by the clock is for `make test-kafka`, whose -m comes later.
    "${PYTEST[@]}" --timeout 1800 -m 'not minutes' "${arguments[@]}"
    ;;
  monitoring)
    need_test_packages
    need_dashboard_schema
    "${PYTEST[@]}" --timeout 1800 "${arguments[@]}"
    ;;
  tables | tls | proxy | cluster)
    need_test_packages
    "${PYTEST[@]}" --timeout 1800 "${arguments[@]}"
    ;;
  image) scripts/image_test.sh "${arguments[@]}" ;;
  kubernetes) scripts/test_kubernetes.sh "${arguments[@]}" ;;
  nfs) scripts/nfs_test.sh "${arguments[@]}" ;;
  *) die "there is no suite of tests $name" "the suites are lint, java and the folders of tests/" ;;
  esac
}
