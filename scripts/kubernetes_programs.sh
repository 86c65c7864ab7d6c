#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the programs of a Kubernetes node from their Go modules, once, into the user's cache, and
# prints the directory they are in. go.sum pins every module with its hash.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

SOURCES=$ROOT/tests/kubernetes/programs
VERSION=1.37.2
ONE_BINARY=(etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl)
LINKER="-s -w -X k8s.io/component-base/version.gitVersion=v$VERSION"
LINKER+=" -X k8s.io/component-base/version.gitMajor=${VERSION%%.*}"
LINKER+=" -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<<"$VERSION")"

find_go() {
  command -v go || PATH=/usr/local/go/bin command -v go ||
    die "Go is needed to build Kubernetes, and there is none on PATH" "install Go 1.26 or later"
}

# build MODULE TARGET: what is half built keeps another name.
build() {
  (
    cd -- "$SOURCES/$1"
    CGO_ENABLED=0 "$GO" build -mod=readonly -trimpath -ldflags "$LINKER" -o "$2.unfinished" .
  )
  mv -- "$2.unfinished" "$2"
}

main() {
  local cache programs module name target
  GO=$(find_go)
  cache=${FLINKSEC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flinksec}/kubernetes
  mkdir -p -- "$cache"
  exec 9>"$cache/.lock"
  flock 9
  programs=$cache/bin-$(tree_hash tests/kubernetes/programs)
  mkdir -p -- "$programs"
  for module in pause probe policy dns kubernetes; do
    target=$cache/$module-$(printf '%s %s' "$LINKER" "$(tree_hash "tests/kubernetes/programs/$module")" | sha256sum | cut -c1-16)
    [[ -x $target ]] || step "$module from its Go modules" build "$module" "$target"
    ln -sfn "$target" "$programs/$module"
  done
  for name in "${ONE_BINARY[@]}"; do ln -sfn kubernetes "$programs/$name"; done
  printf '%s\n' "$programs"
}

main
