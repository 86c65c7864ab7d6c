# SPDX-License-Identifier: Apache-2.0
"""Small servers in threads that answer as Elasticsearch, and remember what they were asked."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.patience import PATIENCE

PRODUCT = {"X-Elastic-Product": "Elasticsearch"}
ROOT = {"name": "node", "version": {"number": "8.19.0"}, "tagline": "You Know, for Search"}


@dataclass(frozen=True)
class Asked:
    """One request that arrived; the names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    client: tuple[str, int]


@dataclass(frozen=True)
class Said:
    """One answer; a body that is no bytes is sent as JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=lambda: PRODUCT)


Answers = Callable[[Asked], Said]


def as_elasticsearch(asked: Asked) -> Said:
    """What a node without indices says that takes every document."""
    path = asked.path.partition("?")[0]
    if path.endswith("/_bulk"):
        lines = [line for line in _body(asked).splitlines() if line]
        return Said(
            200, {"errors": False, "items": [{"index": {"status": 201}}] * (len(lines) // 2)}
        )
    if asked.method == "HEAD" and path != "/":
        return Said(404)
    return Said(200, ROOT)


def _body(asked: Asked) -> bytes:
    import gzip

    packed = asked.headers.get("content-encoding") == "gzip"
    return gzip.decompress(asked.body) if packed else asked.body


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 50
    context: ssl.SSLContext | None = None
    connections: list[Any]

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands in the connection's own thread; a client that leaves is no error."""
        try:
            self.connections.append(request)
            if self.context is not None:
                request.settimeout(PATIENCE)
                request = self.context.wrap_socket(request, server_side=True)
                self.connections.append(request)
                request.settimeout(None)
            super().finish_request(request, client_address)
        except OSError:
            pass
        finally:
            request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


@dataclass
class Server:
    """A server that runs.

    Attributes:
        port: where.
        asked: what arrived, in order.
        answers: what it says; may be changed.
    """

    port: int
    asked: list[Asked]
    answers: Answers
    http: Any

    @property
    def url(self) -> str:
        """Its address, by a name of this machine."""
        scheme = "https" if self.http.context is not None else "http"
        return f"{scheme}://localhost:{self.port}"


@contextmanager
def serving(
    context: ssl.SSLContext | None = None, answers: Answers = as_elasticsearch, port: int = 0
) -> Iterator[Server]:
    """Run a server on loopback.

    Args:
        context: its TLS; none for plain HTTP.
        answers: what it says.
        port: default: a free one.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = (
                self._chunks()
                if "chunked" in str(self.headers.get("Transfer-Encoding"))
                else (self.rfile.read(length))
            )
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body, self.client_address)
            found.asked.append(asked)
            said = found.answers(asked)
            content = (
                b""
                if said.body is None
                else (said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode())
            )
            self.send_response(said.status)
            for name, value in {"Content-Type": "application/json", **said.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def _chunks(self) -> bytes:
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    http = _Server(("127.0.0.1", port), Handler)
    http.context = context
    http.connections = []
    found = Server(http.server_address[1], [], answers, http)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        http.shutdown()
        http.server_close()
        for connection in http.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        thread.join(10)
