# SPDX-License-Identifier: Apache-2.0
"""What runs is what was tested."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flinksec_jobs.manifests.kube.objects import Manifests, Place, text
from flinksec_jobs.manifests.rule import rule

_DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")


@rule(
    "image-digest",
    why="a tag can be moved to another image, and then that one runs",
    fix="name the image by its digest: name@sha256:…",
)
def _digest(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        image = text(container.content.get("image"))
        if not _DIGEST.fullmatch(image):
            yield container.at("image", image or "missing")
