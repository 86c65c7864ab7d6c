# SPDX-License-Identifier: Apache-2.0
"""Rendered Kubernetes YAML as objects, pods and containers.

What is read may be anyone's and wrong in any way: every look into it goes through `mapping`,
`sequence` and `dig`, which answer with nothing where something else stands.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flinksec_jobs.manifests.kube.known_kinds import CLUSTER_SCOPED, names, type_name

# Where a workload keeps its pod template.
_TEMPLATES = {
    "Pod": ("",),
    "PodTemplate": ("template",),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
}
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


def mapping(value: object) -> Mapping[str, Any]:
    """Return the value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: object) -> Sequence[Any]:
    """Return the value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def dig(value: object, path: str) -> Any:
    """Return what stands at a dotted path, or `None`."""
    for key in path.split("."):
        value = mapping(value).get(key)
    return value


def text(value: object) -> str:
    """Return the value as text, nothing for `None`."""
    return "" if value is None else str(value)


def words(listed: str) -> frozenset[str]:
    """Return the words of a text, as a set."""
    return frozenset(listed.split())


def _strings(value: object) -> dict[str, str]:
    return {str(key): text(entry) for key, entry in mapping(value).items()}


@dataclass(frozen=True)
class Place:
    """Where a finding is: an object, and a field in it.

    Attributes:
        note: what stands there, or what is missing.
    """

    object: Object
    field: str
    note: str = ""


class _Described:
    """What an object and the template of a pod both have: ``metadata`` and ``spec``."""

    content: Mapping[str, Any]

    @cached_property
    def labels(self) -> dict[str, str]:
        """The labels of its own; those of a pod are what selectors see."""
        return _strings(dig(self.content, "metadata.labels"))

    @cached_property
    def annotations(self) -> dict[str, str]:
        """The annotations of its own."""
        return _strings(dig(self.content, "metadata.annotations"))

    @property
    def spec(self) -> Mapping[str, Any]:
        """What stands under ``spec``."""
        return mapping(self.content.get("spec"))


@dataclass(frozen=True, eq=False)
class Object(_Described):
    """One document of the manifests."""

    content: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def kind(self) -> str:
        """Such as ``StatefulSet``."""
        return text(self.content.get("kind")) or "?"

    @property
    def api_version(self) -> str:
        """Such as ``apps/v1``."""
        return text(self.content.get("apiVersion"))

    @property
    def group(self) -> str:
        """The group of its API, such as ``apps``; nothing for Kubernetes' core."""
        return self.api_version.rpartition("/")[0]

    @cached_property
    def type(self) -> str | None:
        """The name of its type in `known_kinds`, `None` if nothing is known of its fields."""
        return type_name(self.api_version, self.kind)

    def is_a(self, kinds: Collection[str]) -> bool:
        """Tell whether it is of one of these kinds.

        A kind of `known_kinds` is one in its own API version only: another group's ``Job``, or an
        ``Ingress`` of a version that is gone, has other fields.
        """
        return self.kind in kinds and (self.type is not None or self.kind not in names())

    @property
    def is_generated(self) -> bool:
        """Whether the API server completes the name, after ``generateName``."""
        metadata = mapping(self.content.get("metadata"))
        return not metadata.get("name") and bool(metadata.get("generateName"))

    @property
    def name(self) -> str:
        """The name, also a ``generateName``."""
        metadata = mapping(self.content.get("metadata"))
        return text(metadata.get("name") or metadata.get("generateName")) or "?"

    @property
    def namespace(self) -> str:
        """The namespace; ``default`` if none is named, nothing for what has none."""
        if self.kind in CLUSTER_SCOPED:
            return ""
        return text(dig(self.content, "metadata.namespace")) or "default"

    def at(self, field: str, note: str = "") -> Place:
        """Name a field."""
        return Place(self, field, note)


