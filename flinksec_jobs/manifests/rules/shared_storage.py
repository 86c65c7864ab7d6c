# SPDX-License-Identifier: Apache-2.0
"""Cluster-scoped storage that two jobs would share without knowing."""

from __future__ import annotations

import json
from collections.abc import Iterator

from flinksec_jobs.manifests.kube.objects import Manifests, Object, Place, mapping
from flinksec_jobs.manifests.rule import rule

_STORES = ("nfs", "hostPath", "csi", "local", "iscsi", "cephfs", "fc")


@rule(
    "volume-shared",
    why="two PersistentVolumes lead to the same directory, so two jobs write over each other",
    fix="give each volume a path of its own",
)
def _shared(manifests: Manifests) -> Iterator[Place]:
    seen: dict[str, Object] = {}
    for entry in manifests.of("PersistentVolume"):
        for kind in _STORES:
            source = {
                key: value
                for key, value in mapping(entry.spec.get(kind)).items()
                if key not in {"readOnly", "type", "fsType"}
            }
            if not source:
                continue
            known = seen.setdefault(f"{kind} {json.dumps(source, sort_keys=True)}", entry)
            if known.name != entry.name:
                yield entry.at(f"spec.{kind}", str(known))
