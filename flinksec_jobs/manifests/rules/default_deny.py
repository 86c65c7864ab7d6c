# SPDX-License-Identifier: Apache-2.0
"""NetworkPolicies: nothing by default, then exactly the flows that exist, named at both ends."""

from __future__ import annotations

from collections.abc import Iterator

from flinksec_jobs.manifests.kube.network_policies import (
    Direction,
    End,
    PortRule,
    allows,
    end_of,
    everywhere,
    network_of,
    policies_for,
    policy_types,
    rules_of,
    selects,
)
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

_DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")
_DNS = 53


def _rules(manifests: Manifests) -> Iterator[PortRule]:
    for policy in manifests.of("NetworkPolicy"):
        for direction in _DIRECTIONS:
            yield from rules_of(policy, direction)


@rule(
    "net-default-deny",
    why="a pod that no policy selects can send and receive anything",
    fix="add a NetworkPolicy with podSelector {} and policyTypes [Ingress, Egress] without rules",
)
def _default_deny(manifests: Manifests) -> Iterator[Place]:
    owners = {pod.owner.namespace: pod.owner for pod in manifests.pods}
    for namespace, owner in owners.items():
        denied = {
            kind
            for policy in manifests.of("NetworkPolicy")
            if policy.namespace == namespace and _takes_all(policy)
            for kind in policy_types(policy)
            if not policy.spec.get(kind.lower())
        }
        missing = [kind for kind in ("Ingress", "Egress") if kind not in denied]
        if missing:
            entry = manifests.find("Namespace", namespace, "") or owner
            yield entry.at("metadata.namespace", f"{' and '.join(missing)} in {namespace}")


def _takes_all(policy: Object) -> bool:
    return policy.spec.get("podSelector") == {}


@rule(
    "net-selects-nothing",
    why="the policy applies to no pod of these manifests",
    fix="correct its podSelector or its namespace",
)
def _selects_nothing(manifests: Manifests) -> Iterator[Place]:
    for policy in manifests.of("NetworkPolicy"):
        if not any(selects(policy, pod) for pod in manifests.pods):
            yield policy.at("spec.podSelector")


@rule(
    "net-policy-types",
    why="the policy has rules for a direction that its policyTypes leave out: they are ignored",
    fix="name the direction in policyTypes",
)
def _policy_types(manifests: Manifests) -> Iterator[Place]:
    for policy in manifests.of("NetworkPolicy"):
        for direction in _DIRECTIONS:
            governed = direction.capitalize() in policy_types(policy)
            if policy.spec.get(direction) and not governed:
                yield policy.at("spec.policyTypes", f"lacks {direction.capitalize()}")


@rule(
    "net-everyone",
    why="the rule names nobody, or every address, and so lets everyone",
    fix="name pods, a namespace, or a narrow ipBlock",
)
def _everyone(manifests: Manifests) -> Iterator[Place]:
    for port_rule in _rules(manifests):
        if not port_rule.peers:
            yield port_rule.policy.at(port_rule.peers_field)
        for index, peer in enumerate(port_rule.peers):
            cidr = text(mapping(peer.get("ipBlock")).get("cidr"))
            all_pods = peer.get("namespaceSelector") == {} and not peer.get("podSelector")
            if all_pods or (cidr and everywhere(cidr)):
                yield port_rule.policy.at(f"{port_rule.peers_field}[{index}]", cidr)


@rule(
    "net-all-ports",
    why="the rule names no port, and so opens all of them",
    fix="list the ports",
)
def _all_ports(manifests: Manifests) -> Iterator[Place]:
    for port_rule in _rules(manifests):
        if not port_rule.ports or any("port" not in port for port in port_rule.ports):
            yield port_rule.policy.at(f"{port_rule.field}.ports")


@rule(
    "net-cidr",
    why="the block is no block of addresses, and the API server refuses it",
    fix="write a network such as 192.0.2.0/24",
)
def _cidr(manifests: Manifests) -> Iterator[Place]:
    for port_rule in _rules(manifests):
        for index, peer in enumerate(port_rule.peers):
            cidr = text(mapping(peer.get("ipBlock")).get("cidr"))
            if "ipBlock" in peer and network_of(cidr) is None:
                yield port_rule.policy.at(f"{port_rule.peers_field}[{index}].ipBlock.cidr", cidr)