@dataclass(frozen=True, eq=False)
class Pod(_Described):
    """A pod, or the template of one.

    Attributes:
        owner: the object that it stands in.
        path: where its ``metadata`` and ``spec`` are, empty or ending in a dot.
    """

    owner: Object
    path: str
    content: Mapping[str, Any]

    @property
    def security(self) -> Mapping[str, Any]:
        """Its security context."""
        return mapping(self.spec.get("securityContext"))

    @property
    def account(self) -> str:
        """The name of its service account."""
        return text(self.spec.get("serviceAccountName") or self.spec.get("serviceAccount"))

    @cached_property
    def containers(self) -> list[Container]:
        """All of them: initial, regular and ephemeral ones."""
        return [
            Container(self, f"{self.path}spec.{kind}[{index}]", kind, mapping(content))
            for kind in _CONTAINERS
            for index, content in enumerate(sequence(self.spec.get(kind)))
        ]

    @property
    def volumes(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each volume, and the path of it."""
        for index, volume in enumerate(sequence(self.spec.get("volumes"))):
            yield f"spec.volumes[{index}]", mapping(volume)

    def at(self, field: str, note: str = "") -> Place:
        """Name a field of the pod, such as ``spec.hostNetwork``."""
        return Place(self.owner, f"{self.path}{field}", note)

    def port_named(self, name: str) -> int | None:
        """Return the number of a container's port by its name."""
        for container in self.containers:
            for port in container.ports:
                if port.get("name") == name and isinstance(port.get("containerPort"), int):
                    return int(port["containerPort"])
        return None

    @cached_property
    def ports(self) -> dict[tuple[int, str], str]:
        """The declared ports as (number, protocol), and their names."""
        return {
            (int(port["containerPort"]), text(port.get("protocol")) or "TCP"): text(
                port.get("name")
            )
            for container in self.containers
            for port in container.ports
            if isinstance(port.get("containerPort"), int)
        }


@dataclass(frozen=True, eq=False)
class Container:
    """A container of a pod.

    Attributes:
        kind: ``containers``, ``initContainers`` or ``ephemeralContainers``.
    """

    pod: Pod
    path: str
    kind: str
    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name in the pod."""
        return text(self.content.get("name"))

    @property
    def security(self) -> Mapping[str, Any]:
        """Its own security context."""
        return mapping(self.content.get("securityContext"))

    @property
    def ports(self) -> list[Mapping[str, Any]]:
        """The ports that it declares."""
        return [mapping(port) for port in sequence(self.content.get("ports"))]

    @property
    def words(self) -> list[str]:
        """Command and arguments."""
        return [
            text(word) for key in ("command", "args") for word in sequence(self.content.get(key))
        ]

    @property
    def mounts(self) -> list[Mapping[str, Any]]:
        """Its volume mounts."""
        return [mapping(mount) for mount in sequence(self.content.get("volumeMounts"))]

    @property
    def environment(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each variable, and the path of it."""
        for index, variable in enumerate(sequence(self.content.get("env"))):
            yield f"env[{index}]", mapping(variable)

    @property
    def has_native_restart(self) -> bool:
        """Whether it is a sidecar: an initial container that goes on running."""
        return self.kind == "initContainers" and self.content.get("restartPolicy") == "Always"

    @property
    def runs_on(self) -> bool:
        """Whether it runs as long as the pod does."""
        return self.kind == "containers" or self.has_native_restart

    def at(self, field: str, note: str = "") -> Place:
        """Name a field of the container."""
        return Place(self.pod.owner, f"{self.path}.{field}", note)


@dataclass(frozen=True, eq=False)
class Manifests:
    """Everything that is to be applied together."""

    objects: Sequence[Object]

    def of(self, *kinds: str) -> Iterator[Object]:
        """Return the objects of some kinds."""
        return (entry for entry in self.objects if entry.is_a(kinds))

    def find(self, kind: str, name: str, namespace: str) -> Object | None:
        """Return the object of a name."""
        found = self._by_name.get((kind, namespace, name))
        return found if found and found.is_a((kind,)) else None

    @cached_property
    def _by_name(self) -> dict[tuple[str, str, str], Object]:
        named: dict[tuple[str, str, str], Object] = {}
        for entry in self.objects:
            key = (entry.kind, entry.namespace, entry.name)
            if key not in named or not named[key].is_a((entry.kind,)):
                named[key] = entry
        return named

    @cached_property
    def pods(self) -> list[Pod]:
        """The pods of every kind of workload."""
        found = []
        for entry in self.objects:
            if pod := _pod(entry):
                found.append(pod)
            for custom in PODS_OF_CUSTOM_KINDS:
                found.extend(custom(entry))
        return found

    @property
    def containers(self) -> Iterator[Container]:
        """The containers of all pods."""
        return (container for pod in self.pods for container in pod.containers)

    def namespace_labels(self, name: str) -> dict[str, str]:
        """Return the labels of a namespace, with the one that every namespace has."""
        found = self.find("Namespace", name, "")
        return (found.labels if found else {}) | {"kubernetes.io/metadata.name": name}


PODS_OF_CUSTOM_KINDS: list[Callable[[Object], Iterable[Pod]]] = []
"""What finds pods in other kinds; the module that knows such a kind adds its function."""


def _pod(owner: Object) -> Pod | None:
    keys = _TEMPLATES.get(owner.kind)
    if keys is None or not owner.is_a(_TEMPLATES):
        return None
    if keys == ("",):
        return Pod(owner, "", owner.content)
    return Pod(owner, ".".join(keys) + ".", mapping(dig(owner.content, ".".join(keys))))
