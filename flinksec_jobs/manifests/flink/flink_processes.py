# SPDX-License-Identifier: Apache-2.0
"""Flink in the manifests: which pods are its processes, and with which configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import Any

from flinksec_jobs.cluster.flink_conf import Role, role_options
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.manifests.flink import given_options, operator_resources, programs
from flinksec_jobs.manifests.flink.config_files import FlinkConfig, config_of
from flinksec_jobs.manifests.flink.mounted import Mounted
from flinksec_jobs.manifests.flink.programs import Program
from flinksec_jobs.manifests.flink.recognition import (
    conf_directory,
    is_known_tool,
    program_of,
    version_of,
)
from flinksec_jobs.manifests.flink.versions import Version
from flinksec_jobs.manifests.kube.objects import (
    Container,
    Manifests,
    Object,
    Place,
    Pod,
    mapping,
    sequence,
    text,
)
from flinksec_jobs.parsing import ParseError, toml
from flinksec_jobs.settings import Settings
from flinksec_jobs.settings.cluster import QUERY_PORT
from flinksec_jobs.settings.flink_options import effective, flink_options

# Flink's options for ports, and their values if nobody says otherwise; 0 is a random one.
_PORTS: dict[Role, dict[str, int]] = {
    "jobmanager": {"jobmanager.rpc.port": 6123, "blob.server.port": 0, QUERY_PORT: 0},
    "taskmanager": {"taskmanager.rpc.port": 0, "taskmanager.data.port": 0, QUERY_PORT: 0},
}
_KUBERNETES_HA = "org.apache.flink.kubernetes.highavailability.KubernetesHaServicesFactory"


@dataclass(frozen=True, eq=False)
class FlinkProcess:
    """A container that runs a program of Flink.

    Attributes:
        program: what it runs; a JobManager is a ``session`` or an ``application``.
        commands: the command that starts it, and those around it in a script.
        config: what it reads; `None` if there is no such file in the manifests.
        mounted: what lies where it reads its configuration.
    """

    manifests: Manifests
    container: Container
    program: Program
    commands: Sequence[Sequence[str]]
    config: FlinkConfig | None
    mounted: Mounted

    @property
    def role(self) -> Role:
        """Which kind of process it is."""
        return "taskmanager" if self.program == "taskmanager" else "jobmanager"

    @property
    def pod(self) -> Pod:
        """Its pod."""
        return self.container.pod

    @property
    def is_ours(self) -> bool:
        """Whether `flinksec cluster` starts it."""
        return programs.is_ours(self.container, self.commands)

    @property
    def is_operators(self) -> bool:
        """Whether Flink's operator makes it from a FlinkDeployment."""
        return operator_resources.is_deployment(self.pod.owner)

    @property
    def is_application(self) -> bool:
        """Whether a JobManager runs one job, and ends with it."""
        return self.program == "application"

    @property
    def version(self) -> Version | None:
        """The version of Flink, if it is known."""
        return version_of(self.container, self.is_ours)

    @property
    def is_known(self) -> bool:
        """Whether its options are known: nobody can tell what an unread file says."""
        if self.config:
            return not self.config.error
        return self.mounted.state != "unseen"

    @cached_property
    def environment(self) -> dict[str, given_options.Variable]:
        """Its environment variables."""
        return given_options.variables(self.manifests, self.container)

    @cached_property
    def options(self) -> dict[str, str]:
        """Its options, as texts: of the file, of the entry point, and of ``-D``; the last wins."""
        found = {name: _text(value) for name, value in self._file.items()}
        return found | self._entry_point | self.arguments

    @cached_property
    def arguments(self) -> dict[str, str]:
        """The options that its arguments give by ``-D``."""
        return given_options.dynamic_options(self.commands)

    @property
    def entry_point_reads(self) -> bool:
        """Whether an entry point runs that reads FLINK_PROPERTIES and the like."""
        if self.is_ours or self.is_operators:
            return False
        named = any("entrypoint" in word.lower() for line in self.commands for word in line[:3])
        return named or not self.container.content.get("command")

    @property
    def entry_point_writes(self) -> bool:
        """Whether the entry point can write what it reads into the configuration."""
        locked = self.container.security.get("readOnlyRootFilesystem") is True
        closed = self.mounted.read_only or (locked and self.mounted.state == "image")
        return self.entry_point_reads and not closed

    def at(self, option: str, note: str = "") -> Place:
        """Name the place where an option is given, or else where it belongs."""
        if option in self.arguments:
            script = self.container.content.get("args")
            return self.container.at("args" if script else "command", f"-D {option} {note}".strip())
        if option in self._entry_point:
            for name, known in self.environment.items():
                if option in self._of_variable(name):
                    return Place(known.place.object, known.place.field, f"{option} {note}".strip())
        if self.config:
            return self.config.at(option, note)
        return self.container.at("volumeMounts", f"{option} {note}".strip())

    @property
    def high_availability(self) -> str:
        """``kubernetes``, ``zookeeper``, ``none``, or the name of another factory's class."""
        option = flink_options()["high-availability.type"]
        given = text(effective(self.options, option)).strip()
        if given == _KUBERNETES_HA:
            return "kubernetes"
        known = {"kubernetes", "zookeeper", "none", ""}
        return (given.lower() or "none") if given.lower() in known else given

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

    @cached_property
    def _file(self) -> Mapping[str, object]:
        given: Mapping[str, object] = self.config.options if self.config else {}
        if self.is_operators:
            return {**operator_resources.implied_options(self.pod.owner, self.role), **given}
        return given

    @cached_property
    def _entry_point(self) -> dict[str, str]:
        if not self.entry_point_writes:
            return {}
        fixed = {} if programs.is_bitnami(self.container) else {"blob.server.port": "6124"}
        for name in ("JOB_MANAGER_RPC_ADDRESS", "TASK_MANAGER_NUMBER_OF_TASK_SLOTS",
                     "FLINK_CFG_REST_PORT", "FLINK_PROPERTIES"):  # fmt: skip
            fixed |= self._of_variable(name)
        return fixed

    def _of_variable(self, name: str) -> dict[str, str]:
        known = self.environment.get(name)
        if known is None or known.value is None:
            return {}
        plain = {
            "JOB_MANAGER_RPC_ADDRESS": "jobmanager.rpc.address",
            "TASK_MANAGER_NUMBER_OF_TASK_SLOTS": "taskmanager.numberOfTaskSlots",
            "FLINK_CFG_REST_PORT": "rest.port",
        }
        if name in plain:
            return {plain[name]: known.value}
        values = {key: one.value for key, one in self.environment.items() if one.value is not None}
        is_list = name == "FLINK_PROPERTIES"
        return given_options.properties(known.value, values) if is_list else {}


