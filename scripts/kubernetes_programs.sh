#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the programs of a Kubernetes node from their Go modules, once, into the user's cache, and
# prints the directory they are in. go.sum pins every module with its hash. `--are-built` and
# `--have-go` only answer, by their exit code.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

SOURCES=$ROOT/tests/kubernetes/programs
VERSION=1.37.2
ONE_BINARY=(etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl)
LINKER="-s -w -X k8s.io/component-base/version.gitVersion=v$VERSION"
LINKER+=" -X k8s.io/component-base/version.gitMajor=${VERSION%%.*}"
LINKER+=" -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<<"$VERSION")"

MODULES=(pause probe policy dns kubernetes)
CACHE=${FLINKSEC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flinksec}/kubernetes

have_go() { command -v go || PATH=/usr/local/go/bin command -v go; }

find_go() {
  have_go ||
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

# program_of MODULE: where it is when it has been built from what lies here now.
program_of() {
  local sources
  sources=$(printf '%s %s' "$LINKER" "$(tree_hash "tests/kubernetes/programs/$1")" | sha256sum | cut -c1-16)
  printf '%s\n' "$CACHE/$1-$sources"
}

are_built() {
  local module
  for module in "${MODULES[@]}"; do [[ -x $(program_of "$module") ]] || return 1; done
}

main() {
  local programs module name target
  GO=$(find_go)
  mkdir -p -- "$CACHE"
  exec 9>"$CACHE/.lock"
  flock 9
  programs=$CACHE/bin-$(tree_hash tests/kubernetes/programs)
  mkdir -p -- "$programs"
  for module in "${MODULES[@]}"; do
    target=$(program_of "$module")
    [[ -x $target ]] || step "$module from its Go modules" build "$module" "$target"
    ln -sfn "$target" "$programs/$module"
  done
  for name in "${ONE_BINARY[@]}"; do ln -sfn kubernetes "$programs/$name"; done
  printf '%s\n' "$programs"
}

case ${1:-} in
--are-built) are_built ;;
--have-go) have_go >/dev/null ;;
*) main ;;
esac
