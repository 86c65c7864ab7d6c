# SPDX-License-Identifier: Apache-2.0
"""The Pod Security Standard `baseline`, field by field.

https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flinksec_jobs.manifests.kube.objects import (
    Container,
    Manifests,
    Place,
    Pod,
    dig,
    mapping,
    sequence,
    text,
    words,
)
from flinksec_jobs.manifests.rule import rule

_CAPABILITIES = words(
    "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID "
    "SETPCAP SETUID SYS_CHROOT"
)
_SYSCTLS = words(
    "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.ip_unprivileged_port_start "
    "net.ipv4.tcp_syncookies net.ipv4.ping_group_range net.ipv4.ip_local_reserved_ports "
    "net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl "
    "net.ipv4.tcp_keepalive_probes net.ipv4.tcp_rmem net.ipv4.tcp_wmem"
)
_SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_HANDLERS = (
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle.postStart",
    "lifecycle.preStop",
)


def contexts(pod: Pod) -> Iterator[tuple[Mapping[str, Any], Place]]:
    """Yield the security contexts of a pod and of its containers."""
    yield pod.security, pod.at("spec.securityContext")
    for container in pod.containers:
        yield container.security, container.at("securityContext")


def below(place: Place, field: str, note: object = "") -> Place:
    """Return a field below a place."""
    return Place(place.object, f"{place.field}.{field}", text(note))


def _all_contexts(manifests: Manifests) -> Iterator[tuple[Mapping[str, Any], Place]]:
    for pod in manifests.pods:
        yield from contexts(pod)


@rule(
    "pss-host-namespaces",
    why="the pod shares a namespace of the node and sees its processes or network",
    fix="remove hostNetwork, hostPID and hostIPC",
)
def _host_namespaces(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.spec.get(field):
                yield pod.at(f"spec.{field}")


@rule(
    "pss-host-process",
    why="a host process of Windows has the rights of the node",
    fix="remove windowsOptions.hostProcess",
)
def _host_process(manifests: Manifests) -> Iterator[Place]:
    for context, place in _all_contexts(manifests):
        if dig(context, "windowsOptions.hostProcess"):
            yield below(place, "windowsOptions.hostProcess")


@rule(
    "pss-privileged",
    why="a privileged container is root on its node",
    fix="remove privileged",
)
def _privileged(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        if container.security.get("privileged"):
            yield container.at("securityContext.privileged")


@rule(
    "pss-capabilities",
    why="the capability goes beyond what a container gets by default",
    fix="remove it from capabilities.add",
)
def _capabilities(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        for added in sequence(dig(container.security, "capabilities.add")):
            if added not in _CAPABILITIES:
                yield container.at("securityContext.capabilities.add", text(added))


@rule(
    "pss-host-path",
    why="the volume is a directory of the node",
    fix="use a persistentVolumeClaim, or an emptyDir",
)
def _host_path(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        for path, volume in pod.volumes:
            if "hostPath" in volume:
                yield pod.at(f"{path}.hostPath", text(mapping(volume["hostPath"]).get("path")))


@rule(
    "pss-host-port",
    why="the port is open on the node itself, past every NetworkPolicy of the pod",
    fix="remove hostPort; use a Service",
)
def _host_port(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        for index, port in enumerate(container.ports):
            if port.get("hostPort"):
                yield container.at(f"ports[{index}].hostPort", text(port["hostPort"]))


@rule(
    "pss-probe-host",
    why="the node connects to another host for this pod",
    fix="remove host: a probe is for the pod itself",
)
def _probe_host(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        for handler in _HANDLERS:
            for kind in ("httpGet", "tcpSocket"):
                if dig(container.content, f"{handler}.{kind}.host"):
                    yield container.at(f"{handler}.{kind}.host")


@rule(
    "pss-apparmor",
    why="the AppArmor profile is taken away",
    fix="use RuntimeDefault or Localhost, or say nothing",
)
def _apparmor(manifests: Manifests) -> Iterator[Place]:
    for context, place in _all_contexts(manifests):
        kind = dig(context, "appArmorProfile.type")
        if kind not in {None, "RuntimeDefault", "Localhost"}:
            yield below(place, "appArmorProfile.type", kind)
    for pod in manifests.pods:
        for name, value in pod.annotations.items():
            fine = value == "runtime/default" or value.startswith("localhost/")
            if name.startswith(_APPARMOR) and not fine:
                yield pod.at(f"metadata.annotations[{name}]", value)


@rule(
    "pss-selinux",
    why="a type, user or role of SELinux of its own may be a stronger one",
    fix="remove seLinuxOptions, or use container_t",
)
def _selinux(manifests: Manifests) -> Iterator[Place]:
    for context, place in _all_contexts(manifests):
        options = mapping(context.get("seLinuxOptions"))
        if text(options.get("type")) not in _SELINUX_TYPES:
            yield below(place, "seLinuxOptions.type", options.get("type"))
        for field in ("user", "role"):
            if options.get(field):
                yield below(place, f"seLinuxOptions.{field}", options[field])


@rule(
    "pss-proc-mount",
    why="/proc of the container is not masked",
    fix="remove procMount",
)
def _proc_mount(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        if container.security.get("procMount", "Default") != "Default":
            yield container.at("securityContext.procMount")


@rule(
    "pss-sysctls",
    why="the setting of the kernel may reach beyond the pod",
    fix="remove it",
)
def _sysctls(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        for index, entry in enumerate(sequence(pod.security.get("sysctls"))):
            if mapping(entry).get("name") not in _SYSCTLS:
                field = f"spec.securityContext.sysctls[{index}].name"
                yield pod.at(field, text(mapping(entry).get("name")))


@rule(
    "pss-seccomp-unconfined",
    why="every system call is let through",
    fix="use seccompProfile type RuntimeDefault",
)
def _seccomp_unconfined(manifests: Manifests) -> Iterator[Place]:
    for context, place in _all_contexts(manifests):
        if dig(context, "seccompProfile.type") == "Unconfined":
            yield below(place, "seccompProfile.type")


def effective(container: Container, field: str) -> object:
    """Return a setting of the container, or else that of its pod."""
    own = dig(container.security, field)
    return dig(container.pod.security, field) if own is None else own
