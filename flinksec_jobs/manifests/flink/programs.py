# SPDX-License-Identifier: Apache-2.0
"""Which of Flink's programs a command starts, and which one a container is if no command tells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Literal

from flinksec_jobs.cluster.entrypoint import Mounts
from flinksec_jobs.manifests.flink.shell_words import unwrapped
from flinksec_jobs.manifests.kube.objects import Container, text

Program = Literal["session", "application", "taskmanager", "sql-gateway", "history-server"]

_SCRIPTS: dict[str, Program] = {
    "jobmanager.sh": "session",
    "kubernetes-jobmanager.sh": "session",
    "kubernetes-session.sh": "session",
    "start-cluster.sh": "session",
    "standalone-job.sh": "application",
    "taskmanager.sh": "taskmanager",
    "kubernetes-taskmanager.sh": "taskmanager",
    "sql-gateway.sh": "sql-gateway",
    "historyserver.sh": "history-server",
}
# What the entry point of an image, and Flink's own flink-console.sh, take as their first argument.
_MODES: dict[str, Program] = {
    "jobmanager": "session",
    "standalone-job": "application",
    "taskmanager": "taskmanager",
    "history-server": "history-server",
    "historyserver": "history-server",
    "sql-gateway": "sql-gateway",
    "standalonesession": "session",
    "standalonejob": "application",
    "taskexecutor": "taskmanager",
    "kubernetes-session": "session",
    "kubernetes-application": "application",
    "kubernetes-taskmanager": "taskmanager",
}
_CLASSES: dict[str, Program] = {
    "StandaloneSessionClusterEntrypoint": "session",
    "KubernetesSessionClusterEntrypoint": "session",
    "StandaloneApplicationClusterEntryPoint": "application",
    "StandaloneJobClusterEntryPoint": "application",
    "KubernetesApplicationClusterEntrypoint": "application",
    "TaskManagerRunner": "taskmanager",
    "KubernetesTaskExecutorRunner": "taskmanager",
    "SqlGateway": "sql-gateway",
    "HistoryServer": "history-server",
}
_ENTRY_POINT = re.compile(r"(docker-)?entry-?point(\.sh)?|run\.sh|flink-(console|daemon)\.sh", re.I)
_FLINK_IMAGE = re.compile(r"(^|[-_])(py)?flink([-_]|$)", re.I)
_OTHER_IMAGE = re.compile(r"operator|proxy|exporter|init|client|webhook|sidecar|cdc-cli", re.I)
_VARIABLES = frozenset({"FLINK_PROPERTIES", "JOB_MANAGER_RPC_ADDRESS", "FLINK_CONF_DIR",
                        "TASK_MANAGER_NUMBER_OF_TASK_SLOTS", "FLINK_JOB_MANAGER_RPC_ADDRESS",
                        "FLINK_TASK_MANAGER_NUMBER_OF_TASK_SLOTS", "FLINK_ENV_JAVA_OPTS",
                        "FLINK_ENV_JAVA_OPTS_JM", "FLINK_ENV_JAVA_OPTS_TM"})  # fmt: skip
_MODE_VARIABLE = "FLINK_MODE"
_RPC, _REST, _BLOB = 6123, 8081, 6124
_SERVICE_PORTS: dict[int, Program] = {
    _REST: "session",
    8083: "sql-gateway",
    8082: "history-server",
}
_TASK_PORTS = frozenset({6121, 6122})
_NAMES: tuple[tuple[str, Program], ...] = (
    (r"task-?manager|(^|[-_.])tm([-_.]|$)|worker|taskexecutor", "taskmanager"),
    (r"sql-?gateway", "sql-gateway"),
    (r"history-?server", "history-server"),
    (r"job-?manager|(^|[-_.])jm([-_.]|$)|job-?master", "session"),
)


def started(command: Sequence[str], first_is_entry: bool) -> Program | None:
    """Return what a command starts.

    Args:
        command: program and arguments.
        first_is_entry: whether the first word is an argument of the image's own entry point.
    """
    words = unwrapped(command) or [""]
    name = PurePosixPath(words[0]).name
    if name in _SCRIPTS:
        return _of_script(name, words[1:2])
    if name == "flinksec" or (first_is_entry and words[0] == "cluster"):
        rest = words if words[0] == "cluster" else words[1:]
        role = rest[1] if rest[:1] == ["cluster"] and len(rest) > 1 else ""
        return "application" if role == "jobmanager" else _MODES.get(role)
    if name == "java":
        return next((_CLASSES[last] for word in words if (last := word.rpartition(".")[2])
                     in _CLASSES and "flink" in word), None)  # fmt: skip
    if _ENTRY_POINT.fullmatch(name):
        rest = [word for word in words[1:] if word not in {"start", "start-foreground"}]
        return started(rest, True) if rest else None
    return _MODES.get(words[0]) if first_is_entry else None


def script_among(words: Sequence[str]) -> Program | None:
    """Return what the first of Flink's scripts among some words runs."""
    for index, word in enumerate(words):
        if (name := PurePosixPath(word).name) in _SCRIPTS:
            return _of_script(name, words[index + 1 : index + 2])
    return None


