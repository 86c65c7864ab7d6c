#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the image of the flight job, and with `image.sh sandbox` that of the sandbox's servers. With
# `--if-outdated` behind, one that was built of this very commit stays.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=debian.sh
. "$ROOT/scripts/debian.sh"
# shellcheck source=containers.sh
. "$ROOT/scripts/containers.sh"
cd -- "$ROOT"

JOB_IMAGE=localhost/flight-delays:latest
SANDBOX_IMAGE=localhost/flinksec-sandbox:latest

label_of() {
  buildah inspect --type image --format "{{index .OCIv1.Config.Labels \"org.opencontainers.image.$2\"}}" "$1"
}

# is_current IMAGE BASE: a checkout with changes has no commit that says what it holds.
is_current() {
  local commit
  commit=$(git describe --always --dirty --abbrev=40 2>/dev/null) && [[ $commit != *-dirty ]] || return 1
  [[ $(label_of "$1" revision 2>/dev/null) == "$commit" && $(label_of "$1" base.name) == "$2" ]]
}

which=${1:-job}
case $which in
job) image=$JOB_IMAGE ;;
sandbox) image=$SANDBOX_IMAGE ;;
*) die "there is no image $which" "name job or sandbox, then --if-outdated if you like" ;;
esac
use_containers
base=$(base_image)
if [[ ${2:-} == --if-outdated ]] && is_current "$image" "$base"; then
  say "$image is of this commit"
  exit
fi
scripts/build_jre.sh
options=(--tool buildah --base-image "$base" --pip-conf "$CONTAINERS/pip.conf" --tag "$image")
if [[ $which == sandbox ]]; then
  "$VENV/bin/flinksec" image sandbox "${options[@]}"
else
  "$VENV/bin/flinksec" image build "${options[@]}" --sbom dist/flight-delays.cdx.json \
    jobs/flight_delays.py
fi
