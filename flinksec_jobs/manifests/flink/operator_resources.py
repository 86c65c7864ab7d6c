# SPDX-License-Identifier: Apache-2.0
"""FlinkDeployments of Flink's own operator: the pods and the configuration that it makes of them.

Followed: the pod templates, laid over each other as the operator lays them, the main container with
its image, ports and memory, ``flinkConfiguration``, and what native Kubernetes sets. Not followed:
the operator's own defaults and the files of its image, which are not in the manifests.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flinksec_jobs.cluster.flink_conf import Config, Role, from_mapping
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.manifests.kube import objects
from flinksec_jobs.manifests.kube.objects import Object, Pod, dig, mapping, sequence, text

GROUP = "flink.apache.org/"
MAIN_CONTAINER = "flink-main-container"
_SECTIONS: dict[Role, str] = {"jobmanager": "jobManager", "taskmanager": "taskManager"}
_BY_NAME = "kubernetes.operator.pod-template.merge-arrays-by-name"
_PORTS: dict[Role, tuple[tuple[str, int], ...]] = {
    "jobmanager": (("rest", 8081), ("jobmanager-rpc", 6123), ("blobserver", 6124)),
    "taskmanager": (("taskmanager-rpc", 6122),),
}


def is_deployment(entry: Object) -> bool:
    """Whether an object is a FlinkDeployment of Flink's own operator."""
    return entry.kind == "FlinkDeployment" and entry.api_version.startswith(GROUP)


def is_session_job(entry: Object) -> bool:
    """Whether an object is a FlinkSessionJob of Flink's own operator."""
    return entry.kind == "FlinkSessionJob" and entry.api_version.startswith(GROUP)


def given_options(entry: Object) -> Config:
    """Return the options in ``flinkConfiguration``, a flat map or a nested one.

    Raises:
        SettingsError: it is no map of options.
    """
    return from_mapping(entry.spec.get("flinkConfiguration") or {}, "spec.flinkConfiguration")


def implied_options(entry: Object, role: Role) -> dict[str, str]:
    """Return the options that the operator and native Kubernetes set themselves."""
    implied = {
        "kubernetes.cluster-id": entry.name,
        "kubernetes.namespace": entry.namespace,
        "high-availability.cluster-id": entry.name,
        "jobmanager.rpc.address": f"{entry.name}.{entry.namespace}",
        "blob.server.port": "6124",
        "taskmanager.rpc.port": "6122",
    }
    if memory := _memory(entry, role):
        implied[f"{role}.memory.process.size"] = memory
    return implied


def role_of(pod: Pod) -> Role:
    """Return which of the two pods of a FlinkDeployment one is."""
    return "taskmanager" if pod.labels.get("component") == "taskmanager" else "jobmanager"


def pods_of(entry: Object) -> Iterator[Pod]:
    """Yield the pod of the JobManager and the pod of the TaskManagers."""
    if not is_deployment(entry):
        return
    for role, section in _SECTIONS.items():
        own = dig(entry.spec, f"{section}.podTemplate")
        path = f"spec.{section}.podTemplate." if own else "spec.podTemplate."
        yield Pod(entry, path, _template(entry, role, own))


def _template(entry: Object, role: Role, own: object) -> Mapping[str, Any]:
    base = copy.deepcopy(dict(mapping(entry.spec.get("podTemplate"))))
    try:
        by_name = text(given_options(entry).get(_BY_NAME)).lower() == "true"
    except FlinkSecError:
        by_name = False
    merged = _merged(base, mapping(own), by_name)
    spec = dict(mapping(merged.get("spec")))
    containers = [dict(mapping(one)) for one in sequence(spec.get("containers"))]
    main = next((one for one in containers if one.get("name") == MAIN_CONTAINER), None)
    if main is None:
        main = {"name": MAIN_CONTAINER}
        containers.insert(0, main)
    main["image"] = entry.spec.get("image") or main.get("image") or ""
    listed = [mapping(port).get("containerPort") for port in sequence(main.get("ports"))]
    main["ports"] = [*sequence(main.get("ports")), *(
        {"name": name, "containerPort": number}
        for name, number in _PORTS[role] if number not in listed)]  # fmt: skip
    _give_resources(main, mapping(entry.spec.get(_SECTIONS[role])))
    _mount_secrets(entry, main, spec)
    spec["containers"] = containers
    if account := entry.spec.get("serviceAccount"):
        spec["serviceAccountName"] = account
    metadata = dict(mapping(merged.get("metadata")))
    labels = {"app": entry.name, "component": role, "type": "flink-native-kubernetes"}
    metadata["labels"] = dict(mapping(metadata.get("labels"))) | labels
    return {**merged, "metadata": metadata, "spec": spec}


def _give_resources(main: dict[str, Any], section: Mapping[str, Any]) -> None:
    """Flink sets processor and memory as requests and, unless told otherwise, as limits."""
    asked = mapping(section.get("resources"))
    old = mapping(section.get("resource"))
    requests = dict(mapping(asked.get("requests"))) or dict(mapping(asked.get("limits"))) or {
        key: old[key] for key in ("cpu", "memory") if key in old}  # fmt: skip
    limits = requests | dict(mapping(asked.get("limits")))
    # The operator takes Flink's units here (2048m is 2 GiB), where Kubernetes reads a thousandth.
    for amounts in (requests, limits):
        memory = text(amounts.get("memory"))
        if memory[-1:] in {"m", "g", "k"}:
            amounts["memory"] = f"{memory[:-1]}{memory[-1].upper()}i"
    if requests:
        known = mapping(main.get("resources"))
        main["resources"] = {
            "requests": {**mapping(known.get("requests")), **requests},
            "limits": {**mapping(known.get("limits")), **limits},
        }


def _mount_secrets(entry: Object, main: dict[str, Any], spec: dict[str, Any]) -> None:
    """Mount what ``kubernetes.secrets`` lists: ``name:directory,…``."""
    try:
        listed = text(given_options(entry).get("kubernetes.secrets"))
    except FlinkSecError:
        return  # a rule of its own names it
    for pair in filter(None, re.split("[,;]", listed)):
        name, _, path = (part.strip(" '\"") for part in pair.partition(":"))
        volume = {"name": f"{name}-volume", "secret": {"secretName": name}}
        mount = {"name": f"{name}-volume", "mountPath": path, "readOnly": True}
        spec["volumes"] = [*sequence(spec.get("volumes")), volume]
        main["volumeMounts"] = [*sequence(main.get("volumeMounts")), mount]


def _memory(entry: Object, role: Role) -> str:
    section = mapping(entry.spec.get(_SECTIONS[role]))
    for path in ("resources.requests.memory", "resources.limits.memory", "resource.memory"):
        if found := text(dig(section, path)):
            return found.replace("Gi", "g").replace("Mi", "m")
    return ""


def _merged(base: Any, over: Any, by_name: bool) -> Any:
    """Lay one tree over another: maps by key, lists by place or by the names in them."""
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        result = dict(base)
        for key, value in over.items():
            result[key] = _merged(base[key], value, by_name) if key in base else value
        return result
    if isinstance(base, list) and isinstance(over, list):
        named = all(isinstance(one, Mapping) and "name" in one for one in [*base, *over])
        if by_name and named:
            places = {one["name"]: one for one in base}
            for one in over:
                known = places.get(one["name"])
                places[one["name"]] = one if known is None else _merged(known, one, True)
            return list(places.values())
        both = [_merged(one, other, by_name) for one, other in zip(base, over, strict=False)]
        return both + base[len(over) :] + over[len(base) :]
    return over


objects.PODS_OF_CUSTOM_KINDS.append(pods_of)
