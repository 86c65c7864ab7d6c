# SPDX-License-Identifier: Apache-2.0
"""NetworkPolicies with all that they leave out filled in, as the API server and plugins read them.

What is absent, null or empty means the same or not, field by field: that is decided here, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from flinksec_jobs.manifests.kube.addresses import Addresses, block, written_badly
from flinksec_jobs.manifests.kube.label_sets import EVERYBODY, NAME, LabelSet, exactly, of_selector
from flinksec_jobs.manifests.kube.objects import Manifests, Object, Pod, mapping, sequence, text

Direction = Literal["ingress", "egress"]
DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")
GROUP = "networking.k8s.io"
LAST_PORT = 65535
ANY_PROTOCOL = "any"
_PEERS = {"ingress": "from", "egress": "to"}


@dataclass(frozen=True, order=True)
class Ports:
    """Ports of a receiver.

    Attributes:
        first: the lowest number; 0 for a name.
        last: the highest number, the same for a single one.
        protocol: ``TCP``, ``UDP``, ``SCTP``, or ``any``.
        name: of a port of the receiver's containers, in place of a number.
    """

    first: int
    last: int
    protocol: str
    name: str = ""

    def take(self, other: Ports, receiver: Pod | None) -> bool:
        """Whether all of the other ports are among these, of this receiver if it is known."""
        if self.protocol not in {other.protocol, ANY_PROTOCOL}:
            return False
        if not self.name:
            return self.first <= other.first and other.last <= self.last and not other.name
        if receiver is None:
            return self.name == other.name
        return any(
            (number, number) == (other.first, other.last)
            for number in numbers_of(receiver, self.name, other.protocol)
        )

    def __str__(self) -> str:
        if self.name:
            return f"{self.name}/{self.protocol}"
        if (self.first, self.last) == (1, LAST_PORT):
            return f"all ports/{self.protocol}"
        numbers = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"{numbers}/{self.protocol}"


EVERY_PORT = Ports(1, LAST_PORT, ANY_PROTOCOL)


def single(number: int, protocol: str) -> Ports:
    """Return one port."""
    return Ports(number, number, protocol)


def numbers_of(pod: Pod, name: str, protocol: str) -> set[int]:
    """Return the numbers that a name of a port has in the containers that go on running."""
    return {
        port["containerPort"]
        for container in pod.containers
        if container.runs_on
        for port in container.ports
        if port.get("name") == name
        and (text(port.get("protocol")) or "TCP") == protocol
        and isinstance(port.get("containerPort"), int)
    }


@dataclass(frozen=True, eq=False)
class Peer:
    """One of those whom a rule names: a block of addresses, or pods.

    Attributes:
        field: its path in the policy.
        addresses: of an ``ipBlock``.
        namespaces: the labels of the pods' namespaces.
        pods: the labels of the pods.
        names_namespaces: whether there is a ``namespaceSelector``.
        refused: why the API server takes no such peer, or nothing.
        badly_written: what is odd about its block of addresses, or nothing.
    """

    field: str
    addresses: Addresses | None
    namespaces: LabelSet
    pods: LabelSet
    names_namespaces: bool = False
    refused: str = ""
    badly_written: str = ""

    @property
    def is_nobody(self) -> bool:
        """Whether it takes nobody at all."""
        if self.addresses is not None:
            return not self.addresses
        return not (self.namespaces.is_possible and self.pods.is_possible)

    @property
    def is_anybody(self) -> bool:
        """Whether nothing about it tells one from another: it is everyone, or as good as."""
        if self.addresses is not None:
            return self.addresses.is_everywhere
        return not self.namespaces.pinned() and not self.pods.pinned()

    def __str__(self) -> str:
        if self.addresses is not None:
            return self.addresses.name
        pods = f"pods with {self.pods}" if self.pods.keys else "any pod"
        names = self.namespaces.at(NAME).listed
        if names is not None and len(names) == 1 and len(self.namespaces.keys) == 1:
            return f"{next(iter(names))}/{pods}"
        where = f"namespaces with {self.namespaces}" if self.namespaces.keys else "any namespace"
        return f"{pods} of {where}"


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule of a policy.

    Attributes:
        policy: where it stands.
        field: its path there.
        peers: whom it names; `None` is everyone.
        ports: which ports it names; `None` is all.
        refused_ports: the paths of ports that the API server does not take, and why.
    """

    policy: Object
    field: str
    direction: Direction
    peers: tuple[Peer, ...] | None
    ports: tuple[Ports, ...] | None
    refused_ports: tuple[tuple[str, str], ...] = ()

    @property
    def peers_field(self) -> str:
        """The path of the peers."""
        return f"{self.field}.{_PEERS[self.direction]}"

    def takes_port(self, port: Ports, receiver: Pod | None) -> bool:
        """Whether it speaks of these ports of the receiver."""
        return self.ports is None or any(one.take(port, receiver) for one in self.ports)