@rule(
    "net-peer-nothing",
    why="the rule names pods of these manifests' namespaces that do not exist",
    fix="correct the labels of its podSelector",
)
def _peer_nothing(manifests: Manifests) -> Iterator[Place]:
    own = {pod.owner.namespace for pod in manifests.pods}
    pods = [end_of(manifests, pod) for pod in manifests.pods]
    for port_rule in _rules(manifests):
        for index, peer in enumerate(port_rule.peers):
            single = PortRule(port_rule.policy, "", port_rule.direction, {_key(port_rule): [peer]})
            if _namespace(port_rule, peer) in own and not any(map(single.takes_peer, pods)):
                yield port_rule.policy.at(f"{port_rule.peers_field}[{index}].podSelector")


def _key(port_rule: PortRule) -> str:
    return "from" if port_rule.direction == "ingress" else "to"


def _namespace(port_rule: PortRule, peer: object) -> str:
    if "ipBlock" in mapping(peer):
        return ""
    selector = mapping(mapping(peer).get("namespaceSelector")).get("matchLabels")
    if "namespaceSelector" in mapping(peer):
        return text(mapping(selector).get("kubernetes.io/metadata.name"))
    return port_rule.policy.namespace


@rule(
    "net-port",
    why="the receiving pod declares no such port; a policy wants the pod's, not the Service's",
    fix="name the containerPort",
)
def _port(manifests: Manifests) -> Iterator[Place]:
    for port_rule in _rules(manifests):
        for pod in manifests.pods:
            if not _receives(manifests, port_rule, pod) or not pod.ports:
                continue
            for index, port in enumerate(port_rule.ports):
                single = PortRule(port_rule.policy, "", port_rule.direction, {"ports": [port]})
                if not any(single.takes_port(*known, pod) for known in pod.ports):
                    field = f"{port_rule.field}.ports[{index}].port"
                    yield port_rule.policy.at(field, f"{port.get('port')} in {pod.owner}")


def _receives(manifests: Manifests, port_rule: PortRule, pod: Pod) -> bool:
    if port_rule.direction == "ingress":
        # The one that takes all pods cannot know their ports.
        return not _takes_all(port_rule.policy) and selects(port_rule.policy, pod)
    return bool(port_rule.peers) and port_rule.takes_peer(end_of(manifests, pod))


@rule(
    "net-one-sided",
    why="one end lets the connection through and the other does not, so it does not come about",
    fix="name the flow at both ends, or at none",
)
def _one_sided(manifests: Manifests) -> Iterator[Place]:
    ends = [(pod, end_of(manifests, pod)) for pod in manifests.pods]
    for source, source_end in ends:
        for target, target_end in ends:
            for port in target.ports:
                sends = _explicit(manifests, source, "egress", target_end, port)
                takes = _explicit(manifests, target, "ingress", source_end, port)
                note = f"{source.owner} to {target.owner} {port[0]}/{port[1]}"
                if sends and not allows(manifests, target, "ingress", source_end, port):
                    yield sends.at("spec.egress", note)
                if takes and not allows(manifests, source, "egress", target_end, port):
                    yield takes.at("spec.ingress", note)


def _explicit(
    manifests: Manifests, pod: Pod, direction: Direction, other: End, port: tuple[int, str]
) -> Object | None:
    """Return the policy that names this flow."""
    receiver = pod if direction == "ingress" else other.pod
    for policy in policies_for(manifests, pod, direction):
        for found in rules_of(policy, direction):
            named = found.peers and found.ports
            if named and found.takes_peer(other) and found.takes_port(*port, receiver):
                return policy
    return None


@rule(
    "net-no-dns",
    why="the pod may send to someone, but not ask for names",
    fix="allow UDP and TCP 53 to the cluster's DNS",
)
def _no_dns(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        policies = policies_for(manifests, pod, "egress")
        found = [entry for policy in policies for entry in rules_of(policy, "egress")]
        for protocol in ("UDP", "TCP"):
            if found and not any(entry.takes_port(_DNS, protocol, None) for entry in found):
                yield pod.owner.at("spec", f"{protocol} {_DNS}")


@rule(
    "net-dns-anywhere",
    why="port 53 is open to anyone, and a name server elsewhere can carry data out",
    fix="name the pods of the cluster's DNS, in kube-system",
)
def _dns_anywhere(manifests: Manifests) -> Iterator[Place]:
    for port_rule in _rules(manifests):
        ports = [port.get("port") for port in port_rule.ports]
        if port_rule.direction == "egress" and _DNS in ports:
            for peer in sequence(port_rule.content.get("to")) or [{}]:
                if not mapping(peer).get("podSelector") and "ipBlock" not in mapping(peer):
                    yield port_rule.policy.at(port_rule.peers_field)
