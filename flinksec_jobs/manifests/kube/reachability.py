# SPDX-License-Identifier: Apache-2.0
"""Who may connect to what, by the NetworkPolicies alone: the matrix that tests try for real."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from flinksec_jobs.manifests.kube.network_policies import (
    Direction,
    End,
    end_of,
    is_open,
    policies_for,
    rules_of,
)
from flinksec_jobs.manifests.kube.objects import Manifests, Pod, mapping, text

SAME_NAMESPACE = "any other pod of {}"
OTHER_NAMESPACE = "any pod elsewhere"
OUTSIDE = "outside the cluster"
Port = tuple[int, str]


@dataclass(frozen=True)
class Flow:
    """One cell of the matrix.

    Attributes:
        source: ``namespace/name`` of a workload, or who else.
        target: the same, or a block of addresses.
        port: the receiver's number.
        protocol: ``TCP``, ``UDP`` or ``SCTP``.
        is_open: whether the policies let it through.
    """

    source: str
    target: str
    port: int
    protocol: str
    is_open: bool

    def as_dict(self) -> dict[str, object]:
        """Plain values, as ``--json`` prints them."""
        return asdict(self)


def strangers(manifests: Manifests) -> list[End]:
    """Those whom no policy should know: pods beside, pods elsewhere, the world."""
    namespaces = sorted({pod.owner.namespace for pod in manifests.pods})
    beside = [
        End(SAME_NAMESPACE.format(name), name, {}, manifests.namespace_labels(name))
        for name in namespaces
    ]
    elsewhere = End(OTHER_NAMESPACE, "elsewhere", {}, {"kubernetes.io/metadata.name": "elsewhere"})
    return [*beside, elsewhere, End(OUTSIDE, address="*")]


def ends(manifests: Manifests) -> list[End]:
    """Return the workloads, one end each."""
    return [end_of(manifests, pod) for pod in manifests.pods]


def named(manifests: Manifests, *directions: Direction) -> list[End]:
    """Pods and blocks of addresses that are not in the manifests and that a policy names."""
    found: dict[str, End] = {}
    for policy in manifests.of("NetworkPolicy"):
        for direction in directions:
            for rule in rules_of(policy, direction):
                for peer in rule.peers:
                    end = _named(peer, policy.namespace)
                    if end and not _is_among(manifests, end):
                        found[end.name] = end
    return list(found.values())


def matrix(manifests: Manifests) -> list[Flow]:
    """Every workload's declared ports from everyone, and every named address from every workload.

    What a workload listens on without declaring it is not in here, and neither is what the node
    itself may do: its probes are let through by nearly every network plugin.
    """
    workloads, others = ends(manifests), named(manifests, "ingress", "egress")
    # An address that is only sent to is no likely sender.
    pods = [end for end in others if not end.address]
    senders = [*pods, *(end for end in named(manifests, "ingress") if end.address)]
    sources = [*workloads, *senders, *strangers(manifests)]
    flows = [
        _flow(manifests, source, target, port)
        for target in workloads
        for port in sorted(target.pod.ports if target.pod else ())
        for source in sources
    ]
    flows += [
        _flow(manifests, source, target, port)
        for target in [*others, End(OUTSIDE, address="*")]
        for port in _ports_towards(manifests, target)
        for source in workloads
    ]
    return list(dict.fromkeys(flows))


def table(flows: Sequence[Flow]) -> Iterator[str]:
    """Yield the matrix as lines: for each port of a target who may reach it."""
    targets = dict.fromkeys((flow.target, flow.port, flow.protocol) for flow in flows)
    for target, port, protocol in targets:
        here = [f for f in flows if (f.target, f.port, f.protocol) == (target, port, protocol)]
        yield f"{target} {port}/{protocol}"
        yield f"    open to:   {_names(here, is_open=True)}"
        yield f"    closed to: {_names(here, is_open=False)}"


def _names(flows: Sequence[Flow], *, is_open: bool) -> str:
    return ", ".join(flow.source for flow in flows if flow.is_open == is_open) or "nobody"


def _flow(manifests: Manifests, source: End, target: End, port: Port) -> Flow:
    opened = is_open(manifests, source, target, port)
    return Flow(source.name, target.name, *port, opened)


def _ports_towards(manifests: Manifests, target: End) -> list[Port]:
    ports: set[Port] = set()
    for pod in manifests.pods:
        for policy in policies_for(manifests, pod, "egress"):
            for rule in rules_of(policy, "egress"):
                if rule.peers and rule.takes_peer(target):
                    ports |= {
                        (int(port["port"]), text(port.get("protocol")) or "TCP")
                        for port in rule.ports
                        if isinstance(port.get("port"), int)
                    }
    return sorted(ports)


def _named(peer: object, namespace: str) -> End | None:
    block = mapping(mapping(peer).get("ipBlock"))
    if cidr := text(block.get("cidr")):
        return End(cidr, address=cidr)
    selector = mapping(mapping(peer).get("namespaceSelector")).get("matchLabels")
    where = {str(key): text(value) for key, value in mapping(selector).items()}
    wanted = mapping(mapping(mapping(peer).get("podSelector")).get("matchLabels"))
    labels = {str(key): text(value) for key, value in wanted.items()}
    if not where and not labels:
        return None
    place = where.get("kubernetes.io/metadata.name", "" if where else namespace)
    name = ",".join(labels.values()) or "any pod"
    known = where or {"kubernetes.io/metadata.name": namespace}
    return End(f"{place or 'labelled'}/{name}", place, labels, known)


def _is_among(manifests: Manifests, end: End) -> bool:
    return any(_fits(pod, end) for pod in manifests.pods)


def _fits(pod: Pod, end: End) -> bool:
    return end.labels is not None and (
        pod.owner.namespace == end.namespace and end.labels.items() <= pod.labels.items()
    )
