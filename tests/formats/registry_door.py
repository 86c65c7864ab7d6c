# SPDX-License-Identifier: Apache-2.0
"""A door before a schema registry, which lets a job in, and then is as a test wants it to be.

The first part of the path says how: ``/away-a-while`` drops the first connections that ask for a
schema by its id, which no job does before it runs. All else is the registry's own answer.
"""

from __future__ import annotations

import ssl
import threading
import urllib.error
import urllib.request
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from flinksec_jobs import certificates
from tests.certificates import authority, signed
from tests.patience import PATIENCE

MID_JOB = "/schemas/ids/"
DROPPED = 3


class RegistryDoor:
    """The door, on a port of its own.

    Args:
        directory: for its certificate.
        inner: the address of the registry.
        context: how its certificate is checked.
        clients: who has signed the certificates that it asks its clients for; None for none.
    """

    def __init__(
        self, directory: Path, inner: str, context: ssl.SSLContext, clients: Path | None = None
    ) -> None:
        self.inner = inner
        self.context = context
        self.asked: Counter[str] = Counter()
        """How often schemas were asked for by id, by how the door is."""
        ca = authority("a CA of the door")
        identity = signed(ca, "localhost")
        self.ca_certs = directory / "door-ca.pem"
        self.ca_certs.write_bytes(certificates.pem(ca.certificate))
        pem = directory / "door.pem"
        pem.write_bytes(identity.certificate_pem + identity.key_pem)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(pem)
        if clients is not None:
            server.load_verify_locations(clients)
            server.verify_mode = ssl.CERT_REQUIRED
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                door.answer(self)

            def do_POST(self) -> None:
                door.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = server.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def url(self, way: str) -> str:
        return f"https://localhost:{self._server.server_port}/{way}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        way, _, path = request.path.removeprefix("/").partition("/")
        path = f"/{path}"
        if path.startswith(MID_JOB):
            self.asked[way] += 1
            if way == "away" or (way == "away-a-while" and self.asked[way] <= DROPPED):
                request.close_connection = True
                return
            if way == "refuses":
                _say(request, 401, b"{}")
                return
        _say(request, *self._of_registry(request, path))

    def _of_registry(self, request: BaseHTTPRequestHandler, path: str) -> tuple[int, bytes]:
        length = int(request.headers.get("Content-Length") or 0)
        body = request.rfile.read(length) if length else None
        names = ("Authorization", "Content-Type", "Accept")
        headers = {name: request.headers[name] for name in names if request.headers[name]}
        asked = urllib.request.Request(self.inner + path, body, headers, method=request.command)
        try:
            with urllib.request.urlopen(asked, context=self.context, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def _say(request: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    request.send_response(status)
    request.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
