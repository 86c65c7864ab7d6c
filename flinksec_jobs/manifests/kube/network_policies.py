# SPDX-License-Identifier: Apache-2.0
"""NetworkPolicies, as a plugin that enforces them applies them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flinksec_jobs.manifests.kube.labels import matches
from flinksec_jobs.manifests.kube.objects import Manifests, Object, Pod, mapping, sequence, text

Direction = Literal["ingress", "egress"]
_PEERS = {"ingress": "from", "egress": "to"}


@dataclass(frozen=True)
class End:
    """One end of a connection.

    Attributes:
        name: how it is called in the matrix.
        namespace: its namespace, nothing for an address outside of the cluster.
        labels: the labels of the pod.
        namespace_labels: those of its namespace.
        pod: the pod of the manifests, if it is one of them.
        address: an address outside of the cluster; ``*`` is one that nobody named.
    """

    name: str
    namespace: str = ""
    labels: Mapping[str, str] | None = None
    namespace_labels: Mapping[str, str] | None = None
    pod: Pod | None = None
    address: str = ""


@dataclass(frozen=True)
class PortRule:
    """A rule of a policy.

    Attributes:
        policy: where it stands.
        field: its path there.
    """

    policy: Object
    field: str
    direction: Direction
    content: Mapping[str, Any]

    @property
    def peers(self) -> list[Mapping[str, Any]]:
        """Whom it names; none means everyone."""
        return [mapping(peer) for peer in sequence(self.content.get(_PEERS[self.direction]))]

    @property
    def peers_field(self) -> str:
        """The path of the peers."""
        return f"{self.field}.{_PEERS[self.direction]}"

    @property
    def ports(self) -> list[Mapping[str, Any]]:
        """Which ports it names; none means all."""
        return [mapping(port) for port in sequence(self.content.get("ports"))]

    def takes_peer(self, end: End) -> bool:
        """Whether it speaks of this other end."""
        return not self.peers or any(
            _takes(peer, self.policy.namespace, end) for peer in self.peers
        )

    def takes_port(self, number: int, protocol: str, receiver: Pod | None) -> bool:
        """Whether it speaks of this port of the receiver."""
        return not self.ports or any(
            _is_port(port, number, protocol, receiver) for port in self.ports
        )


def policy_types(policy: Object) -> set[str]:
    """Which directions a policy governs, also when it does not say so."""
    given = {text(entry) for entry in sequence(policy.spec.get("policyTypes"))}
    return given or ({"Ingress", "Egress"} if "egress" in policy.spec else {"Ingress"})


def rules_of(policy: Object, direction: Direction) -> Iterator[PortRule]:
    """Yield the rules of a policy in a direction that it governs."""
    if direction.capitalize() in policy_types(policy):
        for index, content in enumerate(sequence(policy.spec.get(direction))):
            yield PortRule(policy, f"spec.{direction}[{index}]", direction, mapping(content))


def selects(policy: Object, pod: Pod) -> bool:
    """Whether a policy applies to a pod."""
    return policy.namespace == pod.owner.namespace and matches(
        policy.spec.get("podSelector"), pod.labels
    )


def policies_for(manifests: Manifests, pod: Pod, direction: Direction) -> list[Object]:
    """Return the policies that govern a direction of a pod; with none everything is open."""
    return [
        policy
        for policy in manifests.of("NetworkPolicy")
        if direction.capitalize() in policy_types(policy) and selects(policy, pod)
    ]


def allows(
    manifests: Manifests, pod: Pod, direction: Direction, other: End, port: tuple[int, str]
) -> bool:
    """Whether a pod may send to, or receive from, another end.

    Args:
        manifests: where the policies are.
        pod: whose policies are asked.
        direction: of the connection, seen from the pod.
        other: the other end.
        port: number and protocol at the receiver.
    """
    policies = policies_for(manifests, pod, direction)
    receiver = pod if direction == "ingress" else other.pod
    return not policies or any(
        rule.takes_peer(other) and rule.takes_port(*port, receiver)
        for policy in policies
        for rule in rules_of(policy, direction)
    )


def end_of(manifests: Manifests, pod: Pod) -> End:
    """Return a pod of the manifests as an end of connections."""
    namespace = pod.owner.namespace
    labels = manifests.namespace_labels(namespace)
    return End(f"{namespace}/{pod.owner.name}", namespace, pod.labels, labels, pod)


def is_open(manifests: Manifests, source: End, target: End, port: tuple[int, str]) -> bool:
    """Whether a connection comes about, as far as policies decide."""
    sends = source.pod is None or allows(manifests, source.pod, "egress", target, port)
    takes = target.pod is None or allows(manifests, target.pod, "ingress", source, port)
    return sends and takes


def everywhere(cidr: str) -> bool:
    """Whether a block of addresses is all of them, or as good as."""
    network = network_of(cidr)
    return network is not None and network.prefixlen < 8  # noqa: PLR2004  more than any site has


def network_of(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return the block of addresses, if it is one."""
    try:
        return ipaddress.ip_network(cidr)
    except ValueError:
        return None


def _takes(peer: Mapping[str, Any], namespace: str, end: End) -> bool:
    if "ipBlock" in peer:
        cidr = text(mapping(peer["ipBlock"]).get("cidr"))
        if end.address in {"", "*"}:
            return end.address == "*" and everywhere(cidr)
        return cidr == end.address
    if end.labels is None:
        return False
    if "namespaceSelector" in peer:
        in_namespace = matches(peer["namespaceSelector"], end.namespace_labels or {})
    else:
        in_namespace = end.namespace == namespace
    return in_namespace and matches(peer.get("podSelector"), end.labels)


def _is_port(port: Mapping[str, Any], number: int, protocol: str, receiver: Pod | None) -> bool:
    if (text(port.get("protocol")) or "TCP") != protocol:
        return False
    wanted = port.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return receiver is not None and receiver.port_named(wanted) == number
    last = port.get("endPort", wanted)
    return isinstance(wanted, int) and isinstance(last, int) and wanted <= number <= last
