#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of a kustomize 5: the one that is here, else it builds one from Go modules, whose
# hashes scripts/kustomize/go.sum pins, into the user's cache.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

CACHE=${FLINKSEC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flinksec}

is_version_5() { [[ $1 =~ v5\. ]]; }

# Kubectl carries a kustomize; the oldest that are still about carry version 2.
wrap_kubectl() {
  local wrapper=$CACHE/kubectl-kustomize
  is_version_5 "$(kubectl version --client --output=json 2>/dev/null | grep kustomizeVersion)" || return 1
  mkdir -p -- "$CACHE"
  # It is asked as kustomize would be: kustomize build FOLDER.
  cat >"$wrapper.$$" <<'END'
#!/bin/sh
[ "$1" = build ] && shift
exec kubectl kustomize "$@"
END
  chmod 0755 -- "$wrapper.$$"
  mv -- "$wrapper.$$" "$wrapper"
  printf '%s\n' "$wrapper"
}

build() {
  local target
  target=$CACHE/kustomize-$(sha256sum "$ROOT"/scripts/kustomize/go.{mod,sum} | sha256sum | cut -c1-16)
  if [[ ! -x $target ]]; then
    command -v go >/dev/null || die "there is neither kubectl, nor kustomize, nor Go to build one" \
      "install kubectl 1.27 or later, or Go 1.24 or later"
    mkdir -p -- "$CACHE"
    step "kustomize from Go modules" build_into "$target.$$"
    mv -- "$target.$$" "$target"
  fi
  printf '%s\n' "$target"
}

build_into() {
  cd -- "$ROOT/scripts/kustomize"
  CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -o "$1" sigs.k8s.io/kustomize/kustomize/v5
}

if command -v kustomize >/dev/null && is_version_5 "$(kustomize version 2>/dev/null)"; then
  command -v kustomize
elif command -v kubectl >/dev/null && wrap_kubectl; then
  :
else
  build
fi
