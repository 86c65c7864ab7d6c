#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests the images that `make image` builds, in containers as restricted as pods may be.
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=debian.sh
. "$ROOT/scripts/debian.sh"
# shellcheck source=containers.sh
. "$ROOT/scripts/containers.sh"
cd -- "$ROOT"

scripts/image.sh
scripts/image.sh sandbox
use_containers
# On what the builds of tests/image build.
FLINKSEC_TEST_BASE_IMAGE=$(base_image)
export FLINKSEC_TEST_BASE_IMAGE
exec "$VENV/bin/python" -m pytest --timeout 1800 "${@:-tests/image}"
