# SPDX-License-Identifier: Apache-2.0
"""Two servers that take documents as Elasticsearch does, and remember them."""

from __future__ import annotations

import gzip
import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flinksec_jobs.sandbox.test_ca import Authority


@dataclass
class FakeElasticsearch:
    """One of them.

    Attributes:
        url: where it is.
        documents: what it has taken.
        ids: their ids, in the same order.
    """

    url: str
    documents: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


@contextmanager
def two(directory: Path) -> Iterator[tuple[FakeElasticsearch, FakeElasticsearch]]:
    """Start two, with a certificate for ``localhost`` by the CA in ``ca.pem`` of a directory."""
    authority = Authority.create("of Elasticsearch")
    (directory / "ca.pem").write_bytes(authority.pem)
    issued = authority.server("localhost")
    (directory / "tls.crt").write_bytes(issued.certificate_pem)
    (directory / "tls.key").write_bytes(issued.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "tls.crt", directory / "tls.key")
    servers, found = [], []
    for _ in range(2):
        fake = FakeElasticsearch("")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        fake.url = f"https://localhost:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        found.append(fake)
    try:
        yield found[0], found[1]
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def gzip_or_plain(body: bytes) -> bytes:
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def _handler(fake: FakeElasticsearch) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer({"version": {"number": "9.0.0"}, "tagline": "You Know, for Search"})

        def do_HEAD(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            lines = gzip_or_plain(self._body()).splitlines()
            documents = [json.loads(line) for line in lines[1::2]]
            fake.documents += documents
            fake.ids += [json.loads(line)["index"]["_id"] for line in lines[::2]]
            done = {"index": {"_index": "counts", "_id": "1", "status": 201}}
            self._answer({"errors": False, "took": 1, "items": [done] * len(documents)})

        def _body(self) -> bytes:
            if "Content-Length" in self.headers:
                return self.rfile.read(int(self.headers["Content-Length"]))
            body = b""
            while length := int(self.rfile.readline(), 16):
                body += self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _answer(self, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
