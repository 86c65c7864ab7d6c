#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the path of the program that holds a dashboard of Grafana against its schema: built from Go
# modules, once for what stands here, into the user's cache. go.sum pins the module that it needs.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

SOURCES=tests/monitoring/dashboard
CACHE=${FLINKSEC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flinksec}

build_into() {
  cd -- "$ROOT/$SOURCES"
  CGO_ENABLED=0 GOFLAGS="-mod=readonly -buildvcs=false" go build -trimpath -o "$1" .
}

mkdir -p -- "$CACHE"
target=$CACHE/dashboard-schema-$(tree_hash "$SOURCES" | cut -c1-16)
# One at a time: a second one waits, then finds it built.
exec 9>"$CACHE/dashboard-schema.lock"
flock 9
if [[ ! -x $target ]]; then
  command -v go >/dev/null || die "there is no Go to build the schema of Grafana's dashboards" \
    "install Go 1.24 or later"
  step "the schema of Grafana's dashboards from Go modules" build_into "$target.$$"
  mv -- "$target.$$" "$target"
fi
printf '%s\n' "$target"
