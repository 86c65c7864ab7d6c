# SPDX-License-Identifier: Apache-2.0
"""An API server over TLS that behaves badly, as it is told for each request."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kubernetes import client

OBJECT = {"kind": "ConfigMap", "metadata": {"name": "flinksec-record"}}


class BadServer(ThreadingHTTPServer):
    """Does what ``does`` says, request by request, and is well afterwards.

    Args:
        directory: with ``tls.crt``, ``tls.key`` and ``ca.crt``.
        wants_certificate: whether a client must show one of ``ca.crt``.

    Attributes:
        does: a number is a status; or ``hangs``, ``resets``, ``cuts``, ``page``, ``garbage``.
        headers: of answers with a status.
        token: that is taken; empty for any.
        requests: how many there were.
        paths: what was asked for.
    """

    daemon_threads = True

    def __init__(self, directory: Path, *, wants_certificate: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "tls.crt", directory / "tls.key")
        if wants_certificate:
            context.load_verify_locations(directory / "ca.crt")
            context.verify_mode = ssl.CERT_REQUIRED
        self.context = context
        self.does: list[Any] = []
        self.headers: dict[str, str] = {}
        self.token = ""
        self.requests = 0
        self.paths: list[str] = []
        self.ended = threading.Event()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Begin TLS in the thread of the connection; who fails it is told why, and is gone."""
        # The connection outlives TLS: one that is closed with bytes unread takes back the alert.
        with request.dup() as connection:
            try:
                with self.context.wrap_socket(request, server_side=True) as secured:
                    super().finish_request(secured, client_address)
            except ssl.SSLError:
                connection.settimeout(5)
                with contextlib.suppress(OSError):  # it may be gone by itself
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(1 << 16):
                        pass
            except OSError:
                pass

    def client(self, trusted: Path, token: str = "") -> client.ApiClient:
        """A client of it."""
        settings = client.Configuration(host=f"https://localhost:{self.server_port}")
        settings.ssl_ca_cert = str(trusted)
        settings.retries = False
        if token:
            settings.api_key = {"authorization": f"Bearer {token}"}
        return client.ApiClient(settings)

    def close(self) -> None:
        """End it, with every request that hangs."""
        self.ended.set()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """A connection."""

    server: BadServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        if server.ended.is_set():  # on a connection that was kept
            self.close_connection = True
            return
        server.requests += 1
        server.paths.append(self.path)
        if server.token and self.headers["Authorization"] != f"Bearer {server.token}":
            self._answer(401, {"message": "Unauthorized"})
            return
        does = server.does.pop(0) if server.does else 200
        if isinstance(does, int):
            self._answer(does, OBJECT if does == 200 else {"message": "not now"})
        else:
            getattr(self, f"_{does}")()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _answer(self, status: int, content: object) -> None:
        data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _hangs(self) -> None:
        self.server.ended.wait(60)

    def _stops(self) -> None:
        """Send a part of an answer, and then nothing more."""
        self._cuts()
        self.server.ended.wait(60)

    def _resets(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _cuts(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"kind":')
        self.wfile.flush()
        self.close_connection = True

    def _streams(self) -> None:
        """Send a log in parts, and end in the middle of a line."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in ("2026-11-30T08:00:00.1Z on", "e\n2026-11-30T08:00:00.2Z two\n2026-11"):
            self.wfile.write(f"{len(part):x}\r\n{part}\r\n".encode())
            self.wfile.flush()
        self.close_connection = True

    def _page(self) -> None:
        self._answer(200, "<html>Please log in to the proxy</html>")

    def _garbage(self) -> None:
        self.wfile.write(b"\x15\x03\x01 no HTTP\r\n\r\n")
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass
