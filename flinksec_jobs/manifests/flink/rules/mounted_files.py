# SPDX-License-Identifier: Apache-2.0
"""The files that Flink's configuration and the job's settings name, against what is mounted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flinksec_jobs.manifests.flink.flink_processes import FlinkProcess, job_settings, processes
from flinksec_jobs.manifests.kube.objects import Manifests, Place, mapping, text
from flinksec_jobs.manifests.rule import rule
from flinksec_jobs.settings import schema
from flinksec_jobs.settings.flink_options import effective, flink_options, names, of_class

_INTERNAL = ("security.ssl.internal.keystore", "security.ssl.internal.truststore")
_REST = ("security.ssl.rest.keystore", "security.ssl.rest.truststore")
_CHECKPOINTS = names(flink_options()["execution.checkpointing.dir"])
_STATE = tuple(key for option in of_class("state") for key in names(option))
_LOCAL = tuple(dict.fromkeys(key for option in of_class("local-disk") for key in names(option)))
_TEMPORARY = flink_options()["io.tmp.dirs"]
_FILE = "file:"


def _local(uri: str) -> str | None:
    """Return the path of a directory on a mounted file system."""
    plain = uri.removeprefix("sealed+")
    if plain.startswith(_FILE):
        return "/" + plain.removeprefix(_FILE).lstrip("/")
    return plain if plain.startswith("/") else None


@rule(
    "flink-secret-file",
    why="the file that the option names is on no Secret that the process mounts",
    fix="mount the Secret, or correct the path",
)
def _secret_file(manifests: Manifests) -> Iterator[Place]:
    always = (*_INTERNAL, *schema.secret_options())
    for process in processes(manifests):
        for option in (*always, *(_REST if process.role == "jobmanager" else ())):
            path = process.options.get(option)
            if path and not process.secrets_at(path):
                yield process.container.at("volumeMounts", f"{option} = {path}")


@rule(
    "flink-rest-key",
    why="a TaskManager serves no REST, and whoever breaks into it gets the key",
    fix="mount the REST stores in the JobManager only",
)
def _rest_key(manifests: Manifests) -> Iterator[Place]:
    rest = {
        name
        for process in processes(manifests)
        if process.role == "jobmanager"
        for name in process.secrets_at(process.options.get(_REST[0], ""))
    }
    for process in processes(manifests):
        for path, volume in process.pod.volumes:
            named = mapping(volume.get("secret")).get("secretName")
            if process.role == "taskmanager" and named in rest:
                yield process.pod.at(path, str(named))


@rule(
    "flink-state-volume",
    why="the directory is not on a persistent volume, so what is in it ends with the pod",
    fix="mount a PersistentVolumeClaim over it",
)
def _state_volume(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        for option in _STATE:
            path = _local(process.options.get(option, ""))
            if path and "persistentVolumeClaim" not in mapping(process.volume_at(path)):
                yield process.container.at("volumeMounts", f"{option} = {path}")


@rule(
    "flink-state-sealed",
    why="state goes to the volume in clear",
    fix="put sealed+ before the scheme, and name a key ring in flinksec.sealed.keys",
)
def _state_sealed(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        for option in _STATE:
            value = process.options.get(option, "")
            if value and not value.startswith("sealed+"):
                yield process.at(option, value)


@rule(
    "flink-checkpoints",
    why="without a directory checkpoints stay in the JobManager's memory, and end with it",
    fix="set execution.checkpointing.dir, on the persistent volume",
)
def _checkpoints(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        named = any(process.options.get(key) for key in _CHECKPOINTS)
        known = process.config and not process.config.error
        if process.role == "jobmanager" and known and not named:
            yield process.at("execution.checkpointing.dir", "missing")


@rule(
    "flink-temporary-files",
    why="working state and spilled records are written in clear, to the node's disk or nowhere",
    fix="mount an emptyDir with medium: Memory over it",
)
def _temporary_files(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        given = text(effective(process.options, _TEMPORARY)) or "/tmp"  # noqa: S108  Flink's own
        for option, paths in ((_TEMPORARY.name, given), *_local_disks(process)):
            for path in _paths_of(paths):
                directory = mapping(mapping(process.volume_at(path)).get("emptyDir"))
                if directory.get("medium") != "Memory":
                    yield process.container.at("volumeMounts", f"{option} = {path}")


def _local_disks(process: FlinkProcess) -> Iterator[tuple[str, str]]:
    return ((key, process.options[key]) for key in _LOCAL if process.options.get(key))


def _paths_of(paths: str) -> list[str]:
    """Flink takes a comma, a colon and a bar for the end of a path."""
    return [path.strip() for path in re.split("[,:|]", paths.removeprefix(_FILE)) if path.strip()]


@rule(
    "flink-passwords",
    why="the passwords of the stores are written to the node's disk",
    fix="mount an emptyDir with medium: Memory over /run/flinksec",
)
def _passwords(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        directory = mapping(mapping(process.volume_at("/run/flinksec")).get("emptyDir"))
        if process.is_ours and directory.get("medium") != "Memory":
            yield process.container.at("volumeMounts", "/run/flinksec")


@rule(
    "flink-settings-file",
    why="the job's settings name a file or directory that the process does not mount",
    fix="mount it, or correct the path",
)
def _settings_file(manifests: Manifests) -> Iterator[Place]:
    for entry, settings in job_settings(manifests):
        for process in processes(manifests):
            if process.pod.owner.namespace != entry.namespace or not _reads(process, entry.name):
                continue
            for name, path in _paths(settings, ""):
                if process.volume_at(path) is None and _is_ours_to_mount(process, name):
                    yield process.container.at("volumeMounts", f"{name} = {path}")


def _reads(process: FlinkProcess, name: str) -> bool:
    return any(
        mapping(volume.get("configMap")).get("name") == name for _, volume in process.pod.volumes
    )


def _is_ours_to_mount(process: FlinkProcess, name: str) -> bool:
    return process.role == "jobmanager" or not name.startswith("cluster.tls.rest")


def _paths(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, str) and not name.startswith("flink."):
        path = value.removeprefix(_FILE)
        if path.startswith("/"):
            yield name, "/" + path.lstrip("/")
