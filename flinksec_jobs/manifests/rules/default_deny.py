# SPDX-License-Identifier: Apache-2.0
"""NetworkPolicies: nothing by default, then exactly the flows that exist, named at both ends."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from flinksec_jobs.manifests.kube.addresses import union
from flinksec_jobs.manifests.kube.connections import (
    allows,
    end_of,
    has_host_network,
    meant,
    rules_for,
    selected,
    selects,
)
from flinksec_jobs.manifests.kube.label_sets import NAME
from flinksec_jobs.manifests.kube.network_policies import (
    DIRECTIONS,
    LAST_PORT,
    Direction,
    Policy,
    Ports,
    Rule,
    policies,
    single,
)
from flinksec_jobs.manifests.kube.objects import Manifests, Place, Pod
from flinksec_jobs.manifests.rule import rule

_DNS = 53


def _rules(manifests: Manifests) -> Iterator[Rule]:
    for policy in policies(manifests):
        yield from policy.effective_rules


@rule(
    "net-default-deny",
    why="a pod that no policy selects can send and receive anything",
    fix="add a NetworkPolicy with podSelector {} and policyTypes [Ingress, Egress] without rules",
)
def _default_deny(manifests: Manifests) -> Iterator[Place]:
    owners = {pod.owner.namespace: pod.owner for pod in manifests.pods}
    for namespace, owner in owners.items():
        denied = {
            direction
            for policy in policies(manifests)
            if policy.object.namespace == namespace and policy.selector.takes_all
            for direction in policy.directions
            if not any(policy.rules_of(direction))
        }
        missing = [one.capitalize() for one in DIRECTIONS if one not in denied]
        if missing:
            entry = manifests.find("Namespace", namespace, "") or owner
            yield entry.at("metadata.namespace", f"{' and '.join(missing)} in {namespace}")


@rule(
    "net-selects-nothing",
    severity="warning",
    why="the policy applies to no pod of these manifests",
    fix="correct its podSelector or its namespace",
)
def _selects_nothing(manifests: Manifests) -> Iterator[Place]:
    for policy in policies(manifests):
        if not selected(policy, manifests):
            yield policy.object.at("spec.podSelector")


@rule(
    "net-host-network",
    why="most network plugins apply no policy to a pod in its node's network: it is open",
    fix="remove hostNetwork",
)
def _host_network(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        if has_host_network(pod):
            for policy in policies(manifests):
                if selects(policy, manifests, pod):
                    yield pod.at("spec.hostNetwork", f"{policy.object} would apply to it")


@rule(
    "net-policy-types",
    why="the policy has a list for a direction that it does not govern: it is ignored",
    fix="name the direction in policyTypes",
)
def _policy_types(manifests: Manifests) -> Iterator[Place]:
    for policy in policies(manifests):
        for direction in DIRECTIONS:
            given = policy.object.spec.get(direction) is not None
            if given and direction not in policy.directions:
                yield policy.object.at("spec.policyTypes", f"lacks {direction.capitalize()}")


@rule(
    "net-everyone",
    why="the rule names nobody, or so many that it lets everyone",
    fix="name pods by a label's value, a namespace, or a narrow ipBlock",
)
def _everyone(manifests: Manifests) -> Iterator[Place]:
    for found in _rules(manifests):
        anybody = [peer for peer in found.peers or () if peer.is_anybody]
        for peer in anybody:
            yield found.policy.at(peer.field, str(peer))
        blocks = union(peer.addresses for peer in found.peers or () if peer.addresses)
        if found.peers is None or (not anybody and blocks.is_everywhere):
            yield found.policy.at(found.peers_field, blocks.name)


@rule(
    "net-all-ports",
    why="the rule names no port, and so opens all of them",
    fix="list the ports",
)
def _all_ports(manifests: Manifests) -> Iterator[Place]:
    for found in _rules(manifests):
        if found.ports is None:
            yield found.policy.at(f"{found.field}.ports")
        for port in found.ports or ():
            if 2 * (port.last - port.first) >= LAST_PORT:
                yield found.policy.at(f"{found.field}.ports", str(port))


@rule(
    "net-cidr",
    why="the block is not written as a network",
    fix="write a network such as 192.0.2.0/24, and exceptions that are parts of it",
)
def _cidr(manifests: Manifests) -> Iterator[Place]:
    for found in _rules(manifests):
        for peer in found.peers or ():
            if peer.badly_written:
                yield found.policy.at(f"{peer.field}.ipBlock", peer.badly_written)


@rule(
    "net-refused",
    why="the API server refuses the policy, and then it protects nothing",
    fix="name one kind of peer in each entry, and ports by a number or a declared name",
)
def _refused(manifests: Manifests) -> Iterator[Place]:
    for found in _rules(manifests):
        for peer in found.peers or ():
            if peer.refused:
                yield found.policy.at(peer.field, peer.refused)
        for field, why in found.refused_ports:
            yield found.policy.at(field, why)


@rule(
    "net-peer-nothing",
    why="the rule names nobody, or pods of these manifests' namespaces that do not exist",
    fix="correct the labels of its podSelector, or the exceptions of its ipBlock",
)
def _peer_nothing(manifests: Manifests) -> Iterator[Place]:
    own = {pod.owner.namespace for pod in manifests.pods}
    for found in _rules(manifests):
        for peer in found.peers or ():
            named = peer.namespaces.at(NAME).listed
            here = peer.addresses is None and named is not None and named <= own
            if not peer.refused and (peer.is_nobody or (here and not meant(peer, manifests))):
                yield found.policy.at(peer.field, str(peer))


@rule(
    "net-port",
    why="the receiving pod declares no such port; a policy wants the pod's, not the Service's",
    fix="name the containerPort",
)
def _port(manifests: Manifests) -> Iterator[Place]:
    for policy in policies(manifests):
        for found in policy.effective_rules:
            for pod in _receivers(manifests, policy, found):
                for index, port in enumerate(found.ports or ()):
                    if not any(port.take(single(*known), pod) for known in pod.ports):
                        field = f"{found.field}.ports[{index}].port"
                        yield found.policy.at(field, f"{port} in {pod.owner}")


def _receivers(manifests: Manifests, policy: Policy, found: Rule) -> Iterator[Pod]:
    """Yield the pods that a rule is about as receivers, and that declare ports."""
    if found.direction == "egress":
        peers = [meant(peer, manifests, for_sure=True) for peer in found.peers or ()]
        yield from (pod for pods in peers for pod in pods if pod.ports)
    elif not policy.selector.takes_all:
        # The one that takes all pods cannot know their ports.
        yield from (pod for pod in selected(policy, manifests) if pod.ports)


@rule(
    "net-one-sided",
    why="one end lets the connection through and the other does not, so it does not come about",
    fix="name the flow at both ends, or at none",
)
def _one_sided(manifests: Manifests) -> Iterator[Place]:
    for policy in policies(manifests):
        pods = selected(policy, manifests)
        for found in policy.effective_rules:
            # A peer that takes all speaks of nobody.
            peers = [peer for peer in found.peers or () if peer.pods.pinned()]
            others = [pod for peer in peers for pod in meant(peer, manifests, for_sure=True)]
            for pod, other in product(pods, others):
                if other is not pod and not has_host_network(pod):
                    yield from _half(manifests, found, pod, other)


def _half(manifests: Manifests, found: Rule, pod: Pod, other: Pod) -> Iterator[Place]:
    """Yield the ports of a flow that a rule of one end names, and the other end forbids."""
    end, sends = end_of(manifests, pod), found.direction == "egress"
    receiver = other if sends else pod
    there: Direction = "ingress" if sends else "egress"
    source, target = (pod, other) if sends else (other, pod)
    for number, protocol in receiver.ports:
        port = single(number, protocol)
        named = found.ports is not None and found.takes_port(port, receiver)
        if named and not allows(manifests, other, there, end, port):
            note = f"{source.owner} to {target.owner} {port}"
            yield found.policy.at(f"spec.{found.direction}", note)


@rule(
    "net-no-dns",
    why="the pod may send to someone, but not ask for names",
    fix="allow UDP and TCP 53 to the cluster's DNS",
)
def _no_dns(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        found = rules_for(manifests, pod, "egress")
        for protocol in ("UDP", "TCP"):
            if found and not any(_asks_names(entry, protocol) for entry in found):
                yield pod.owner.at("spec", f"{protocol} {_DNS}")


def _asks_names(found: Rule, protocol: str) -> bool:
    by_name = any(port.name and port.protocol == protocol for port in found.ports or ())
    return by_name or found.takes_port(single(_DNS, protocol), None)


@rule(
    "net-dns-anywhere",
    why="port 53 is open to anyone, and a name server elsewhere can carry data out",
    fix="name the pods of the cluster's DNS, in kube-system",
)
def _dns_anywhere(manifests: Manifests) -> Iterator[Place]:
    for found in _rules(manifests):
        if found.direction == "egress" and any(map(_is_dns, found.ports or ())):
            if found.peers is None:
                yield found.policy.at(found.peers_field)
            for peer in found.peers or ():
                if peer.addresses is None and not peer.pods.pinned():
                    yield found.policy.at(peer.field)


def _is_dns(port: Ports) -> bool:
    return not port.name and port.first <= _DNS <= port.last