@lru_cache(maxsize=2)
def processes(manifests: Manifests) -> tuple[FlinkProcess, ...]:
    """All JobManagers and TaskManagers."""
    return tuple(
        one for one in _programs(manifests) if one.program in {"session", "application",
                                                               "taskmanager"}
    )  # fmt: skip


@lru_cache(maxsize=2)
def services(manifests: Manifests) -> tuple[FlinkProcess, ...]:
    """All SQL gateways and history servers."""
    found = ("sql-gateway", "history-server")
    return tuple(one for one in _programs(manifests) if one.program in found)


def unrecognised(manifests: Manifests) -> Iterator[Container]:
    """Yield the containers that have Flink's image and run something that nothing here knows."""
    for container in manifests.containers:
        if container.runs_on and programs.is_flink_image(container):
            found, lines = program_of(manifests, container)
            if found is None and not is_known_tool(lines):
                yield container


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


@lru_cache(maxsize=2)
def _programs(manifests: Manifests) -> tuple[FlinkProcess, ...]:
    found = []
    for container in manifests.containers:
        if container.runs_on:
            program, lines = program_of(manifests, container)
            if program:
                found.append(_process(manifests, container, program, lines))
    return tuple(found)


def _process(
    manifests: Manifests, container: Container, program: Program, lines: list[list[str]]
) -> FlinkProcess:
    owner = container.pod.owner
    if operator_resources.is_deployment(owner):
        try:
            options, error = operator_resources.given_options(owner), ""
        except FlinkSecError as bad:
            options, error = {}, bad.message
        config = FlinkConfig(owner, "flinkConfiguration", options, "spec.flinkConfiguration", error)
        return FlinkProcess(manifests, container, program, lines, config, Mounted("text"))
    ours = programs.is_ours(container, lines)
    directory = conf_directory(manifests, container, lines, ours)
    found, mounted = config_of(manifests, container, directory, version_of(container, ours))
    return FlinkProcess(manifests, container, program, lines, found, mounted)


def _text(value: object) -> str:
    return text(value).lower() if isinstance(value, bool) else text(value)


def _number(value: str | None, default: int) -> int:
    """Return a port; a range or a list is as good as random."""
    if value is None:
        return default
    return int(value) if value.isdigit() else 0