def _of_script(name: str, mode: Sequence[str]) -> Program | None:
    if mode in (["stop"], ["stop-all"]):
        return None
    return next((_MODES[word] for word in mode if word in _MODES), _SCRIPTS[name])


def is_ours(container: Container, commands: Sequence[Sequence[str]]) -> bool:
    """Whether `flinksec cluster` runs in it, also as the entry point of our image."""
    for command in commands:
        words = unwrapped(command)
        if words and PurePosixPath(words[0]).name == "flinksec":
            return "cluster" in words
        if words and words[0] == "cluster" and not container.content.get("command"):
            return words[1:2] != []
    return not container.words and _has_our_mounts(container)


def by_surroundings(container: Container, environment: Mapping[str, str]) -> Program | None:
    """Return what a container is by its image, variables, ports and names, if it has no command.

    Also for a command that is a program of its own, such as ``/start.sh``.
    """
    if not container.words and _has_our_mounts(container):
        return "taskmanager" if _named(container) == "taskmanager" else "application"
    mode = environment.get(_MODE_VARIABLE)
    if mode is not None:
        return _MODES.get(mode.strip(), "session")
    ports = {port.get("containerPort") for port in container.ports}
    rpc = _RPC in ports and bool(ports & {_REST, _BLOB})
    if not (
        is_flink_image(container) or _VARIABLES & environment.keys() or rpc or ports >= _TASK_PORTS
    ):
        return None
    if _RPC in ports or ports & _TASK_PORTS:
        return "session" if _RPC in ports else "taskmanager"
    by_port = next((known for port, known in _SERVICE_PORTS.items() if port in ports), None)
    # Bitnami's image runs a JobManager if FLINK_MODE says nothing.
    return _named(container) or ("session" if is_bitnami(container) else by_port)


def is_flink_image(container: Container) -> bool:
    """Whether an image has Flink in its name, and is no tool beside it."""
    path = text(container.content.get("image")).partition("@")[0].lower()
    name = path.rpartition("/")[2].partition(":")[0]
    return bool(_FLINK_IMAGE.search(name)) and not _OTHER_IMAGE.search(name)


def is_bitnami(container: Container) -> bool:
    """Whether the image has Bitnami's layout and entry point."""
    return "bitnami" in text(container.content.get("image"))


def _has_our_mounts(container: Container) -> bool:
    ours = {str(Mounts().settings.parent), str(Mounts().config.parent)}
    points = {text(mount.get("mountPath")).rstrip("/") for mount in container.mounts}
    return bool(ours & {*points, *(point.rpartition("/")[0] for point in points)})


def _named(container: Container) -> Program | None:
    labels = container.pod.labels
    candidates = (container.name, labels.get("component"), labels.get("role"),
                  labels.get("app.kubernetes.io/component"), container.pod.owner.name,
                  labels.get("app"), labels.get("app.kubernetes.io/name"))  # fmt: skip
    for candidate in filter(None, candidates):
        for pattern, program in _NAMES:
            if re.search(pattern, candidate, re.I):
                return program
    return None
