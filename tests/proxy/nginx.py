# SPDX-License-Identifier: Apache-2.0
"""nginx with the configuration of the component, and whoever asks it."""

from __future__ import annotations

import http.client
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.sandbox.test_ca import Authority
from tests.patience import PATIENCE
from tests.proxy.files import authorization, write_certificate, write_users

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "docker" / "kubernetes" / "components" / "proxy" / "nginx.conf"
PASSWORD = "correct horse"


@dataclass(frozen=True)
class Proxy:
    """A running one.

    Attributes:
        port: where it listens.
        ca: of its certificate.
    """

    port: int
    ca: Path

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca))

    def ask(
        self,
        method: str = "GET",
        *,
        password: str | None = PASSWORD,
        path: str = "/overview",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPSConnection(
            "localhost", self.port, context=self.context(), timeout=PATIENCE
        )
        sent = authorization(password) | dict(headers or {})
        connection.request(method, path, body, headers=sent)
        return connection.getresponse()

    def say(self, request_line: str) -> int:
        """Send a request line as it is, and return the status."""
        head = "".join(f"{name}: {value}\r\n" for name, value in authorization(PASSWORD).items())
        lines = f"{request_line}\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n"
        with (
            socket.create_connection(("localhost", self.port), timeout=PATIENCE) as plain,
            self.context().wrap_socket(plain, server_hostname="localhost") as one,
        ):
            one.sendall(lines.encode("latin-1"))
            answer = http.client.HTTPResponse(one)
            answer.begin()
            return answer.status


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def configuration(folder: Path, port: int, upstream: int) -> str:
    """The component's own file, with paths and ports of a test."""
    text = CONFIGURATION.read_text()
    for old, new in (
        ("/tmp/", f"{folder}/tmp/"),  # first: the folder itself may be below it
        ("listen 8443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("https://flink-jobmanager:8081", f"https://127.0.0.1:{upstream}"),
        ("/etc/flinksec/proxy-tls", f"{folder}/proxy-tls"),
        ("/etc/flinksec/proxy-users", f"{folder}/users"),
        ("/etc/flinksec/tls/rest-client", f"{folder}/rest-client"),
        ("/dev/stdout", f"{folder}/tmp/access.log"),
        ("/dev/stderr", f"{folder}/tmp/error.log"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextmanager
def running(folder: Path, upstream: int) -> Iterator[Proxy]:
    """Start it in a folder that has ``rest-client`` with its certificate for REST."""
    public = Authority.create("a public CA")
    tls = folder / "proxy-tls"
    write_certificate(tls, public.server("localhost"))
    (tls / "ca.crt").write_bytes(public.pem)
    (folder / "tmp").mkdir()
    write_users(folder / "users", PASSWORD)
    port = free_port()
    (folder / "nginx.conf").write_text(configuration(folder, port, upstream))
    # As in the container, where it is the first process.
    command = ["nginx", "-c", str(folder / "nginx.conf"), "-g", "daemon off; user root;"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        _wait(port, process)
        yield Proxy(port, tls / "ca.crt")
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr and process.stderr.read()
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError
