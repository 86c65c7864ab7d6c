# SPDX-License-Identifier: Apache-2.0
"""Which ports the servers have: free ones, or those that everybody knows."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

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
    "elasticsearch": 9200,
    "elasticsearch-transport": 9300,
    "schema-registry": 8081,
    "schema-registry-inner": 8085,
}


def free_ports(count: int, address: str = "127.0.0.1") -> list[int]:
    """Return different ports of an address that were free a moment ago.

    All are held while they are picked, so that none is given twice.
    """
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((address, 0))
        return [int(one.getsockname()[1]) for one in sockets]


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
