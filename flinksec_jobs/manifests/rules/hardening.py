# SPDX-License-Identifier: Apache-2.0
"""What a pod should have beyond Pod Security."""

from __future__ import annotations

from collections.abc import Iterator

from flinksec_jobs.manifests.kube.objects import Manifests, Place, dig, mapping, text
from flinksec_jobs.manifests.kube.quantities import amount
from flinksec_jobs.manifests.rule import rule


@rule(
    "pod-read-only-root",
    severity="warning",
    why="whoever gets into the container can change its programs",
    fix="set readOnlyRootFilesystem: true, and mount what it writes to",
)
def _read_only_root(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        if container.security.get("readOnlyRootFilesystem") is not True:
            yield container.at("securityContext.readOnlyRootFilesystem")


@rule(
    "pod-service-links",
    severity="warning",
    why="the addresses of all Services of the namespace stand in the environment",
    fix="set enableServiceLinks: false",
)
def _service_links(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        if pod.spec.get("enableServiceLinks") is not False:
            yield pod.at("spec.enableServiceLinks")


@rule(
    "pod-token",
    why="every container of the pod gets a token for the API server",
    fix="set automountServiceAccountToken: false, and mount a projected token where one is needed",
)
def _token(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        mounts = pod.spec.get("automountServiceAccountToken")
        if mounts is None:  # then the account's own word counts
            name, namespace = pod.account or "default", pod.owner.namespace
            account = manifests.find("ServiceAccount", name, namespace)
            mounts = account.content.get("automountServiceAccountToken") if account else None
        if mounts is not False:
            yield pod.at("spec.automountServiceAccountToken")


@rule(
    "pod-default-account",
    severity="warning",
    why="the account `default` is shared, and any right given to it is everybody's",
    fix="give the pod a ServiceAccount of its own",
)
def _default_account(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        if pod.account in {"", "default"}:
            yield pod.at("spec.serviceAccountName")


@rule(
    "pod-memory-volume-size",
    severity="warning",
    why="a volume in memory without a limit may fill all of the pod's memory",
    fix="set emptyDir.sizeLimit",
)
def _memory_volume_size(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        for path, volume in pod.volumes:
            directory = mapping(volume.get("emptyDir"))
            if directory.get("medium") == "Memory" and not directory.get("sizeLimit"):
                yield pod.at(f"{path}.emptyDir.sizeLimit")


@rule(
    "pod-memory-sum",
    why="volumes in memory count for the container that fills them, and leave it too little",
    fix="raise limits.memory above the sum of the sizeLimits",
)
def _memory_sum(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        limit = amount(dig(container.content, "resources.limits.memory"))
        names = {mount.get("name") for mount in container.mounts}
        volumes = [mapping(volume.get("emptyDir")) for _, volume in container.pod.volumes
                   if volume.get("name") in names]  # fmt: skip
        used = [amount(volume.get("sizeLimit")) for volume in volumes
                if volume.get("medium") == "Memory"]  # fmt: skip
        total = sum(size for size in used if size)
        if limit is not None and total >= limit:
            yield container.at("resources.limits.memory", f"{total} bytes of volumes")


@rule(
    "pod-shared-processes",
    why="containers of the pod see each other's processes and, in /proc, their files",
    fix="remove shareProcessNamespace",
)
def _shared_processes(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        if pod.spec.get("shareProcessNamespace"):
            yield pod.at("spec.shareProcessNamespace")


@rule(
    "pod-ephemeral",
    why="a container for debugging is left in the manifests",
    fix="remove ephemeralContainers",
)
def _ephemeral(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        if container.kind == "ephemeralContainers":
            yield container.at("name", text(container.name))
