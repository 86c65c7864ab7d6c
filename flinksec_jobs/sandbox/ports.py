# SPDX-License-Identifier: Apache-2.0
"""Which ports the servers have: free ones, or those that everybody knows."""

from __future__ import annotations

import socket
from contextlib import ExitStack

# Those of the products, and for the KDC, which has 88, one that needs no right of root.
WELL_KNOWN = {
    "kdc": 10088,
    "kafka-sasl-plaintext": 9092,
    "kafka-sasl-ssl": 9093,
    "kafka-ssl": 9094,
    "kafka-controller": 9095,
    "hdfs": 8020,
    "hdfs-https": 9871,
    "datanode": 9866,
    "datanode-ipc": 9867,
    "datanode-https": 9865,
    "elasticsearch": 9200,
    "elasticsearch-transport": 9300,
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
