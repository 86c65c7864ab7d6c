# SPDX-License-Identifier: Apache-2.0
"""Which ports the servers have: free ones, or those that everybody knows."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from flinksec_jobs.files import RECORD, content

# Those of the products, and for the KDC, which has 88, one that needs no right of root.
WELL_KNOWN = {
    "kdc": 10088,
    "kafka-sasl-plaintext": 9092,
    "kafka-sasl-ssl": 9093,
    "kafka-ssl": 9094,
    "kafka-controller": 9095,
    "kafka-tokens": 9096,
    "hdfs": 8020,
    "hdfs-https": 9871,
    "datanode": 9866,
    "datanode-ipc": 9867,
    "datanode-https": 9865,
    "kms": 9600,
    "elasticsearch": 9200,
    "elasticsearch-transport": 9300,
    "schema-registry": 8081,
    "schema-registry-inner": 8085,
}


_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_240


def free_ports(count: int, address: str = "127.0.0.1") -> list[int]:
    """Return different ports of an address that were free a moment ago.

    They are below those that the system gives to whoever connects somewhere, so that no connection
    takes one until its server listens, or while it is started again. All are held while they are
    picked, so that none is given twice.
    """
    with ExitStack() as held:
        found: list[int] = []
        for port in _candidates():
            if len(found) == count:
                break
            one = held.enter_context(socket.socket())
            with suppress(OSError):
                one.bind((address, port))
                found.append(int(one.getsockname()[1]))
        return found


def _candidates() -> Iterator[int]:
    """Yield ports at random, each once; then 0, any that the system has, without end."""
    with suppress(OSError, ValueError):
        first = int(content(_EPHEMERAL, RECORD).split()[0])
        yield from random.sample(range(_LOWEST, first), max(0, first - _LOWEST))
    while True:
        yield 0


def same_or_free_ports(
    names: Sequence[str], before: Mapping[str, int], address: str = "127.0.0.1"
) -> dict[str, int]:
    """Return a port for each name: all as they were before if all are free, else new ones.

    Args:
        names: the different uses.
        before: which ports they had, as far as it is known.
        address: where they will listen.
    """
    if all(name in before for name in names) and _are_free(
        [before[name] for name in names], address
    ):
        return {name: before[name] for name in names}
    return dict(zip(names, free_ports(len(names), address), strict=True))


def _are_free(ports: Sequence[int], address: str) -> bool:
    with ExitStack() as held:
        for port in ports:
            one = held.enter_context(socket.socket())
            # What an ended server has left in TIME_WAIT is in nobody's way.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind((address, port))
                one.listen()
            except (OSError, OverflowError):
                return False
        return True
