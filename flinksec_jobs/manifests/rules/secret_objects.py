# SPDX-License-Identifier: Apache-2.0
"""Secrets as objects: kept beside the manifests, mounted as files, readable by few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flinksec_jobs.manifests.kube.objects import Manifests, Place, mapping, sequence, text
from flinksec_jobs.manifests.rule import rule

_WORLD_BITS = 0o007
_DEFAULT_MODE = 0o644


@rule(
    "secret-in-env",
    why="PyFlink logs environment variables, and every process of the container sees them",
    fix="mount the Secret as a file",
)
def _in_env(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        for path, variable in container.environment:
            if "secretKeyRef" in mapping(variable.get("valueFrom")):
                yield container.at(f"{path}.valueFrom.secretKeyRef", text(variable.get("name")))
        for index, source in enumerate(sequence(container.content.get("envFrom"))):
            if "secretRef" in mapping(source):
                yield container.at(f"envFrom[{index}].secretRef")


@rule(
    "secret-object",
    why="the value of a Secret stands in the manifests, and wherever these are kept",
    fix="create Secrets beside the manifests: docs/kubernetes.md lists them",
)
def _object(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.of("Secret"):
        for field in ("data", "stringData"):
            if mapping(entry.content.get(field)):
                yield entry.at(field)


@rule(
    "secret-mode",
    why="everyone in the container may read the file",
    fix="set defaultMode: 0440, no wider mode of an item, and fsGroup for the pod",
)
def _mode(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        for path, volume in pod.volumes:
            secret, projected = mapping(volume.get("secret")), mapping(volume.get("projected"))
            if secret:
                default = f"{path}.secret.defaultMode"
                for field, mode in _modes(secret, f"{path}.secret", secret, default):
                    yield pod.at(field, f"{mode:04o}")
            default = f"{path}.projected.defaultMode"
            for index, source in enumerate(sequence(projected.get("sources"))):
                for kind in ("secret", "serviceAccountToken"):
                    if kind in mapping(source):
                        here = f"{path}.projected.sources[{index}].{kind}"
                        inner = mapping(source[kind])
                        for field, mode in _modes(inner, here, projected, default):
                            yield pod.at(field, f"{mode:04o}")


def _modes(
    source: Mapping[str, Any], path: str, volume: Mapping[str, Any], default: str
) -> Iterator[tuple[str, int]]:
    """Yield the modes that are too wide: that of each item, or else of the volume."""
    items = [mapping(item) for item in sequence(source.get("items"))]
    own = [item.get("mode") for item in items]
    wide = [(f"{path}.items[{index}].mode", mode) for index, mode in enumerate(own)]
    if not items or any(mode is None for mode in own):
        mode = volume.get("defaultMode")
        wide.append((default, _DEFAULT_MODE if mode is None else mode))
    for field, mode in wide:
        if isinstance(mode, int) and mode & _WORLD_BITS:
            yield field, mode


@rule(
    "secret-sub-path",
    severity="warning",
    why="a Secret that is mounted by subPath is never renewed in a running pod",
    fix="mount the whole Secret as a directory",
)
def _sub_path(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        secrets = {v.get("name") for _, v in container.pod.volumes if "secret" in v}
        for index, mount in enumerate(container.mounts):
            if mount.get("name") in secrets and (mount.get("subPath") or mount.get("subPathExpr")):
                yield container.at(f"volumeMounts[{index}].subPath")
