#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of the program that asks another project's evaluator of NetworkPolicies: built from
# Go modules, once for what stands here, into the user's cache. go.sum pins the modules that it needs,
# and the hash below the file of the evaluator.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

SOURCES=tests/manifests/networkpolicy
MODULE=sigs.k8s.io/kube-network-policies@v0.8.0
EVALUATOR=pkg/networkpolicy/networkpolicy.go
SHA256=c5c0bd0bd6141f8553b077beafa2ccf3a8b3890368f2d1eac8b2f00470cde2f5
CACHE=${FLINKSEC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flinksec}

build_into() {
  local work module
  work=$(mktemp -d)
  # shellcheck disable=SC2064  # now, while it is known
  trap "rm -rf -- '$work'" EXIT
  cp -- "$ROOT/$SOURCES"/*.go "$ROOT/$SOURCES"/go.{mod,sum} "$work"
  cd -- "$work"
  module=$(go mod download -json "$MODULE" | sed -n 's/^\t"Dir": "\(.*\)",\?$/\1/p')
  printf '%s  %s\n' "$SHA256" "$module/$EVALUATOR" | sha256sum --check --strict >&2
  # What it defines is private to its package: its package becomes ours.
  sed 's/^package networkpolicy$/package main/' "$module/$EVALUATOR" >evaluator.go
  CGO_ENABLED=0 GOFLAGS="-mod=readonly -buildvcs=false" go build -trimpath -o "$1" .
}

mkdir -p -- "$CACHE"
target=$CACHE/policy-referee-$(printf '%s %s %s' "$(tree_hash "$SOURCES")" "$MODULE" "$SHA256" | sha256sum | cut -c1-16)
# One at a time: a second one waits, then finds it built.
exec 9>"$CACHE/policy-referee.lock"
flock 9
if [[ ! -x $target ]]; then
  command -v go >/dev/null || die "there is no Go to build the evaluator of NetworkPolicies" \
    "install Go 1.24 or later"
  step "the evaluator of NetworkPolicies from Go modules" build_into "$target.$$"
  mv -- "$target.$$" "$target"
fi
printf '%s\n' "$target"
