# SPDX-License-Identifier: Apache-2.0
"""Flink in the manifests: which pods are its processes, and with which configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import Any

from flinksec_jobs.cluster.flink_conf import Config, Role, from_yaml, role_options
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.manifests.kube.objects import (
    Container,
    Manifests,
    Object,
    Pod,
    mapping,
    sequence,
    text,
)
from flinksec_jobs.parsing import ParseError, toml
from flinksec_jobs.settings import Settings
from flinksec_jobs.settings.cluster import QUERY_PORT

CURRENT, OLD = "config.yaml", "flink-conf.yaml"
_OPTION = re.compile(r"^(jobmanager|taskmanager|rest|high-availability|security|state)\b", re.M)
_WORDS: dict[str, Role] = {
    "jobmanager": "jobmanager",
    "jobmanager.sh": "jobmanager",
    "kubernetes-jobmanager.sh": "jobmanager",
    "standalone-job": "jobmanager",
    "standalone-job.sh": "jobmanager",
    "taskmanager": "taskmanager",
    "taskmanager.sh": "taskmanager",
    "kubernetes-taskmanager.sh": "taskmanager",
}
_APPLICATION = {"standalone-job", "standalone-job.sh"}
# Flink's options for ports, and their values if nobody says otherwise; 0 is a random one.
_PORTS: dict[Role, dict[str, int]] = {
    "jobmanager": {
        "jobmanager.rpc.port": 6123,
        "blob.server.port": 0,
        QUERY_PORT: 0,
    },
    "taskmanager": {
        "taskmanager.rpc.port": 0,
        "taskmanager.data.port": 0,
        QUERY_PORT: 0,
    },
}


@dataclass(frozen=True)
class FlinkConfig:
    """A Flink configuration in a ConfigMap.

    Attributes:
        object: the ConfigMap.
        key: ``config.yaml``, or the ``flink-conf.yaml`` that Flink 2 does not read.
    """

    object: Object
    key: str
    options: Config


@dataclass(frozen=True, eq=False)
class FlinkProcess:
    """A container that is a JobManager or a TaskManager."""

    container: Container
    role: Role
    config: FlinkConfig | None

    @property
    def pod(self) -> Pod:
        """Its pod."""
        return self.container.pod

    @property
    def is_ours(self) -> bool:
        """Whether `flinksec cluster` starts it."""
        return "cluster" in self.container.words and any(
            PurePosixPath(word).name == "flinksec" for word in self.container.words
        )

    @property
    def is_application(self) -> bool:
        """Whether a JobManager runs one job, and ends with it."""
        return self.is_ours or bool(_APPLICATION & set(_split(self.container)))

    @cached_property
    def options(self) -> dict[str, str]:
        """Its options: those of the ConfigMap, and the ``-D`` of its arguments."""
        found = {
            name: text(value)
            for name, value in (self.config.options if self.config else {}).items()
        }
        return found | self.arguments

    @cached_property
    def arguments(self) -> dict[str, str]:
        """The options that its arguments give by ``-D``."""
        return dict(re.findall(r"-D\s*([\w.-]+)=(\S+)", " ".join(self.container.words)))

    @property
    def ports(self) -> dict[str, int]:
        """Its options for internal ports, and the ports; 0 is a random one."""
        defaults = dict(_PORTS[self.role])
        if self.is_ours:
            # `flinksec cluster` adds it, from the settings; these are their defaults.
            defaults |= {
                option: int(port) for option, port in role_options(Settings(), self.role).items()
            }
        return {name: _number(self.options.get(name), known) for name, known in defaults.items()}

    @property
    def internal_ports(self) -> set[int]:
        """The ports that only Flink's own processes may reach."""
        return set(self.ports.values()) - {0}

    @property
    def rest_port(self) -> int:
        """The port of REST."""
        known = _number(self.options.get("rest.port"), 8081)
        return _number(self.options.get("rest.bind-port"), known)

    @property
    def internal_store(self) -> str:
        """The file of the internal key store."""
        return self.options.get("security.ssl.internal.keystore", "")

    def volume_at(self, path: str) -> Mapping[str, Any] | None:
        """Return the volume that a path of the container lies on; `None` for the image."""
        found: Mapping[str, Any] | None = None
        depth = -1
        wanted = PurePosixPath(path)
        for mount in self.container.mounts:
            point = PurePosixPath(text(mount.get("mountPath")))
            if wanted.is_relative_to(point) and len(point.parts) > depth:
                depth = len(point.parts)
                found = self._volume(mount.get("name"))
        return found

    def secrets_at(self, path: str) -> list[str]:
        """Return the names of the Secrets that are mounted over a path."""
        volume = mapping(self.volume_at(path)) if path else {}
        names = [text(mapping(volume.get("secret")).get("secretName"))]
        for source in sequence(mapping(volume.get("projected")).get("sources")):
            names.append(text(mapping(mapping(source).get("secret")).get("name")))
        return [name for name in names if name]

    def _volume(self, name: object) -> Mapping[str, Any]:
        claims = sequence(self.pod.owner.spec.get("volumeClaimTemplates"))
        if any(mapping(mapping(claim).get("metadata")).get("name") == name for claim in claims):
            return {"name": name, "persistentVolumeClaim": {}}
        for _, volume in self.pod.volumes:
            if volume.get("name") == name:
                return volume
        return {}


