# SPDX-License-Identifier: Apache-2.0
"""What stands for Flink's REST: it wants a client certificate, and remembers what it was asked."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flinksec_jobs.certificates import Identity
from flinksec_jobs.sandbox.test_ca import Authority
from tests.proxy.files import write_certificate
from tests.proxy.nginx import Proxy, free_port, running

REST = "flink-jobmanager"


@dataclass
class Upstream:
    """A server for everything.

    Attributes:
        port: where it listens.
        seen: method, path and headers of each request.
        clients: who asked, by the certificate.
    """

    port: int
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)


@contextmanager
def between(folder: Path, name: str = REST) -> Iterator[tuple[Proxy, Upstream]]:
    """A proxy, and behind it an upstream whose certificate has a name."""
    rest = Authority.create("the CA of REST")
    _secret(folder / "rest-client", rest.client("flink-proxy"), rest)
    _secret(folder / "rest", rest.server(name), rest)
    upstream = Upstream(free_port())
    server = _serve(upstream, folder / "rest")
    try:
        with running(folder, upstream.port) as proxy:
            yield proxy, upstream
    finally:
        server.shutdown()
        server.server_close()


def _secret(folder: Path, issued: Identity, ca: Authority) -> None:
    """A Secret as it is mounted: tls.crt, tls.key, ca.crt."""
    write_certificate(folder, issued)
    (folder / "ca.crt").write_bytes(ca.pem)


def _serve(upstream: Upstream, secret: Path) -> http.server.HTTPServer:
    class Handler(http.server.BaseHTTPRequestHandler):
        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):
                return self._answer
            raise AttributeError(name)

        def _answer(self) -> None:
            certificate = self.connection.getpeercert()
            upstream.clients.append(str(certificate["subject"]))
            upstream.seen.append((self.command, self.path, dict(self.headers)))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.send_header("Access-Control-Allow-Origin", "*")  # as Flink does
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secret / "tls.crt", secret / "tls.key")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(secret / "ca.crt")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", upstream.port), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
