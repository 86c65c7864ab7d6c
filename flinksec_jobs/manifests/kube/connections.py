# SPDX-License-Identifier: Apache-2.0
"""Whether a connection comes about, by the NetworkPolicies of both ends.

What is not known counts as open: the address of a pod is anywhere, a namespace that the manifests
do not have may carry any label, and most plugins apply no policy to pods in the node's network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from flinksec_jobs.manifests.kube.addresses import EVERY_ADDRESS, Addresses, union
from flinksec_jobs.manifests.kube.addresses import single as one_address
from flinksec_jobs.manifests.kube.label_sets import (
    EVERYBODY,
    NAME,
    LabelSet,
    exactly,
    of_labels,
)
from flinksec_jobs.manifests.kube.network_policies import (
    Direction,
    Peer,
    Policy,
    Ports,
    Rule,
    policies,
)
from flinksec_jobs.manifests.kube.objects import Manifests, Pod, dig, mapping, sequence, text

# No label has such a value.
_UNKNOWN = "\0"
# Labels that controllers add to their pods, with values that nobody knows before.
_ADDED = {
    "Deployment": {"pod-template-hash"},
    "DaemonSet": {"controller-revision-hash", "pod-template-generation"},
    "StatefulSet": {
        "apps.kubernetes.io/pod-index",
        "controller-revision-hash",
        "statefulset.kubernetes.io/pod-name",
    },
    "Job": {"controller-uid", "batch.kubernetes.io/controller-uid"},
    "CronJob": {
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-name",
        "controller-uid",
        "job-name",
    },
}


@dataclass(frozen=True, eq=False)
class End:
    """One end of a connection: a pod, some pods that are not in the manifests, or addresses.

    Attributes:
        name: how it is called in the matrix.
        labels: those that its pods may have; `None` for addresses.
        namespaces: those that their namespaces may have.
        addresses: where it is; `None` for pods whose addresses nobody knows.
        pod: the pod of the manifests, if it is one of them.
        is_some: whether it stands for whoever is so: it is let in only if all of them are.
    """

    name: str
    labels: LabelSet | None = None
    namespaces: LabelSet = EVERYBODY
    addresses: Addresses | None = None
    pod: Pod | None = None
    is_some: bool = True

    @property
    def has_host_network(self) -> bool:
        """Whether it is a pod in the network of its node."""
        return self.pod is not None and has_host_network(self.pod)


def has_host_network(pod: Pod) -> bool:
    """Whether a pod is in the network of its node, where policies are not applied by most."""
    return bool(pod.spec.get("hostNetwork"))


def labels_of(pod: Pod) -> LabelSet:
    """Return the labels that a pod will have, with those that its controller adds."""
    owner = pod.owner
    known = dict(pod.labels)
    if owner.kind == "Job":
        known |= {"job-name": owner.name, "batch.kubernetes.io/job-name": owner.name}
    return of_labels(known, unknown=_ADDED.get(owner.kind, set()) - known.keys())


def namespace_of(manifests: Manifests, name: str) -> LabelSet:
    """Return the labels of a namespace: any, but for its name, if the manifests have it not."""
    if manifests.find("Namespace", name, "") is None:
        return LabelSet({NAME: exactly(name)})
    return of_labels(manifests.namespace_labels(name))


def end_of(manifests: Manifests, pod: Pod) -> End:
    """Return a pod of the manifests as an end of connections."""
    return _ends(manifests)[pod]


@lru_cache(maxsize=4)
def _ends(manifests: Manifests) -> Mapping[Pod, End]:
    namespaces = {
        name: namespace_of(manifests, name)
        for name in {pod.owner.namespace for pod in manifests.pods}
    }
    return {
        pod: End(
            _name(pod),
            labels_of(pod),
            namespaces[pod.owner.namespace],
            _addresses(pod),
            pod,
            is_some=False,
        )
        for pod in manifests.pods
    }


def known_pod(name: str, namespace: str, labels: Mapping[str, str]) -> End:
    """Return a pod that is elsewhere, and of which only some labels are known."""
    where = LabelSet({NAME: exactly(namespace)})
    return End(name, of_labels(labels, others=True), where, is_some=False)


def peer_end(peer: Peer) -> End:
    """Return those whom a peer names as an end of connections."""
    if peer.addresses is not None:
        return End(str(peer), addresses=peer.addresses)
    return End(str(peer), peer.pods, peer.namespaces)


@dataclass(frozen=True, eq=False)
class Governed:
    """The policies of a direction of a pod.

    Attributes:
        isolating: those that apply to it for sure; with none everything is open.
        rules: those of all policies that may apply to it.
    """

    isolating: tuple[Policy, ...]
    rules: tuple[Rule, ...]


class Network:
    """The policies of manifests, by whom they apply to."""

    def __init__(self, manifests: Manifests) -> None:
        self._manifests = manifests
        self._known: dict[tuple[Pod, Direction], Governed] = {}
        self._taken: dict[tuple[Rule, End], bool] = {}

    @cached_property
    def _possible(self) -> dict[Pod, list[Policy]]:
        found: dict[Pod, list[Policy]] = {}
        for policy in policies(self._manifests):
            for pod in self.pods_like(policy.selector):
                if selects(policy, self._manifests, pod):
                    found.setdefault(pod, []).append(policy)
        return found

    @cached_property
    def _by_label(self) -> dict[tuple[str, str], list[Pod]]:
        found: dict[tuple[str, str], list[Pod]] = {}
        for pod in self._manifests.pods:
            for key, values in (end_of(self._manifests, pod).labels or EVERYBODY).keys.items():
                for value in values.listed or {_UNKNOWN}:
                    found.setdefault((key, value), []).append(pod)
        return found

    def pods_like(self, wanted: LabelSet) -> list[Pod]:
        """Return the pods that may have such labels, and perhaps others."""
        for key, values in wanted.keys.items():
            if not values.absent and values.listed is not None:
                those = [self._by_label.get((key, one), []) for one in (*values.listed, _UNKNOWN)]
                return list(dict.fromkeys(pod for pods in those for pod in pods))
        return self._manifests.pods

    def takes_peer(self, rule: Rule, end: End) -> bool:
        """Whether a rule speaks of this other end."""
        if rule.peers is None:
            return True
        if (rule, end) not in self._taken:
            self._taken[rule, end] = takes_peer(rule, end)
        return self._taken[rule, end]

    def of(self, pod: Pod, direction: Direction) -> Governed:
        """Return what governs a direction of a pod."""
        key = (pod, direction)
        if key not in self._known:
            self._known[key] = self._find(pod, direction)
        return self._known[key]

    def _find(self, pod: Pod, direction: Direction) -> Governed:
        if has_host_network(pod):
            return Governed((), ())
        labels = end_of(self._manifests, pod).labels or EVERYBODY
        possible = [one for one in self._possible.get(pod, ()) if direction in one.directions]
        return Governed(
            tuple(policy for policy in possible if labels.is_within(policy.selector)),
            tuple(rule for policy in possible for rule in policy.rules_of(direction)),
        )


@lru_cache(maxsize=4)
def network(manifests: Manifests) -> Network:
    """Return the policies of manifests, by whom they apply to."""
    return Network(manifests)


def policies_for(manifests: Manifests, pod: Pod, direction: Direction) -> tuple[Policy, ...]:
    """Return the policies that govern a direction of a pod; with none everything is open."""
    return network(manifests).of(pod, direction).isolating


def rules_for(manifests: Manifests, pod: Pod, direction: Direction) -> tuple[Rule, ...]:
    """Return the rules of a direction of a pod, if policies govern it."""
    governed = network(manifests).of(pod, direction)
    return governed.rules if governed.isolating else ()


def selects(policy: Policy, manifests: Manifests, pod: Pod) -> bool:
    """Whether a policy may apply to a pod."""
    labels = end_of(manifests, pod).labels or EVERYBODY
    return policy.object.namespace == pod.owner.namespace and labels.meets(policy.selector)


def selected(policy: Policy, manifests: Manifests) -> list[Pod]:
    """Return the pods that a policy may apply to."""
    likely = network(manifests).pods_like(policy.selector)
    return [pod for pod in likely if selects(policy, manifests, pod)]


def meant(peer: Peer, manifests: Manifests, *, for_sure: bool = False) -> list[Pod]:
    """Return the pods that a peer is, as `takes` says."""
    likely = network(manifests).pods_like(peer.pods)
    return [pod for pod in likely if takes(peer, end_of(manifests, pod), for_sure=for_sure)]


def takes_peer(rule: Rule, end: End) -> bool:
    """Whether a rule speaks of this other end."""
    if rule.peers is None:
        return True
    if end.labels is None and end.addresses is not None:
        blocks = union(peer.addresses for peer in rule.peers if peer.addresses)
        whole_world = end.addresses is EVERY_ADDRESS and blocks.is_world
        return whole_world or end.addresses.is_within(blocks)
    return any(takes(peer, end) for peer in rule.peers)


def takes(peer: Peer, end: End, *, for_sure: bool = False) -> bool:
    """Whether a peer is this other end.

    Args:
        peer: whom a rule names.
        end: who is at the other end.
        for_sure: whether what is not known counts as no.
    """
    if peer.addresses is not None:
        if end.addresses is None:
            # Pods have addresses, and nobody said that these are elsewhere.
            return bool(peer.addresses) and not for_sure
        if end.labels is None:
            return end.addresses.is_within(peer.addresses)
        return end.addresses.meets(peer.addresses)
    if end.labels is None:
        return False
    if end.has_host_network:
        # To most plugins it is the node, which no selector takes.
        return not for_sure and _takes_labels(peer, end, for_sure=False)
    return _takes_labels(peer, end, for_sure=for_sure or end.is_some)


def _takes_labels(peer: Peer, end: End, *, for_sure: bool) -> bool:
    labels = end.labels or EVERYBODY
    if for_sure:
        return labels.is_within(peer.pods) and end.namespaces.is_within(peer.namespaces)
    return labels.meets(peer.pods) and end.namespaces.meets(peer.namespaces)


def allows(manifests: Manifests, pod: Pod, direction: Direction, other: End, port: Ports) -> bool:
    """Whether a pod may send to, or receive from, another end.

    Args:
        manifests: where the policies are.
        pod: whose policies are asked.
        direction: of the connection, seen from the pod.
        other: the other end.
        port: at the receiver.
    """
    known = network(manifests)
    governed = known.of(pod, direction)
    receiver = pod if direction == "ingress" else other.pod
    return not governed.isolating or any(
        rule.takes_port(port, receiver) and known.takes_peer(rule, other) for rule in governed.rules
    )


def is_open(manifests: Manifests, source: End, target: End, port: Ports) -> bool:
    """Whether a connection comes about, as far as policies decide."""
    sends = source.pod is None or allows(manifests, source.pod, "egress", target, port)
    return sends and (target.pod is None or allows(manifests, target.pod, "ingress", source, port))


def _name(pod: Pod) -> str:
    name = f"{pod.owner.namespace}/{pod.owner.name}"
    return f"{name} (network of the node)" if has_host_network(pod) else name


def _addresses(pod: Pod) -> Addresses | None:
    """Return the addresses of a pod that was read from a cluster."""
    listed = [text(mapping(one).get("ip")) for one in sequence(dig(pod.content, "status.podIPs"))]
    listed = listed or [text(dig(pod.content, "status.podIP"))]
    try:
        return union(one_address(one) for one in listed) if all(listed) else None
    except ValueError:
        return None
