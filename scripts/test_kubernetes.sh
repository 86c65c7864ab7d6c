#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests the manifests and the image on a real Kubernetes node of processes on this machine.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=debian.sh
. "$ROOT/scripts/debian.sh"
# shellcheck source=containers.sh
. "$ROOT/scripts/containers.sh"
cd -- "$ROOT"

[[ $(uname -s) == Linux ]] || die "a Kubernetes node needs Linux, and this is $(uname -s)"
((EUID == 0)) || die "a Kubernetes node needs root: namespaces, mounts and the firewall" \
  "run: sudo make test-kubernetes"
[[ -e /dev/fuse ]] || die "there is no /dev/fuse: the state volume of the tests fails by FUSE"
mapfile -t debian < <(packages_in requirements/debian-kubernetes.txt)
need_debian "${debian[@]}"
KUBERNETES_PROGRAMS=$(scripts/kubernetes_programs.sh)
FLINKSEC_KUSTOMIZE=$(scripts/kustomize.sh)
export KUBERNETES_PROGRAMS FLINKSEC_KUSTOMIZE
scripts/image.sh
scripts/image.sh sandbox
use_containers
exec "$VENV/bin/python" -m pytest tests/kubernetes --timeout 3600 "$@"
