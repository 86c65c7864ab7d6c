# SPDX-License-Identifier: Apache-2.0
"""What was copied from an example and not yet replaced."""

from __future__ import annotations

from collections.abc import Iterator

from flinksec_jobs.manifests.kube.objects import Manifests, Place
from flinksec_jobs.manifests.rule import rule
from flinksec_jobs.placeholders import placeholders_below


@rule(
    "placeholder",
    why="a name, an address or a digest of an example is still here",
    fix="put your own",
)
def _placeholder(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.objects:
        if entry.kind == "CustomResourceDefinition":
            continue  # its descriptions explain by examples
        found: dict[str, list[str]] = {}
        for path, placeholder in placeholders_below(entry.content):
            found.setdefault(path, []).append(placeholder)
        for path, listed in found.items():
            yield entry.at(path, ", ".join(listed))
