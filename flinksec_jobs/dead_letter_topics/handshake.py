# SPDX-License-Identifier: Apache-2.0
"""An end to the wait for a server that takes a connection and says nothing.

kafka-python bounds the wait for a connection and for each answer, but not that for the TLS
handshake between the two: what listens on a wrong port would hold a command up for ever.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Bound the TLS handshakes of kafka-python's clients in the block.

    Args:
        seconds: how long one may take; then kafka-python takes the connection for broken.
    """
    from kafka.net.transport import KafkaSSLTransport

    async def handshake(transport: Any) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                transport._sock.do_handshake()
            except ssl.SSLWantReadError:
                await transport._net.wait_read(transport._sock, timeout_at=end)
            except ssl.SSLWantWriteError:
                await transport._net.wait_write(transport._sock, timeout_at=end)
            else:
                return

    theirs = KafkaSSLTransport.handshake
    KafkaSSLTransport.handshake = handshake
    try:
        yield
    finally:
        KafkaSSLTransport.handshake = theirs
