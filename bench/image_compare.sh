#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the image of the flight job and one by Flink's recipe from the same base; prints both sizes.
. "$(dirname -- "${BASH_SOURCE[0]}")/../scripts/lib.sh"
# shellcheck source=../scripts/debian.sh
. "$ROOT/scripts/debian.sh"
# shellcheck source=../scripts/containers.sh
. "$ROOT/scripts/containers.sh"
cd -- "$ROOT"

OFFICIAL=localhost/flink-by-recipe:latest

scripts/image.sh >/dev/null
use_containers
context=$(mktemp -d)
trap 'rm -rf -- "$context"' EXIT
# pip takes no hashes in constraints; the versions are those of our own image.
sed -e '/^ *--hash/d' -e 's/ \\$//' requirements/image-process.txt >"$context/constraints.txt"
cp requirements/build.txt "$context/"
secret=(--secret "id=pip-conf,src=$CONTAINERS/pip.conf")
[[ -z ${PIP_CERT:-} ]] || secret+=(--secret "id=ca-bundle,src=$PIP_CERT")
step "image by the recipe of Flink's documentation" buildah build --layers "${secret[@]}" \
  --build-arg "BASE_IMAGE=$(base_image)" --file bench/official.Dockerfile --tag "$OFFICIAL" "$context"

for image in localhost/flight-delays:latest "$OFFICIAL"; do
  "$VENV/bin/flinksec" image parts --tool buildah "$image"
done
"$VENV/bin/python" - "$OFFICIAL" <<'END'
import json, subprocess, sys

def size(image: str) -> int:
    """Without the wheels of Flink's recipe: a build could keep them out."""
    command = [".venv/bin/flinksec", "image", "parts", "--tool", "buildah", "--json", image]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    wheels = [part["bytes"] for part in told["parts"] if part["name"] == "What was installed from"]
    return told["bytes"] - sum(wheels)

ours, recipe = size("localhost/flight-delays:latest"), size(sys.argv[1])
print(
    f"{ours / 1e6:.0f} MB with connectors, Hadoop's client and the job in it are "
    f"{ours / recipe:.0%} of the {recipe / 1e6:.0f} MB of the recipe, what it was installed from left out"
)
END
