#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the directory with the programs kubernetes-validate and checkov, made once for each lock in
# the user's cache: they are too large, and pin too much, for .venv.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=prerequisites.sh
. "$ROOT/scripts/prerequisites.sh"

LOCK=$ROOT/requirements/manifests.txt
TARGET=${FLINKSEC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flinksec}/manifest-tools-$(sha256sum "$LOCK" | cut -c1-16)

install_tools() {
  rm -rf -- "$TARGET"
  "$PYTHON" -m venv "$TARGET"
  "$TARGET/bin/python" -m pip --disable-pip-version-check install \
    --require-hashes --only-binary :all: -r "$LOCK"
  touch -- "$TARGET/.complete"
}

# One at a time: a second one waits, then finds it made.
exec 9<"$LOCK"
flock 9
if [[ ! -f $TARGET/.complete ]]; then
  require python
  step "kubernetes-validate and checkov (100 MB to download if not cached)" install_tools
fi
printf '%s\n' "$TARGET/bin"
