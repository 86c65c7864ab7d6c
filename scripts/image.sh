#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the image of the flight job, and with `image.sh sandbox` that of the sandbox's servers.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=debian.sh
. "$ROOT/scripts/debian.sh"
# shellcheck source=containers.sh
. "$ROOT/scripts/containers.sh"
cd -- "$ROOT"

use_containers
scripts/build_jre.sh
base=$(base_image)
options=(--tool buildah --base-image "$base" --pip-conf "$CONTAINERS/pip.conf")
if [[ ${1:-job} == sandbox ]]; then
  "$VENV/bin/flinksec" image sandbox "${options[@]}" --tag localhost/flinksec-sandbox:latest
else
  "$VENV/bin/flinksec" image build "${options[@]}" --tag localhost/flight-delays:latest \
    --sbom dist/flight-delays.cdx.json jobs/flight_delays.py
fi
