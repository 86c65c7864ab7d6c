#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every test: a Flink cluster, and beside it unit, manifests, JVM, both languages, tables of options,
# TLS and the proxy; then faults of volumes, and real servers.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=debian.sh
. "$ROOT/scripts/debian.sh"
cd -- "$ROOT"

pytest=("$VENV/bin/python" -m pytest)

# What needs no network gets none but its own loopback interface, where a namespace may be made.
offline_tests() {
  local isolate=() alone=(bash -c 'ip link set lo up && exec "$@"' offline)
  if unshare --net "${alone[@]}" true 2>/dev/null; then
    isolate=(unshare --net "${alone[@]}")
  elif unshare --map-root-user --net "${alone[@]}" true 2>/dev/null; then
    isolate=(unshare --map-root-user --net "${alone[@]}")
  else
    say "offline tests: no network namespace allowed here, so they run with the network reachable"
  fi
  "${isolate[@]}" "${pytest[@]}" "$@"
}

mapfile -t debian < <(packages_in requirements/debian.txt)
need_debian "${debian[@]}"

# A Flink cluster mostly waits, for processes to start and to be replaced: the tests of one core run
# beside it. Nothing that runs there writes a file that it reads. In a process group of its own it is
# interrupted like what runs in front.
cluster_said=$(mktemp)
set -m
"${pytest[@]}" tests/cluster --timeout 1800 </dev/null >"$cluster_said" 2>&1 &
cluster=$!
set +m
end_cluster() {
  { kill -INT -- "-$cluster" 2>/dev/null && wait "$cluster"; } || true
  rm -f -- "$cluster_said"
}
trap end_cluster EXIT

offline_tests tests/unit --timeout 300
kustomize=$(scripts/kustomize.sh)
referees=$(scripts/manifest_tools.sh)
FLINKSEC_KUSTOMIZE=$kustomize FLINKSEC_MANIFEST_TOOLS=$referees \
  offline_tests tests/manifests --timeout 300

maven test
"${pytest[@]}" tests/differential --timeout 600
"${pytest[@]}" tests/tables --timeout 300
"${pytest[@]}" tests/tls --timeout 600
"${pytest[@]}" tests/proxy --timeout 300

status=0
wait "$cluster" || status=$?
cat -- "$cluster_said"
((status == 0)) || exit "$status"

# Volumes that fail where they are told to.
if [[ -e /dev/fuse ]]; then
  "${pytest[@]}" tests/faults --timeout 900
else
  say "faults of volumes are not tested: there is no /dev/fuse here"
fi
"${pytest[@]}" tests/servers --timeout 900
