# SPDX-License-Identifier: Apache-2.0
"""Flink's configuration files: which ConfigMaps hold one, and which one a container reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from flinksec_jobs.cluster.flink_conf import Config, from_yaml
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.manifests.flink.mounted import Mounted, config_maps_of, file_at, values_of
from flinksec_jobs.manifests.flink.versions import CURRENT, OLD, Version, files_read
from flinksec_jobs.manifests.kube.objects import Container, Manifests, Object, Place

# What only Flink's configuration says; `security:` or `state:` alone may be anyone's.
_FLINKS_OWN = re.compile(
    r"(jobmanager|taskmanager)\.|high-availability(\.(type|storageDir|cluster-id|zookeeper)|$)|"
    r"security\.(ssl\.(internal|rest|enabled|algorithms|protocol)|kerberos\.login)|"
    r"state\.(backend|checkpoints|savepoints)|execution\.checkpointing|env\.java\.|blob\.server|"
    r"web\.(submit|cancel)|parallelism\.default|kubernetes\.cluster-id|job-result-store|"
    r"restart-strategy|pipeline\."
)
_LOOKS_LIKE = re.compile(
    r"^\s*['\"]?(jobmanager|taskmanager|high-availability|security\.ssl|state\.backend|"
    r"execution\.checkpointing|env\.java|blob\.server|parallelism\.default)\b",
    re.M,
)


@dataclass(frozen=True)
class FlinkConfig:
    """A Flink configuration in an object.

    Attributes:
        object: the ConfigMap, Secret or FlinkDeployment.
        key: ``config.yaml``, ``flink-conf.yaml``, or the key that is mounted as such.
        field: where the object holds it.
        error: why it cannot be read; nothing if it can.
        file: the name that Flink sees.
    """

    object: Object
    key: str
    options: Config
    field: str = ""
    error: str = ""
    file: str = ""

    def at(self, option: str = "", note: str = "") -> Place:
        """Name an option of it."""
        return self.object.at(f"{self.field or f'data[{self.key}]'} {option}".strip(), note)


@lru_cache(maxsize=2)
def configurations(manifests: Manifests) -> tuple[FlinkConfig, ...]:
    """All Flink configurations in ConfigMaps, mounted or not, under their usual names."""
    return tuple(_configurations(manifests))


def _configurations(manifests: Manifests) -> Iterator[FlinkConfig]:
    for entry in manifests.of("ConfigMap"):
        for key, field, content in values_of(entry):
            if key in {CURRENT, OLD}:
                found = parsed(entry, key, field, content, key)
                named = any(map(_FLINKS_OWN.match, found.options))
                if named or key == OLD or (found.error and _LOOKS_LIKE.search(content)):
                    yield found


def parsed(entry: Object, key: str, field: str, content: str, name: str) -> FlinkConfig:
    """Read a configuration as Flink reads a file of this name."""
    if name == OLD:
        options, error = _old(content), ""
    else:
        options, error = _current(content)
    return FlinkConfig(entry, key, options, field, error, name)


def config_of(
    manifests: Manifests, container: Container, directory: str, version: Version | None
) -> tuple[FlinkConfig | None, Mounted]:
    """Return the configuration that a container reads, and what lies where it reads it."""
    found = []
    for name in (*files_read(version), CURRENT, OLD):
        mounted = file_at(manifests, container, f"{directory.rstrip('/')}/{name}")
        found.append(mounted)
        if mounted.object:
            key = mounted.field.partition("[")[2].rstrip("]")
            config = parsed(mounted.object, key, mounted.field, mounted.content, name)
            return config, mounted
    for state in ("unseen", "missing"):
        for mounted in found:
            if mounted.state == state:
                return None, mounted
    return None, found[0]


def mounted_elsewhere(
    manifests: Manifests, container: Container
) -> Iterator[tuple[FlinkConfig, str]]:
    """Yield the configurations that a container mounts, wherever."""
    for entry, point in config_maps_of(manifests, container):
        for config in configurations(manifests):
            if config.object is entry:
                yield config, point


@lru_cache(maxsize=16)
def _current(content: str) -> tuple[Config, str]:
    try:
        return from_yaml(content, CURRENT), ""
    except FlinkSecError as error:
        return {}, error.message


@lru_cache(maxsize=16)
def _old(content: str) -> Config:
    """Read ``key: value`` lines as Flink 1 does: no nesting, no quotes, # ends a line."""
    found: Config = {}
    for line in content.splitlines():
        key, colon, value = line.partition("#")[0].strip().partition(": ")
        if colon and key.strip() and value.strip():
            found[key.strip()] = value.strip()
    return found
