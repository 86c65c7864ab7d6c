#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests the manifests and the image on a real Kubernetes node of processes on this machine.
# `--why-not [SECONDS]` prints why they cannot run here, or not in so many seconds, and exits with 1.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=debian.sh
. "$ROOT/scripts/debian.sh"
# shellcheck source=containers.sh
. "$ROOT/scripts/containers.sh"
cd -- "$ROOT"

# Enough on two busy CPUs with the programs built before but no image, and from nothing. What happens to
# one job alone takes a quarter of an hour.
WARM_SECONDS=2700
COLD_SECONDS=3900

# why_not [SECONDS]: a line, unless they can run.
why_not() {
  local left=${1:-$COLD_SECONDS} needed=$WARM_SECONDS
  scripts/kubernetes_programs.sh --are-built || needed=$COLD_SECONDS
  if [[ $(uname -s) != Linux ]]; then
    echo "a Kubernetes node needs Linux, and this is $(uname -s)"
  elif ((EUID != 0)); then
    echo "a Kubernetes node needs root: namespaces, mounts and the firewall"
  elif ! unshare --mount --pid --net --fork true 2>/dev/null; then
    echo "this root may not make namespaces"
  elif [[ ! -e /dev/fuse ]]; then
    echo "there is no /dev/fuse, by which the state volume fails"
  elif ! scripts/kubernetes_programs.sh --have-go; then
    echo "Kubernetes is built with Go 1.26 or later, and there is none"
  elif ((left < needed)); then
    echo "it needs some $((needed / 60)) minutes, and $((left / 60)) are left"
  fi
}

reason=$(if [[ ${1:-} == --why-not ]]; then why_not "${2:-}"; else why_not; fi)
if [[ ${1:-} == --why-not ]]; then
  echo "$reason"
  [[ -z $reason ]]
  exit
fi
[[ -z $reason ]] || die "$reason"
mapfile -t debian < <(packages_in requirements/debian-kubernetes.txt)
need_debian "${debian[@]}"
KUBERNETES_PROGRAMS=$(scripts/kubernetes_programs.sh)
FLINKSEC_KUSTOMIZE=$(scripts/kustomize.sh)
export KUBERNETES_PROGRAMS FLINKSEC_KUSTOMIZE
scripts/image.sh job --if-outdated
scripts/image.sh sandbox --if-outdated
use_containers
step "images of later versions of the job" "$VENV/bin/python" -m tests.kubernetes.versions
step "image of the proxy" buildah build --quiet --layers --build-arg "BASE_IMAGE=$(base_image)" \
  --tag localhost/flinksec-proxy:latest tests/kubernetes/nginx
exec "$VENV/bin/python" -m pytest --timeout 3600 "${@:-tests/kubernetes}"