@dataclass(frozen=True, eq=False)
class Policy:
    """A policy.

    Attributes:
        selector: the labels of the pods of its namespace that it applies to.
        directions: those that it governs.
        rules: those of all directions, also of such that it does not govern.
    """

    object: Object
    selector: LabelSet
    directions: frozenset[Direction]
    rules: tuple[Rule, ...]

    def rules_of(self, direction: Direction) -> Iterator[Rule]:
        """Yield the rules of a direction that it governs."""
        if direction in self.directions:
            yield from (rule for rule in self.rules if rule.direction == direction)

    @property
    def effective_rules(self) -> Iterator[Rule]:
        """The rules of the directions that it governs."""
        return (rule for rule in self.rules if rule.direction in self.directions)


@lru_cache(maxsize=4)
def policies(manifests: Manifests) -> tuple[Policy, ...]:
    """All NetworkPolicies of Kubernetes' own API group."""
    return tuple(
        _policy(entry)
        for entry in manifests.of("NetworkPolicy")
        if entry.api_version.partition("/")[0] == GROUP
    )


def _policy(entry: Object) -> Policy:
    return Policy(
        entry,
        of_selector(entry.spec.get("podSelector")),
        _directions(entry),
        tuple(rule for direction in DIRECTIONS for rule in _rules(entry, direction)),
    )


def _directions(entry: Object) -> frozenset[Direction]:
    """Do what SetDefaults_NetworkPolicy does: it asks for the length of lists."""
    given = {text(one) for one in sequence(entry.spec.get("policyTypes"))}
    if not given:
        given = {"Ingress", "Egress"} if sequence(entry.spec.get("egress")) else {"Ingress"}
    return frozenset(one for one in DIRECTIONS if one.capitalize() in given)


def _rules(entry: Object, direction: Direction) -> Iterator[Rule]:
    for index, given in enumerate(sequence(entry.spec.get(direction))):
        # A null is an empty rule to the API server: everyone, at all ports.
        content, field = mapping(given), f"spec.{direction}[{index}]"
        key = _PEERS[direction]
        peers = tuple(
            _peer(mapping(peer), entry.namespace, f"{field}.{key}[{number}]")
            for number, peer in enumerate(sequence(content.get(key)))
        )
        ports, refused = [], []
        for number, port in enumerate(sequence(content.get("ports"))):
            ports.append(_ports(mapping(port)))
            if why := _refused_port(mapping(port)):
                refused.append((f"{field}.ports[{number}]", why))
        yield Rule(entry, field, direction, peers or None, tuple(ports) or None, tuple(refused))


def _peer(content: Mapping[str, Any], namespace: str, field: str) -> Peer:
    in_blocks, in_namespaces = content.get("ipBlock"), content.get("namespaceSelector")
    pods = content.get("podSelector")
    if in_blocks is not None:
        exceptions = [text(one) for one in sequence(mapping(in_blocks).get("except"))]
        cidr = text(mapping(in_blocks).get("cidr"))
        mixed = in_namespaces is not None or pods is not None
        refused = "ipBlock stands alone, without selectors" if mixed else ""
        return Peer(
            field,
            block(cidr, exceptions),
            EVERYBODY,
            EVERYBODY,
            refused=refused,
            badly_written=written_badly(cidr, exceptions),
        )
    if in_namespaces is None and pods is None:
        # Nobody is named, and nobody meant: it is no list without entries.
        why = "a peer names pods, namespaces or an ipBlock"
        return Peer(field, block("0.0.0.0/0", ["0.0.0.0/0"]), EVERYBODY, EVERYBODY, refused=why)
    own = LabelSet({NAME: exactly(namespace)})
    where = own if in_namespaces is None else of_selector(in_namespaces)
    return Peer(field, None, where, of_selector(pods), in_namespaces is not None)


def _ports(content: Mapping[str, Any]) -> Ports:
    protocol = text(content.get("protocol")) or "TCP"
    first, last = content.get("port"), content.get("endPort")
    if first is None:
        return Ports(1, LAST_PORT, protocol)
    if isinstance(first, str) and not first.isdecimal():
        return Ports(0, 0, protocol, first)
    number = int(first) if isinstance(first, str | int) else 0
    return Ports(number, last if isinstance(last, int) else number, protocol)


def _refused_port(content: Mapping[str, Any]) -> str:
    first, last = content.get("port"), content.get("endPort")
    if isinstance(first, str) and first.isdecimal():
        return f"port {first!r} is a text, so it would be a name, and a name has letters"
    if last is None:
        return ""
    if not isinstance(first, int) or isinstance(last, int) is False:
        return "endPort needs a number as port"
    return f"endPort {last} is below port {first}" if last < first else ""
