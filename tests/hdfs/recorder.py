# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy that keeps a copy of every byte that passes, in both directions."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

ON_THE_WAY = "127.0.0.2"
"""Where a client finds a recorder in place of a DataNode, if it goes by the DataNode's name."""


class Recorder:
    """From an address of its own to a port of the loopback interface.

    Args:
        target: the port.
        address: where it listens.
        port: at which; 0 for a free one.
    """

    def __init__(self, target: int, address: str = "127.0.0.1", port: int = 0) -> None:
        self._target = target
        self._recorded = bytearray()
        self._lock = threading.Lock()
        self._listening = socket.create_server((address, port))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def recorded(self) -> bytes:
        """All that has passed."""
        with self._lock:
            return bytes(self._recorded)

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(1 << 16):
                with self._lock:
                    self._recorded += content
                sink.sendall(content)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
