# SPDX-License-Identifier: Apache-2.0
"""The Kubernetes Job that looks from inside: the JobManager's pod with another command.

It has the image, volumes, files and account of the JobManager, and neither its token nor its ports.
Its labels let it send where Flink's pods may send, and let nobody reach it. The ConfigMaps of the
version need not be applied: a copy of all of them is the one ConfigMap that the pod mounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from flinksec_jobs.deploy.outside import KubeObject, Ref
from flinksec_jobs.deploy.own_objects import CHECK_JOB
from flinksec_jobs.errors import DeployError

COMPONENT = "app.kubernetes.io/component"
LABELS = {"app.kubernetes.io/name": "flink", COMPONENT: "check"}
_KEPT_SECONDS = 600
# Of a check beside a job that runs: it waits for the rest.
_CPU = "100m"
_MOUNTS = ("--settings", "--config", "--log4j", "--ca", "--run")
_OF_A_START = ("--job-id", "--from-savepoint", "--host")
_ALLOWS = "--allow-non-restored-state"
_OF_THE_POD = ("ports", "startupProbe", "livenessProbe", "readinessProbe", "lifecycle")


@dataclass(frozen=True)
class LookPod:
    """What is created.

    Attributes:
        job: the Kubernetes Job.
        copy: the ConfigMap that it mounts.
        image: of its container, for messages.
    """

    job: KubeObject
    copy: KubeObject
    image: str


def pod_of_look(
    objects: Sequence[KubeObject], command: str, arguments: Sequence[str], *, seconds: int
) -> LookPod:
    """Make the Job of a look.

    Args:
        objects: of a version, as they would be applied.
        command: of ``flinksec cluster``: ``check`` runs the version's program, the others do not.
        arguments: of the command.
        seconds: after which Kubernetes ends it.

    Raises:
        DeployError: the version has no JobManager that `flinksec cluster jobmanager` starts.
    """
    jobmanager = _jobmanager(objects)
    namespace = jobmanager["metadata"].get("namespace")
    template = deepcopy(jobmanager["spec"]["template"])
    labels = (template["metadata"].get("labels") or {}) | LABELS
    template["metadata"]["labels"] = labels
    spec = template["spec"]
    spec["restartPolicy"] = "Never"
    spec["automountServiceAccountToken"] = False
    container = _container(spec)
    for field in _OF_THE_POD:
        container.pop(field, None)
    _set_command(container, command, arguments)
    container.setdefault("resources", {}).setdefault("requests", {})["cpu"] = _CPU
    _leave_out_tokens(spec)
    copied = _Copied({Ref.of(one).name: one for one in objects if one["kind"] == "ConfigMap"})
    copied.mount(spec)
    job: KubeObject = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": _metadata(namespace),
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": seconds,
            "ttlSecondsAfterFinished": _KEPT_SECONDS,
            "template": template,
        },
    }
    copy = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(namespace)}
    return LookPod(job, copy | copied.content(), str(container.get("image") or ""))


def _jobmanager(objects: Sequence[KubeObject]) -> KubeObject:
    for one in objects:
        labels = one["metadata"].get("labels") or {}
        if one["kind"] == "Job" and labels.get(COMPONENT) == "jobmanager":
            return one
    raise DeployError(
        f"no object of kind Job has the label {COMPONENT}: jobmanager",
        hint="an overlay on docker/kubernetes/base has one",
    )


def _metadata(namespace: str | None) -> dict[str, Any]:
    labels = LABELS | {"app.kubernetes.io/managed-by": "flinksec"}
    placed = {"namespace": namespace} if namespace else {}
    return {"name": CHECK_JOB.name, "labels": labels} | placed


def _container(spec: Mapping[str, Any]) -> dict[str, Any]:
    containers: list[dict[str, Any]] = spec["containers"]
    return next((one for one in containers if one.get("name") == "jobmanager"), containers[0])


def _set_command(container: dict[str, Any], command: str, arguments: Sequence[str]) -> None:
    words = [
        str(one) for one in [*(container.get("command") or ()), *(container.get("args") or ())]
    ]
    for place in range(len(words) - 1):
        if words[place : place + 2] == ["cluster", "jobmanager"]:
            break
    else:
        raise DeployError(
            "the JobManager is not started by `flinksec cluster jobmanager`, so nobody can look "
            "from inside with its command",
            hint="leave the command of the container as docker/kubernetes/base has it",
        )
    given = words[place + 2 :]
    kept = _of_the_program(given) if command == "check" else list(_of_the_mounts(given))
    container["command"] = [*words[: place + 1], command]
    container["args"] = [*arguments, *kept]


def _of_the_program(given: Sequence[str]) -> list[str]:
    """Return all arguments but those of one start."""
    kept, skip = [], False
    for one in given:
        if skip:
            skip = False
        elif one in _OF_A_START:
            skip = True
        elif one != _ALLOWS and not one.startswith(tuple(f"{name}=" for name in _OF_A_START)):
            kept.append(one)
    return kept


def _of_the_mounts(given: Sequence[str]) -> Iterator[str]:
    """Yield the arguments that say where everything is, without the program and its own."""
    takes_next = False
    for one in given:
        if takes_next or one.startswith(("-D", *(f"{name}=" for name in _MOUNTS))):
            yield one
            takes_next = one == "-D"
        elif one in _MOUNTS:
            yield one
            takes_next = True


def _leave_out_tokens(spec: dict[str, Any]) -> None:
    """Leave out the volumes with a token of the API server, and what mounts them."""
    gone = {
        one["name"]
        for one in spec.get("volumes") or ()
        if any("serviceAccountToken" in source for source in _sources(one))
    }
    spec["volumes"] = [one for one in spec.get("volumes") or () if one["name"] not in gone]
    for container in [*(spec.get("initContainers") or ()), *spec["containers"]]:
        mounts = container.get("volumeMounts") or ()
        container["volumeMounts"] = [one for one in mounts if one["name"] not in gone]


def _sources(volume: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (volume.get("projected") or {}).get("sources") or []
    return found


class _Copied:
    """The ConfigMaps of a version as one, each file under the name of its map and its own."""

    def __init__(self, maps: Mapping[str, KubeObject]) -> None:
        self._maps = maps
        self._used: dict[str, KubeObject] = {}

    def mount(self, spec: dict[str, Any]) -> None:
        """Let a pod mount the copy in place of the maps."""
        for volume in spec.get("volumes") or ():
            for source in [volume, *_sources(volume)]:
                if "configMap" in source:
                    source["configMap"] = self._instead(source["configMap"])

    def content(self) -> dict[str, Any]:
        """Return the copy's data."""
        found: dict[str, dict[str, str]] = {}
        for name, content in self._used.items():
            for kind in ("data", "binaryData"):
                for key, value in (content.get(kind) or {}).items():
                    found.setdefault(kind, {})[_key(name, key)] = value
        return found

    def _instead(self, source: dict[str, Any]) -> dict[str, Any]:
        name = str(source["name"])
        if name not in self._maps:
            return source  # it is in the cluster, and no part of the version
        content = self._used[name] = self._maps[name]
        keys = [*(content.get("data") or ()), *(content.get("binaryData") or ())]
        items = source.get("items") or [{"key": key, "path": key} for key in keys]
        renamed = [one | {"key": _key(name, one["key"])} for one in items]
        return source | {"name": CHECK_JOB.name, "items": renamed}


def _key(name: str, key: str) -> str:
    return f"{name}..{key}"
