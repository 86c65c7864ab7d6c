# SPDX-License-Identifier: Apache-2.0
"""What is mounted exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flinksec_jobs.manifests.kube.objects import (
    Manifests,
    Object,
    Place,
    Pod,
    mapping,
    sequence,
    text,
)
from flinksec_jobs.manifests.rule import rule

# Kubernetes itself puts it into every namespace.
_GIVEN = {"kube-root-ca.crt"}


def config_maps(pod: Pod) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the ConfigMaps that the volumes of a pod name, also in a projection."""
    for path, volume in pod.volumes:
        if "configMap" in volume:
            yield f"{path}.configMap", mapping(volume["configMap"])
        for index, source in enumerate(sequence(mapping(volume.get("projected")).get("sources"))):
            if "configMap" in mapping(source):
                field = f"{path}.projected.sources[{index}].configMap"
                yield field, mapping(source["configMap"])


def keys_of(manifests: Manifests, name: str, namespace: str) -> set[str] | None:
    """Return the keys of a ConfigMap, `None` if there is none."""
    found = manifests.find("ConfigMap", name, namespace)
    if found is None:
        return None
    return {
        text(key)
        for field in ("data", "binaryData")
        for key in mapping(found.content.get(field))
    }  # fmt: skip


@rule(
    "volume-config-map",
    why="the ConfigMap is not in these manifests, and the pod waits for it for ever",
    fix="add it, or correct the name",
)
def _config_map(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        for path, source in config_maps(pod):
            name = text(source.get("name"))
            missing = keys_of(manifests, name, pod.owner.namespace) is None
            if missing and name not in _GIVEN and not source.get("optional"):
                yield pod.at(f"{path}.name", name)


@rule(
    "volume-key",
    why="the ConfigMap has no such key, and the pod does not start or gets a directory instead",
    fix="correct the key, or add it",
)
def _key(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        namespace = pod.owner.namespace
        for path, source in config_maps(pod):
            keys = keys_of(manifests, text(source.get("name")), namespace)
            for index, item in enumerate(sequence(source.get("items"))):
                key = text(mapping(item).get("key"))
                if keys is not None and key not in keys:
                    yield pod.at(f"{path}.items[{index}].key", key)
        plain = {
            volume.get("name"): text(mapping(volume.get("configMap")).get("name"))
            for _, volume in pod.volumes
            if "configMap" in volume and not mapping(volume["configMap"]).get("items")
        }
        for container in pod.containers:
            for index, mount in enumerate(container.mounts):
                wanted = text(mount.get("subPath"))
                name = plain.get(mount.get("name"))
                keys = keys_of(manifests, name, namespace) if name else None
                if wanted and keys is not None and wanted not in keys:
                    yield container.at(f"volumeMounts[{index}].subPath", wanted)


@rule(
    "volume-mount",
    why="the container mounts a volume that the pod does not have",
    fix="correct the name, or add the volume",
)
def _mount(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        known = {volume.get("name") for _, volume in container.pod.volumes}
        if container.pod.owner.kind == "StatefulSet":
            claims = sequence(container.pod.owner.spec.get("volumeClaimTemplates"))
            known |= {mapping(mapping(claim).get("metadata")).get("name") for claim in claims}
        for index, mount in enumerate(container.mounts):
            if mount.get("name") not in known:
                yield container.at(f"volumeMounts[{index}].name", text(mount.get("name")))


@rule(
    "volume-unused",
    severity="warning",
    why="the pod has a volume that none of its containers mounts",
    fix="mount it, or remove it",
)
def _unused(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        used = {mount.get("name") for one in pod.containers for mount in one.mounts}
        for path, volume in pod.volumes:
            if volume.get("name") not in used:
                yield pod.at(path, text(volume.get("name")))


@rule(
    "volume-claim",
    why="the claim is not in these manifests, and the pod waits for it for ever",
    fix="add the PersistentVolumeClaim, or correct the name",
)
def _claim(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        for path, volume in pod.volumes:
            name = text(mapping(volume.get("persistentVolumeClaim")).get("claimName"))
            known = manifests.find("PersistentVolumeClaim", name, pod.owner.namespace)
            if "persistentVolumeClaim" in volume and known is None:
                yield pod.at(f"{path}.persistentVolumeClaim.claimName", name)


@rule(
    "volume-binding",
    why="volume and claim do not find each other, and the claim stays pending",
    fix="make volumeName, claimRef (name and namespace), storageClassName and accessModes agree",
)
def _binding(manifests: Manifests) -> Iterator[Place]:
    for claim in manifests.of("PersistentVolumeClaim"):
        name = text(claim.spec.get("volumeName"))
        volume = manifests.find("PersistentVolume", name, "") if name else None
        if volume is None:
            continue
        reference = mapping(volume.spec.get("claimRef"))
        if (reference.get("name"), reference.get("namespace")) != (claim.name, claim.namespace):
            yield volume.at("spec.claimRef", f"{claim.namespace}/{claim.name} claims it")
        # Left out in a claim it is the default class, which is not the empty one.
        if claim.spec.get("storageClassName") != volume.spec.get("storageClassName", ""):
            yield claim.at("spec.storageClassName")
        wanted = set(map(text, sequence(claim.spec.get("accessModes"))))
        if not wanted <= set(map(text, sequence(volume.spec.get("accessModes")))):
            yield claim.at("spec.accessModes")


@rule(
    "volume-nfs-options",
    why="files on the export can be run with another's rights, or I/O errors pass for success",
    fix="mountOptions: hard, nosuid, nodev",
)
def _nfs_options(manifests: Manifests) -> Iterator[Place]:
    for volume in manifests.of("PersistentVolume"):
        options = set(map(text, sequence(volume.spec.get("mountOptions"))))
        wrong = ({"hard", "nosuid", "nodev"} - options) | ({"soft", "suid", "dev"} & options)
        if "nfs" in volume.spec and wrong:
            yield volume.at("spec.mountOptions", ", ".join(sorted(wrong)))


# They give a directory of the node.
_NODE_DRIVERS = ("hostpath.csi.k8s.io", "local.csi.openebs.io")
_NODE_PROVISIONERS = {
    "rancher.io/local-path",
    "k8s.io/minikube-hostpath",
    "docker.io/hostpath",
    "microk8s.io/hostpath",
    "kubevirt.io/hostpath-provisioner",
    "openebs.io/local",
}


@rule(
    "volume-node-path",
    why="the volume is a directory of the node, which Pod Security does not see behind a claim, "
    "and whoever is on the node reads and changes it",
    fix="use storage that is not the node's, such as NFS or a CSI driver",
)
def _node_path(manifests: Manifests) -> Iterator[Place]:
    for volume in manifests.of("PersistentVolume"):
        for kind in ("hostPath", "local"):
            if kind in volume.spec:
                path = text(mapping(volume.spec[kind]).get("path"))
                yield volume.at(f"spec.{kind}", ", ".join(filter(None, (path, _claimed(volume)))))
        driver = text(mapping(volume.spec.get("csi")).get("driver"))
        if driver in _NODE_DRIVERS:
            yield volume.at("spec.csi.driver", driver)
    for entry in manifests.of("StorageClass"):
        provisioner = text(entry.content.get("provisioner"))
        if provisioner in _NODE_PROVISIONERS or provisioner in _NODE_DRIVERS:
            yield entry.at("provisioner", provisioner)


def _claimed(volume: Object) -> str:
    reference = mapping(volume.spec.get("claimRef"))
    name = text(reference.get("name"))
    return f"for the claim {text(reference.get('namespace'))}/{name}" if name else ""
