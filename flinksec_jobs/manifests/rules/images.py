# SPDX-License-Identifier: Apache-2.0
"""What runs is what was tested."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flinksec_jobs.manifests.kube.objects import Manifests, Place, mapping, text
from flinksec_jobs.manifests.rule import rule

_DIGEST = re.compile(r"[^@\s]+@(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})")


@rule(
    "image-digest",
    severity="warning",
    why="a tag can be moved to another image, and then that one runs",
    fix="name the image by its digest: name@sha256:…",
)
def _digest(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        image = text(container.content.get("image"))
        if not _DIGEST.fullmatch(image):
            yield container.at("image", image or "missing")
    for pod in manifests.pods:
        for path, volume in pod.volumes:
            reference = text(mapping(volume.get("image")).get("reference"))
            if "image" in volume and not _DIGEST.fullmatch(reference):
                yield pod.at(f"{path}.image.reference", reference or "missing")
