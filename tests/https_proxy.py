# SPDX-License-Identifier: Apache-2.0
"""A small HTTP proxy: tunnels by CONNECT, requests in the absolute form, with Basic or without."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.patience import PATIENCE

_REFUSAL = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\n"
    b'Proxy-Authenticate: Basic realm="proxy"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
)


@dataclass
class Proxy:
    """A proxy that runs.

    Attributes:
        port: where.
        demands: the value of ``Proxy-Authorization``; none for everybody.
        heads: what it could read of each request: all of it but a tunnel's content.
    """

    port: int
    demands: str | None
    heads: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://localhost:{self.port}"


@contextmanager
def proxying(demands: str | None = None, knows: Mapping[str, str] | None = None) -> Iterator[Proxy]:
    """Run a proxy on loopback.

    Args:
        demands: the value of ``Proxy-Authorization``.
        knows: addresses of hosts that nobody else knows.
    """

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self._handle()

        def _handle(self) -> None:
            lines = []
            while (line := self.rfile.readline()).strip():
                lines.append(line)
            head = b"".join(lines).decode("ascii")
            found.heads.append(head)
            if (
                found.demands
                and f"proxy-authorization: {found.demands}".lower() not in head.lower()
            ):
                self.wfile.write(_REFUSAL)
                return
            method, target, _ = head.split(" ", 2)
            address = target.removeprefix("http://").partition("/")[0]
            host, _, port = address.rpartition(":")
            host = (knows or {}).get(host, host)
            with socket.create_connection((host, int(port)), timeout=PATIENCE) as server:
                server.settimeout(None)
                if method == "CONNECT":
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                else:
                    path = "/" + target.removeprefix("http://").partition("/")[2]
                    kept = [one for one in lines[1:] if not one.lower().startswith(b"proxy-")]
                    first = f"{method} {path} HTTP/1.1\r\n".encode()
                    server.sendall(first + b"".join(kept) + b"\r\n")
                back = threading.Thread(target=_pump, args=(server, self.connection))
                back.start()
                rest = b"" if method == "CONNECT" else self.rfile.read1()
                _pump(self.connection, server, rest)
                back.join(10)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        found = Proxy(running.server_address[1], demands)
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield found
        finally:
            running.shutdown()
            thread.join(10)


def _pump(one: socket.socket, other: socket.socket, first: bytes = b"") -> None:
    with suppress(OSError):
        if first:
            other.sendall(first)
        while part := one.recv(1 << 16):
            other.sendall(part)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
