# SPDX-License-Identifier: Apache-2.0
"""The keys that seal the state: where they stand in the manifests."""

from __future__ import annotations

from collections.abc import Iterator

from flinksec_jobs.manifests.kube.objects import Manifests, Place, mapping, text
from flinksec_jobs.manifests.rule import rule
from flinksec_jobs.sealed.keyfiles import PRIMARY


@rule(
    "flink-key-ring",
    why="everyone who may read ConfigMaps reads the keys that seal the state",
    fix="put the key ring into a Secret, and make new keys: these have been read",
)
def _in_config_map(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.of("ConfigMap"):
        parts = ("data", "binaryData")
        files = {str(key): part for part in parts for key in mapping(entry.content.get(part))}
        named = text(mapping(entry.content.get("data")).get(PRIMARY)).strip()
        if named != PRIMARY and named in files:
            yield entry.at(f"{files[named]}[{named}]", f"{PRIMARY} names it")
