# SPDX-License-Identifier: Apache-2.0
"""What the Pod Security Standard `restricted` wants beyond `baseline`, field by field."""

from __future__ import annotations

from collections.abc import Iterator

from flinksec_jobs.manifests.kube.objects import Manifests, Place, dig, sequence, text, words
from flinksec_jobs.manifests.rule import rule
from flinksec_jobs.manifests.rules.pod_security_baseline import below, contexts, effective

_VOLUMES = words(
    "configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret"
)


@rule(
    "pss-volume-type",
    why="restricted Pod Security does not take this type of volume",
    fix="use a PersistentVolumeClaim, for NFS too",
)
def _volume_type(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        for path, volume in pod.volumes:
            for kind in volume.keys() - _VOLUMES - {"name"}:
                yield pod.at(f"{path}.{kind}")


@rule(
    "pss-privilege-escalation",
    why="a program with setuid may gain rights that the container does not have",
    fix="set allowPrivilegeEscalation: false",
)
def _privilege_escalation(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        if container.security.get("allowPrivilegeEscalation") is not False:
            yield container.at("securityContext.allowPrivilegeEscalation")


@rule(
    "pss-run-as-non-root",
    why="nothing keeps the container from running as root",
    fix="set runAsNonRoot: true for the pod",
)
def _run_as_non_root(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        if effective(container, "runAsNonRoot") is not True:
            yield container.at("securityContext.runAsNonRoot")


@rule(
    "pss-run-as-root",
    why="it runs as root",
    fix="use another number, such as 10001",
)
def _run_as_root(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        for context, place in contexts(pod):
            if context.get("runAsUser") == 0:
                yield below(place, "runAsUser")


@rule(
    "pss-seccomp",
    why="without a profile every system call may be let through",
    fix="set seccompProfile type RuntimeDefault for the pod",
)
def _seccomp(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        kind = effective(container, "seccompProfile.type")
        if kind not in {"RuntimeDefault", "Localhost", "Unconfined"}:
            yield container.at("securityContext.seccompProfile.type", text(kind))


@rule(
    "pss-drop-all",
    why="the container keeps capabilities",
    fix="set capabilities.drop: [ALL]",
)
def _drop_all(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        if "ALL" not in sequence(dig(container.security, "capabilities.drop")):
            yield container.at("securityContext.capabilities.drop")


@rule(
    "pss-add-capability",
    why="restricted Pod Security takes no added capability but NET_BIND_SERVICE",
    fix="remove it from capabilities.add",
)
def _add_capability(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        for added in sequence(dig(container.security, "capabilities.add")):
            if added != "NET_BIND_SERVICE":
                yield container.at("securityContext.capabilities.add", text(added))


@rule(
    "pss-namespace",
    why="nothing enforces restricted Pod Security in this namespace",
    fix="label it pod-security.kubernetes.io/enforce: restricted",
)
def _namespace(manifests: Manifests) -> Iterator[Place]:
    used = {pod.owner.namespace for pod in manifests.pods}
    for entry in manifests.of("Namespace"):
        level = entry.labels.get("pod-security.kubernetes.io/enforce")
        if entry.name in used and level != "restricted":
            field = "metadata.labels[pod-security.kubernetes.io/enforce]"
            yield entry.at(field, level or "missing")
