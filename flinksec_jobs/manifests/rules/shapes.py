# SPDX-License-Identifier: Apache-2.0
"""Kinds, fields, types and values: what the API server refuses, and what it takes and ignores."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flinksec_jobs.manifests.kube.kinds import wrong_fields
from flinksec_jobs.manifests.kube.objects import Manifests, Place, sequence, text
from flinksec_jobs.manifests.rule import rule

_LEVELS = ("enforce", "audit", "warn")
_POD_SECURITY = "pod-security.kubernetes.io/"
# Rights may have any name that is a part of a path.
_ANY_NAME = {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
_VERSION = re.compile(r"latest|v1\.\d+")


def _wrong(manifests: Manifests, kind: str) -> Iterator[Place]:
    for entry in manifests.objects:
        for what, place in wrong_fields(entry):
            if what == kind:
                yield place


@rule(
    "shape-unknown-kind",
    why="nothing here knows this kind, so nothing of it is checked",
    fix="correct apiVersion and kind, or add its fields to custom_kinds.json",
)
def _unknown_kind(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.objects:
        if entry.type is None:
            yield entry.at("kind", f"{entry.api_version} {entry.kind}")


@rule(
    "shape-unknown-field",
    why="the field does not exist, so what it says is ignored",
    fix="correct its name or its place",
)
def _unknown_field(manifests: Manifests) -> Iterator[Place]:
    return _wrong(manifests, "unknown")


@rule(
    "shape-type",
    why="the value has the wrong type; without quotes `no`, `on`, 1e3 and 0440 are not texts",
    fix="quote it, or write the type that the field wants",
)
def _type(manifests: Manifests) -> Iterator[Place]:
    return _wrong(manifests, "type")


@rule(
    "shape-value",
    why="the field does not accept this value",
    fix="write one of the values that it takes, in their spelling",
)
def _value(manifests: Manifests) -> Iterator[Place]:
    return _wrong(manifests, "value")


@rule(
    "shape-duplicate",
    why="the object stands twice, and the last one wins",
    fix="remove one of the two",
)
def _duplicate(manifests: Manifests) -> Iterator[Place]:
    seen = set()
    for entry in manifests.objects:
        key = (entry.group, entry.kind, entry.namespace, entry.name)
        if key in seen and not entry.is_generated:
            yield entry.at("metadata.name")
        seen.add(key)


@rule(
    "shape-name",
    why="the API server refuses the name",
    fix="use lower-case letters, digits, dashes and dots, with a letter or digit at each end",
)
def _name(manifests: Manifests) -> Iterator[Place]:
    subdomain = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
    for entry in manifests.objects:
        free = entry.type is None or entry.is_a(_ANY_NAME)
        name = f"{entry.name}x" if entry.is_generated else entry.name
        if not free and not subdomain.fullmatch(name):
            yield entry.at("metadata.name", repr(entry.name))


@rule(
    "shape-restart-policy",
    why="this kind of workload does not take this restart policy",
    fix="Never or OnFailure for a Job, Always for what runs for ever, Never with podFailurePolicy",
)
def _restart_policy(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        policy = text(pod.spec.get("restartPolicy")) or "Always"
        ends = pod.owner.kind in {"Job", "CronJob"}
        if ends and policy == "Always":
            yield pod.at("spec.restartPolicy", "a Job ends")
        elif not ends and pod.owner.kind not in {"Pod", "PodTemplate"} and policy != "Always":
            yield pod.at("spec.restartPolicy", policy)
        elif "podFailurePolicy" in pod.owner.spec and policy != "Never":
            yield pod.at("spec.restartPolicy", f"{policy} with podFailurePolicy")


@rule(
    "shape-selector",
    why="the workload's selector does not take its own pods, and the API server refuses it",
    fix="give the pod template the labels of the selector",
)
def _selector(manifests: Manifests) -> Iterator[Place]:
    from flinksec_jobs.manifests.kube.labels import matches

    for pod in manifests.pods:
        selector = pod.owner.spec.get("selector")
        if pod.owner.kind in {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"} and (
            not selector or not matches(selector, pod.labels)
        ):
            yield pod.owner.at("spec.selector")


@rule(
    "shape-pod-security-label",
    why="Pod Security knows no such label or level, so it enforces less than this seems to say",
    fix="write pod-security.kubernetes.io/enforce: restricted (also audit and warn)",
)
def _pod_security_label(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.of("Namespace"):
        for label, value in entry.labels.items():
            if not label.startswith("pod-security"):
                continue
            name = label.removeprefix(_POD_SECURITY)
            known = (name in _LEVELS and value in {"privileged", "baseline", "restricted"}) or (
                name.removesuffix("-version") in _LEVELS and bool(_VERSION.fullmatch(value))
            )
            if not known:
                yield entry.at(f"metadata.labels[{label}]", value)


@rule(
    "shape-empty-workload",
    why="the workload has no container",
    fix="give it one",
)
def _empty_workload(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        if not sequence(pod.spec.get("containers")):
            yield pod.at("spec.containers")