@lru_cache(maxsize=2)
def configurations(manifests: Manifests) -> tuple[FlinkConfig, ...]:
    """All Flink configurations in ConfigMaps."""
    return tuple(_configurations(manifests))


def _configurations(manifests: Manifests) -> Iterator[FlinkConfig]:
    for entry in manifests.of("ConfigMap"):
        for key in (CURRENT, OLD):
            content = mapping(entry.content.get("data")).get(key)
            if isinstance(content, str) and _OPTION.search(content):
                yield FlinkConfig(entry, key, _options(content))


@lru_cache(maxsize=2)
def processes(manifests: Manifests) -> tuple[FlinkProcess, ...]:
    """All JobManagers and TaskManagers."""
    known = configurations(manifests)
    return tuple(
        FlinkProcess(container, role, _config_of(container, known))
        for container in manifests.containers
        if container.runs_on and (role := _role(container))
    )


def job_settings(manifests: Manifests) -> Iterator[tuple[Object, dict[str, Any]]]:
    """Yield the settings of jobs in ConfigMaps."""
    for entry in manifests.of("ConfigMap"):
        content = mapping(entry.content.get("data")).get("settings.toml")
        if isinstance(content, str):
            try:
                yield entry, toml(content)
            except ParseError:
                yield entry, {}


def job_id(process: FlinkProcess) -> str:
    """Return the id of the job that a JobManager is told to use, or nothing."""
    words = " ".join(process.container.words)
    match = re.search(r"--job-id[= ]+([0-9a-fA-F]{32})\b", words)
    return match[1].lower() if match else ""


@lru_cache(maxsize=8)
def _options(content: str) -> Config:
    try:
        return from_yaml(content, CURRENT)
    except FlinkSecError:
        return {}


def _role(container: Container) -> Role | None:
    for word in _split(container):
        if role := _WORDS.get(PurePosixPath(word).name):
            return role
    return None


def _split(container: Container) -> list[str]:
    return [part for word in container.words for part in word.split()]


def _config_of(container: Container, known: Sequence[FlinkConfig]) -> FlinkConfig | None:
    mounted = {mount.get("name") for mount in container.mounts}
    names = {
        text(mapping(volume.get("configMap")).get("name"))
        for _, volume in container.pod.volumes
        if volume.get("name") in mounted
    }
    namespace = container.pod.owner.namespace
    for config in known:
        if config.object.name in names and config.object.namespace == namespace:
            return config
    return None


def _number(value: str | None, default: int) -> int:
    """Return a port; a range or a list is as good as random."""
    if value is None:
        return default
    return int(value) if value.isdigit() else 0
