# SPDX-License-Identifier: Apache-2.0
"""Who may connect to what, by the NetworkPolicies alone: the matrix that tests try for real."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache

from flinksec_jobs.manifests.kube.addresses import EVERY_ADDRESS
from flinksec_jobs.manifests.kube.connections import (
    End,
    end_of,
    is_open,
    namespace_of,
    network,
    peer_end,
    rules_for,
)
from flinksec_jobs.manifests.kube.label_sets import EVERYBODY, NAME, LabelSet, Values
from flinksec_jobs.manifests.kube.network_policies import EVERY_PORT, Ports, Rule, single
from flinksec_jobs.manifests.kube.objects import Manifests, Pod

SAME_NAMESPACE = "any other pod of {}"
OTHER_NAMESPACE = "any pod elsewhere"
OUTSIDE = "outside the cluster"
EVERYWHERE = "everywhere"


@dataclass(frozen=True)
class Flow:
    """One cell of the matrix.

    Attributes:
        source: ``namespace/name`` of a workload, or who else.
        target: the same.
        port: the receiver's number, the lowest of a range; 0 if only a name is known.
        end_port: the highest of the range, the same for a single one.
        protocol: ``TCP``, ``UDP``, ``SCTP``, or ``any``.
        port_name: the name of the port, where the receiver is not in the manifests.
        is_open: whether the policies let it through.
    """

    source: str
    target: str
    port: int
    end_port: int
    protocol: str
    port_name: str
    is_open: bool

    def as_dict(self) -> dict[str, object]:
        """Plain values, as ``--json`` prints them."""
        return asdict(self)


@lru_cache(maxsize=4)
def strangers(manifests: Manifests) -> tuple[End, ...]:
    """Those whom no policy should know: pods beside, pods elsewhere, the world."""
    namespaces = sorted({pod.owner.namespace for pod in manifests.pods})
    beside = [
        End(SAME_NAMESPACE.format(name), EVERYBODY, namespace_of(manifests, name))
        for name in namespaces
    ]
    others = LabelSet({NAME: Values(absent=False, never=frozenset(namespaces))})
    return (
        *beside,
        End(OTHER_NAMESPACE, EVERYBODY, others),
        End(OUTSIDE, addresses=EVERY_ADDRESS),
    )


def ends(manifests: Manifests) -> list[End]:
    """Return the workloads, one end each."""
    return [end_of(manifests, pod) for pod in manifests.pods]


def named(rules: Iterable[Rule]) -> list[End]:
    """Return whom rules name: pods by their labels, and blocks of addresses."""
    peers = [peer for rule in rules for peer in rule.peers or () if not peer.is_nobody]
    return list({str(peer): peer_end(peer) for peer in peers}.values())


def are_among(end: End, pods: Iterable[Pod]) -> bool:
    """Whether whoever a rule names has all the labels of some of these pods, in their namespace.

    Whether a pod of another origin takes the same labels cannot be seen in manifests.
    """
    where = end.namespaces.at(NAME).listed
    if end.labels is None or where is None or len(where) != 1:
        return False
    wanted = end.labels.pinned()
    here = [pod.labels for pod in pods if pod.owner.namespace in where]
    return bool(wanted) and all(
        any(labels.items() <= known.items() for known in here) for labels in wanted
    )


def entrants(manifests: Manifests, pod: Pod, port: Ports) -> list[End]:
    """Return everybody whom a pod lets in at a port, as far as policies say so.

    Workloads of the manifests, those who stand for everybody else, and those whom rules name.
    """
    target = end_of(manifests, pod)
    rules = [rule for rule in rules_for(manifests, pod, "ingress") if rule.takes_port(port, pod)]
    everybody = [*ends(manifests), *strangers(manifests)]
    opened = [end for end in everybody if is_open(manifests, end, target, port)]
    return [*opened, *(end for end in named(rules) if not are_among(end, manifests.pods))]


def matrix(manifests: Manifests) -> list[Flow]:
    """Every workload's ports from everyone, and whatever workloads may send to from each of them.

    Its ports are those that it declares and those that policies open. The node itself is not in
    here: nearly every network plugin lets its probes through.
    """
    workloads = ends(manifests)
    flows = [
        _flow(manifests, source, target, port)
        for target in workloads
        for port in _ports_of(manifests, target.pod)
        for source in [*workloads, *_senders(manifests, target.pod), *strangers(manifests)]
    ]
    flows += [
        _flow(manifests, source, target, port)
        for target, port in beyond(manifests)
        for source in workloads
    ]
    return list(dict.fromkeys(flows))


def table(flows: Sequence[Flow]) -> Iterator[str]:
    """Yield the matrix as lines: for each port of a target who may reach it."""
    rows: dict[tuple[str, Ports], list[Flow]] = {}
    for flow in flows:
        port = Ports(flow.port, flow.end_port, flow.protocol, flow.port_name)
        rows.setdefault((flow.target, port), []).append(flow)
    for (target, port), here in rows.items():
        yield f"{target} {port}"
        yield f"    open to:   {_names(here, is_open=True)}"
        yield f"    closed to: {_names(here, is_open=False)}"


def _names(flows: Sequence[Flow], *, is_open: bool) -> str:
    return ", ".join(flow.source for flow in flows if flow.is_open == is_open) or "nobody"


def _flow(manifests: Manifests, source: End, target: End, port: Ports) -> Flow:
    opened = is_open(manifests, source, target, port)
    return Flow(source.name, target.name, port.first, port.last, port.protocol, port.name, opened)


def _ports_of(manifests: Manifests, pod: Pod | None) -> list[Ports]:
    if pod is None:
        return []
    declared = {single(*port) for port in pod.ports}
    governed = network(manifests).of(pod, "ingress")
    if not governed.isolating:
        return [*sorted(declared), EVERY_PORT]
    named_by_rules = {
        port for rule in governed.rules for port in rule.ports or (EVERY_PORT,) if not port.name
    }
    return sorted(declared | named_by_rules)


def _senders(manifests: Manifests, pod: Pod | None) -> list[End]:
    found = named(rules_for(manifests, pod, "ingress")) if pod else []
    return [end for end in found if not are_among(end, manifests.pods)]


def beyond(manifests: Manifests) -> list[tuple[End, Ports]]:
    """Return whom workloads may send to, but for each other, and at which ports."""
    anywhere = End(EVERYWHERE, addresses=EVERY_ADDRESS)
    found: dict[tuple[str, Ports], End] = {}
    for pod in manifests.pods:
        governed = network(manifests).of(pod, "egress")
        if not governed.isolating:
            found[EVERYWHERE, EVERY_PORT] = anywhere
            continue
        for rule in governed.rules:
            targets = [anywhere] if rule.peers is None else named([rule])
            for end in targets:
                if not are_among(end, manifests.pods):
                    for port in rule.ports or (EVERY_PORT,):
                        found[end.name, port] = end
    return [(end, port) for (_, port), end in found.items()]
