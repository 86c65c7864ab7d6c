# SPDX-License-Identifier: Apache-2.0
"""Random clusters with random NetworkPolicies, in every shape that the API server takes."""

from __future__ import annotations

import ipaddress
import random
from typing import Any

from flinksec_jobs.manifests.kube.label_sets import NAME
from tests.manifests.policy_referee import Cluster, Packet

_NAMES = ("a", "b", "c")
_KEYS, _VALUES = ("app", "tier", "x"), ("", "1", "2", "3")
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_PORTS = (1, 53, 80, 81, 443, 8080, 65535)
_PORT_NAMES = ("web", "dns", "other")
_OUTSIDE = ("10.9.0.1", "192.0.2.7", "203.0.113.9", "2001:db8::7", "fd00:9::1")
_PACKETS = 25


def draw(seed: int, number: int) -> Cluster:
    """Return a cluster; the same seed and number give the same."""
    return _Draw(random.Random(f"{seed} {number}")).cluster()


class _Draw:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._addresses: list[str] = []

    def cluster(self) -> Cluster:
        found = Cluster()
        names = _NAMES[: self._chance.randint(1, 3)]
        for name in names:
            found.namespace(name, **self._labels())
        for number in range(self._chance.randint(1, 5)):
            place = f"{self._chance.choice(names)}/pod-{number}"
            self._addresses.append(self._address(number))
            found.pod(place, self._addresses[-1], self._labels(), self._container_ports())
        for number in range(self._chance.randint(1, 4)):
            found.policy(f"{self._chance.choice(names)}/policy-{number}", self._policy())
        pods = [f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in found.pods]
        found.packets = [self._packet(pods) for _ in range(_PACKETS)]
        return found

    def _packet(self, pods: list[str]) -> Packet:
        while True:
            source, target = self._chance.choices([*pods, *_OUTSIDE], k=2)
            # A pod always reaches itself, and what is outside is not asked.
            if source != target and {source, target} & set(pods):
                port = self._chance.choice((*_PORTS, 8079, 8081))
                return Packet(source, target, port, self._chance.choice(_PROTOCOLS))

    def _address(self, number: int) -> str:
        return self._chance.choice(
            (
                f"10.{self._chance.randint(0, 3)}.{self._chance.randint(0, 1)}.{number + 1}",
                f"fd00:{self._chance.randint(1, 2)}::{number + 1}",
            )
        )

    def _labels(self) -> dict[str, str]:
        return {key: self._chance.choice(_VALUES) for key in _KEYS if self._is(0.5)}

    def _is(self, likely: float) -> bool:
        return self._chance.random() < likely

    def _container_ports(self) -> list[dict[str, Any]]:
        found = []
        for name in _PORT_NAMES:
            if self._is(0.5):
                port: dict[str, Any] = {"containerPort": self._chance.choice(_PORTS)}
                if self._is(0.8):
                    port["name"] = name
                if self._is(0.6):
                    port["protocol"] = self._chance.choice(_PROTOCOLS)
                found.append(port)
        return found

    def _policy(self) -> dict[str, Any]:
        spec: dict[str, Any] = {}
        if self._is(0.9):
            spec["podSelector"] = self._selector()
        kinds: tuple[list[str] | None, ...] = (
            ["Ingress"],
            ["Egress"],
            ["Ingress", "Egress"],
            ["Egress", "Ingress"],
            [],
            None,
        )
        if self._is(0.7):
            spec["policyTypes"] = self._chance.choice(kinds)
        for direction in ("ingress", "egress"):
            if self._is(0.7):
                spec[direction] = self._rules(direction)
        return spec

    def _rules(self, direction: str) -> list[Any] | None:
        if self._is(0.1):
            return self._chance.choice(([], None))
        return [self._rule(direction) for _ in range(self._chance.randint(1, 3))]

    def _rule(self, direction: str) -> dict[str, Any] | None:
        if self._is(0.04):
            return self._chance.choice(({}, None))
        rule: dict[str, Any] = {}
        if self._is(0.9):
            key = "from" if direction == "ingress" else "to"
            rule[key] = self._chance.choice(([], None)) if self._is(0.05) else self._peers()
        if self._is(0.7):
            rule["ports"] = (
                self._chance.choice(([], None)) if self._is(0.05) else self._some_ports()
            )
        return rule

    def _peers(self) -> list[dict[str, Any]]:
        return [self._peer() for _ in range(self._chance.randint(1, 3))]

    def _peer(self) -> dict[str, Any]:
        if self._is(0.35):
            return {"ipBlock": self._block()}
        which = self._chance.choice(("pods", "namespaces", "both"))
        peer: dict[str, Any] = {}
        if which != "namespaces":
            peer["podSelector"] = self._selector()
        if which != "pods":
            peer["namespaceSelector"] = self._selector(_NAMES)
        if self._is(0.1):
            # A null is as good as nothing there.
            peer |= {key: None for key in ("podSelector", "namespaceSelector") if key not in peer}
            peer["ipBlock"] = None
        return peer

    def _selector(self, names: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return a selector, of namespaces if there are names of such."""
        keys = (*_KEYS, NAME) if names else _KEYS
        selector: dict[str, Any] = {}
        if self._is(0.5):
            chosen = self._chance.sample(keys, self._chance.randint(0, 2))
            selector["matchLabels"] = {key: self._value(key, names) for key in chosen}
        if self._is(0.5):
            selector["matchExpressions"] = [
                self._term(self._chance.choice(keys), names)
                for _ in range(self._chance.randint(0, 2))
            ]
        if self._is(0.1):
            selector |= {key: None for key in ("matchLabels", "matchExpressions") if not selector}
        return selector

    def _value(self, key: str, names: tuple[str, ...]) -> str:
        return self._chance.choice(names if key == NAME else _VALUES)

    def _term(self, key: str, names: tuple[str, ...]) -> dict[str, Any]:
        operator = self._chance.choice(("In", "NotIn", "Exists", "DoesNotExist"))
        term: dict[str, Any] = {"key": key, "operator": operator}
        if operator in {"In", "NotIn"}:
            count = self._chance.randint(1, 3)
            term["values"] = [self._value(key, names) for _ in range(count)]
        return term

    def _block(self) -> dict[str, Any]:
        inside = self._chance.choice((*self._addresses, *_OUTSIDE, "0.0.0.0", "::"))
        version = ipaddress.ip_address(inside).version
        length = self._chance.choice(
            (0, 1, 8, 9, 16, 24, 31, 32) if version == 4 else (0, 1, 16, 32, 64, 127, 128)
        )
        block: dict[str, Any] = {"cidr": f"{inside}/{length}"}
        whole = ipaddress.ip_network(block["cidr"], strict=False)
        if self._is(0.4):
            block["except"] = [
                one for _ in range(self._chance.randint(0, 3)) if (one := self._part(whole))
            ]
        return block

    def _part(self, whole: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
        """Return a smaller block of a block, around one of the addresses that are asked about."""
        inside = [
            one
            for one in (*self._addresses, *_OUTSIDE)
            if ipaddress.ip_address(one).version == whole.version
            and ipaddress.ip_address(one) in whole
        ]
        if not inside or whole.prefixlen == whole.max_prefixlen:
            return ""
        length = self._chance.randint(whole.prefixlen + 1, whole.max_prefixlen)
        return f"{self._chance.choice(inside)}/{length}"

    def _some_ports(self) -> list[dict[str, Any]]:
        return [self._port() for _ in range(self._chance.randint(1, 3))]

    def _port(self) -> dict[str, Any]:
        port: dict[str, Any] = {}
        if self._is(0.6):
            port["protocol"] = self._chance.choice(_PROTOCOLS)
        if self._is(0.3):
            port["port"] = self._chance.choice(_PORT_NAMES)
        elif self._is(0.85):
            port["port"] = self._chance.choice(_PORTS)
            if self._is(0.3):
                later = [one for one in _PORTS if one >= port["port"]]
                port["endPort"] = self._chance.choice(later)
        elif self._is(0.5):
            port["port"] = None
        return port
