# SPDX-License-Identifier: Apache-2.0
"""The proxy in front of REST: nginx with the configuration of its component, attacked."""

from __future__ import annotations

import http.client
import http.server
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from flinksec_jobs.certificates import Identity
from flinksec_jobs.sandbox.certificates import Authority

from .files import authorization, write_certificate, write_users

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "docker" / "kubernetes" / "components" / "proxy" / "nginx.conf"
PASSWORD = "correct horse"
REST = "flink-jobmanager"


@dataclass
class Upstream:
    """What stands for Flink's REST: it wants a client certificate, and remembers."""

    port: int
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Proxy:
    port: int
    ca: Path
    upstream: Upstream

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca))

    def ask(
        self, method: str = "GET", *, password: str | None = PASSWORD, path: str = "/overview"
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPSConnection(
            "localhost", self.port, context=self.context(), timeout=20
        )
        connection.request(method, path, headers=authorization(password))
        return connection.getresponse()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _pem(folder: Path, issued: Identity, ca: Authority) -> None:
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
            self.end_headers()
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


def _configuration(folder: Path, port: int, upstream: int) -> str:
    """The component's own file, with paths and ports of this test."""
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


@pytest.fixture(scope="module", params=[REST], ids=["upstream is REST"])
def proxy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    yield from _proxy(tmp_path_factory.mktemp("proxy"), str(request.param))


def _proxy(folder: Path, upstream_name: str) -> Iterator[Proxy]:
    public, rest = Authority.create("a public CA"), Authority.create("the CA of REST")
    _pem(folder / "proxy-tls", public.server("localhost"), public)
    _pem(folder / "rest-client", rest.client("flink-proxy"), rest)
    _pem(folder / "rest", rest.server(upstream_name), rest)
    (folder / "tmp").mkdir()
    write_users(folder / "users", PASSWORD)
    upstream, port = Upstream(_free_port()), _free_port()
    server = _serve(upstream, folder / "rest")
    (folder / "nginx.conf").write_text(_configuration(folder, port, upstream.port))
    # As in the container, where it is the first process.
    command = ["nginx", "-c", str(folder / "nginx.conf"), "-g", "daemon off; user root;"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        _wait(port, process)
        yield Proxy(port, folder / "proxy-tls" / "ca.crt", upstream)
    finally:
        process.terminate()
        process.wait(20)
        server.shutdown()
        server.server_close()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr and process.stderr.read()
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError


def test_with_the_password_rest_answers_and_knows_the_proxy_by_its_certificate(
    proxy: Proxy,
) -> None:
    response = proxy.ask(path="/jobs/overview?x=1")
    assert (response.status, response.read()) == (200, b"{}")
    assert proxy.upstream.seen[-1][:2] == ("GET", "/jobs/overview?x=1")
    assert "flink-proxy" in proxy.upstream.clients[-1]


@pytest.mark.parametrize("password", [None, "", "wrong"], ids=["none", "empty", "wrong"])
def test_without_the_password_nothing_comes_through(proxy: Proxy, password: str | None) -> None:
    before = len(proxy.upstream.seen)
    assert proxy.ask(password=password).status == 401
    assert len(proxy.upstream.seen) == before


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_only_reading_comes_through(proxy: Proxy, method: str) -> None:
    before = len(proxy.upstream.seen)
    assert proxy.ask(method, path="/jobs/1/stop").status == 403
    assert len(proxy.upstream.seen) == before


def test_the_password_ends_at_the_proxy(proxy: Proxy) -> None:
    assert proxy.ask().status == 200
    assert "Authorization" not in proxy.upstream.seen[-1][2]


def test_it_speaks_no_plain_http(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)
    connection.request("GET", "/overview")
    assert connection.getresponse().status == 400


def test_it_speaks_no_older_tls(proxy: Proxy) -> None:
    context = proxy.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(("localhost", proxy.port), timeout=20) as plain,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


def test_it_talks_to_nobody_who_is_not_the_jobmanager(tmp_path: Path) -> None:
    """Of the same CA, but with another name."""
    for other in _proxy(tmp_path, "flink-taskmanager"):
        assert other.ask().status == 502
        assert other.upstream.seen == []
