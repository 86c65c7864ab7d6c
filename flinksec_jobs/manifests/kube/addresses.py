# SPDX-License-Identifier: Apache-2.0
"""Blocks of addresses as sets: what an ``ipBlock`` takes, less its exceptions."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# A million addresses, or more than a site's own of IPv6, are more than anybody can mean.
_MANY = {4: 2**20, 6: 2**81}
# More than a /8, of which one is private; more than the private ones of IPv6.
_WORLD = {4: 2**25, 6: 2**122}
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
# Where all pods and nodes of most clusters are.
_INSIDE: tuple[Network, ...] = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fd00::/8"),
    )
)
_EVERY: tuple[Network, ...] = tuple(map(ipaddress.ip_network, ("0.0.0.0/0", "::/0")))


@dataclass(frozen=True)
class Addresses:
    """A set of addresses.

    Attributes:
        name: as it was written.
        networks: those in it; no two overlap.
    """

    name: str
    networks: tuple[Network, ...]

    @cached_property
    def is_everywhere(self) -> bool:
        """Whether these are all addresses, or as good as: nobody can mean so many one by one."""
        return self._reaches(_MANY) or any(not _less([inside], self.networks) for inside in _INSIDE)

    @cached_property
    def is_world(self) -> bool:
        """Whether these are so many that the internet is among them, and no site alone."""
        return self._reaches(_WORLD)

    def _reaches(self, sizes: dict[int, int]) -> bool:
        return any(
            sum(one.num_addresses for one in self.networks if one.version == version) >= size
            for version, size in sizes.items()
        )

    def is_within(self, other: Addresses) -> bool:
        """Whether the other has all of them."""
        return not _less(self.networks, other.networks)

    def meets(self, other: Addresses) -> bool:
        """Whether the other has any of them."""
        return any(
            one.version == other_one.version and one.overlaps(other_one)
            for one in self.networks
            for other_one in other.networks
        )

    def __bool__(self) -> bool:
        return bool(self.networks)


EVERY_ADDRESS = Addresses("every address", _EVERY)


def block(cidr: str, exceptions: Sequence[str] = ()) -> Addresses:
    """Return the addresses of an ``ipBlock``.

    What cannot be read counts on the open side: every address, or no exception.
    """
    written = f"{cidr} except {', '.join(exceptions)}" if exceptions else cidr
    network = network_of(cidr)
    without = [found for one in exceptions if (found := network_of(one)) is not None]
    return Addresses(written, tuple(_less(_EVERY if network is None else [network], without)))


def union(sets: Iterable[Addresses]) -> Addresses:
    """Return the addresses that are in any of them."""
    sets = list(sets)
    by_version: dict[int, list[Network]] = {4: [], 6: []}
    for one in sets:
        for network in one.networks:
            by_version[network.version].append(network)
    merged: list[Network] = []
    for networks in by_version.values():
        merged += ipaddress.collapse_addresses(networks)  # type: ignore[type-var]
    return Addresses(", ".join(one.name for one in sets), tuple(merged))


def single(address: str) -> Addresses:
    """Return the set with one address in it.

    Raises:
        ValueError: it is no address.
    """
    return Addresses(address, (ipaddress.ip_network(address),))


def network_of(cidr: str) -> Network | None:
    """Return the block of addresses, if it is one.

    Bits behind the prefix, and leading zeros, are dropped, as the API server does.
    """
    number, slash, length = cidr.partition("/")
    if not slash or not re.fullmatch(r"\d+", length):
        return None
    try:
        found = ipaddress.ip_network(f"{re.sub(_ZEROS, '', number)}/{length}", strict=False)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Network) and found.subnet_of(_MAPPED):
        inner = int(found.network_address) & 0xFFFFFFFF
        return ipaddress.IPv4Network((inner, found.prefixlen - 96))
    return found


_ZEROS = r"(?<![\d.:a-fA-F])0+(?=\d+\.)|(?<=\.)0+(?=\d)"


def written_badly(cidr: str, exceptions: Sequence[str]) -> str:
    """Return what is wrong with how an ``ipBlock`` is written, or nothing."""
    whole = network_of(cidr)
    for one in (cidr, *exceptions):
        if network_of(one) is None:
            return f"{one!r} is no block of addresses: the API server refuses it"
    for one in exceptions:
        found = network_of(one)
        if whole is not None and found is not None and not _is_part(found, whole):
            return f"{one} is no part of {cidr}: the API server refuses it"
    for one in (cidr, *exceptions):
        if not _is_canonical(one):
            return (
                f"{one} has more than a network's bits: it is taken as {network_of(one)}, "
                "or refused by a server that is strict about it"
            )
    return ""


def _is_part(one: Network, whole: Network) -> bool:
    return one.version == whole.version and one != whole and not _parts(one, whole)


def _is_canonical(cidr: str) -> bool:
    try:
        ipaddress.ip_network(cidr)
    except ValueError:
        return False
    return True


def _less(networks: Iterable[Network], without: Iterable[Network]) -> list[Network]:
    left = list(networks)
    for gone in without:
        left = [part for one in left for part in _parts(one, gone)]
    return left


def _parts(one: Network, gone: Network) -> list[Network]:
    """Return what is left of a network without another."""
    if isinstance(one, ipaddress.IPv4Network) and isinstance(gone, ipaddress.IPv4Network):
        if one.subnet_of(gone):
            return []
        return list(one.address_exclude(gone)) if gone.subnet_of(one) else [one]
    if isinstance(one, ipaddress.IPv6Network) and isinstance(gone, ipaddress.IPv6Network):
        if one.subnet_of(gone):
            return []
        return list(one.address_exclude(gone)) if gone.subnet_of(one) else [one]
    return [one]
