# SPDX-License-Identifier: Apache-2.0
"""What lies at a path of a container: the text of a ConfigMap or Secret, or why nobody can tell."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal

from flinksec_jobs.manifests.kube.objects import (
    Container,
    Manifests,
    Object,
    mapping,
    sequence,
    text,
)

State = Literal["image", "text", "missing", "unseen"]


@dataclass(frozen=True)
class Mounted:
    """A file of a container.

    Attributes:
        state: ``image``: no volume lies there; ``text``: an object has it; ``missing``: the volume
            is known and has no such file; ``unseen``: the volume is not in these manifests.
        source: what the volume is made of, for people.
        read_only: whether the container cannot write there.
    """

    state: State
    source: str = ""
    object: Object | None = None
    field: str = ""
    content: str = ""
    read_only: bool = False


def file_at(manifests: Manifests, container: Container, path: str) -> Mounted:
    """Return what lies at an absolute path."""
    wanted = PurePosixPath(path)
    best: tuple[int, Mapping[str, Any]] | None = None
    for mount in container.mounts:
        point = PurePosixPath(text(mount.get("mountPath")) or "/nowhere")
        if wanted.is_relative_to(point) and (best is None or len(point.parts) >= best[0]):
            best = (len(point.parts), mount)
    if best is None:
        return Mounted("image")
    mount = best[1]
    inner = wanted.relative_to(text(mount.get("mountPath")))
    below = text(mount.get("subPath"))
    if "subPathExpr" in mount:
        return Mounted("unseen", f"subPathExpr {text(mount.get('subPathExpr'))}")
    inside = str(PurePosixPath(below) / inner) if below else str(inner)
    volume = _volume(container, text(mount.get("name")))
    return _in_volume(manifests, container.pod.owner.namespace, volume, inside)


def config_maps_of(manifests: Manifests, container: Container) -> Iterator[tuple[Object, str]]:
    """Yield the ConfigMaps that a container mounts, and where."""
    for mount in container.mounts:
        for source in _sources(_volume(container, text(mount.get("name")))):
            name = text(mapping(source.get("configMap")).get("name"))
            entry = manifests.find("ConfigMap", name, container.pod.owner.namespace)
            if name and entry:
                yield entry, text(mount.get("mountPath"))


def values_of(entry: Object) -> Iterator[tuple[str, str, str]]:
    """Yield key, field and text of what a ConfigMap or a Secret holds."""
    for field in ("data", "stringData", "binaryData"):
        for key, value in mapping(entry.content.get(field)).items():
            is_coded = field == "binaryData" or (entry.kind == "Secret" and field == "data")
            content = _decoded(text(value)) if is_coded else text(value)
            if content is not None:
                yield text(key), f"{field}[{key}]", content


def _volume(container: Container, name: str) -> Mapping[str, Any]:
    return next((one for _, one in container.pod.volumes if one.get("name") == name), {})


def _sources(volume: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield volume
    yield from map(mapping, sequence(mapping(volume.get("projected")).get("sources")))


def _in_volume(
    manifests: Manifests, namespace: str, volume: Mapping[str, Any], inside: str
) -> Mounted:
    unseen: Mounted | None = None
    known = False
    for source in _sources(volume):
        for kind, field, name in (("ConfigMap", "configMap", "name"),
                                  ("Secret", "secret", "secretName"),
                                  ("Secret", "secret", "name")):  # fmt: skip
            inner = mapping(source.get(field))
            named = text(inner.get(name))
            if not named:
                continue
            key = _key(inner, inside)
            if key is None:
                known = True
                continue
            entry = manifests.find(kind, named, namespace)
            if entry is None:
                unseen = Mounted("unseen", f"{kind}/{named}, which is not among these manifests",
                                 read_only=True)  # fmt: skip
                continue
            known = True
            for found, where, content in values_of(entry):
                if found == key:
                    return Mounted("text", f"{kind}/{named}", entry, where, content, True)
    if unseen or known:
        return unseen or Mounted("missing", read_only=True)
    kinds = sorted(set(map(text, volume)) - {"name"}) or ["of a claim template"]
    return Mounted("unseen", f"a volume {', '.join(kinds)}", read_only=kinds == ["csi"])


def _key(source: Mapping[str, Any], inside: str) -> str | None:
    items = source.get("items")
    if not items:
        return inside
    for item in map(mapping, sequence(items)):
        if re.sub(r"^\./", "", text(item.get("path"))) == inside:
            return text(item.get("key"))
    return None


def _decoded(value: str) -> str | None:
    try:
        return base64.b64decode(value, validate=False).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
