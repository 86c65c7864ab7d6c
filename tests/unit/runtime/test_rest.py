# SPDX-License-Identifier: Apache-2.0
"""The client of Flink's REST server: mutual TLS, and errors in one line. The server is a small one.

It listens on the loopback interface with the stores' PEM files of a real run directory.
"""

import http.server
import json
import ssl
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.runtime import local_tls
from flinksec_jobs.runtime.local_tls import LocalTls
from flinksec_jobs.runtime.rest import RestClient, RestRefusedError, RestUnreachableError


class Flink(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked, and as Flink does with errors."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/wrong":
            trace = (
                "java.util.concurrent.CompletionException: x\n\tat a.B\nCaused by: a.C: why\n\tat"
            )
            content, status = json.dumps({"errors": ["Internal error.", trace]}).encode(), 500
        elif self.path == "/odd":
            content, status = b"<html>", 404
        else:
            said = {"method": self.command, "path": self.path, "body": body.decode()}
            content, status = json.dumps(said).encode(), 200
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = _answer  # noqa: N815  the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> LocalTls:
    return local_tls.make(tmp_path_factory.mktemp("run") / "tls")


@pytest.fixture(scope="module")
def address(tls: LocalTls) -> Iterator[str]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tls.client.trusted))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(tls.client.certificate, tls.client.key)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Flink) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_every_file_of_a_runs_certificate_is_private(tls: LocalTls) -> None:
    assert stat.S_IMODE(tls.directory.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tls.directory.iterdir()}
    assert modes == dict.fromkeys(["keystore.p12", "truststore.p12", "tls.crt", "tls.key"], 0o600)


def test_the_password_of_the_stores_is_in_no_file_and_not_shown(tls: LocalTls) -> None:
    assert len(tls.password) == 43
    assert tls.password not in repr(tls)
    assert not any(tls.password.encode() in path.read_bytes() for path in tls.directory.iterdir())


def test_get_post_and_patch_reach_a_server_with_the_runs_certificate(
    tls: LocalTls, address: str
) -> None:
    client = RestClient(address, tls.client)
    assert client.get("/jobs?a=b") == {"method": "GET", "path": "/jobs?a=b", "body": ""}
    assert client.post("/savepoints", {"ü": 1})["body"] == '{"\\u00fc": 1}'
    assert client.post("/stop") == {"method": "POST", "path": "/stop", "body": "{}"}
    assert client.patch("/jobs/1?mode=cancel")["method"] == "PATCH"
    client.close()
    assert client.get("/again")["path"] == "/again"


def test_an_error_of_flink_is_told_by_its_cause_without_its_trace(
    tls: LocalTls, address: str
) -> None:
    with pytest.raises(RestRefusedError) as caught:
        RestClient(address, tls.client).get("/wrong")
    assert caught.value.message == "Flink refuses GET /wrong with 500: a.C: why"
    assert caught.value.status == 500
    with pytest.raises(RestRefusedError, match="with 404: no reason given"):
        RestClient(address, tls.client).get("/odd")


def test_the_certificate_of_another_run_is_neither_trusted_nor_let_in(
    tls: LocalTls, address: str, tmp_path: Path
) -> None:
    other = local_tls.make(tmp_path / "tls")
    with pytest.raises(RestUnreachableError, match="CERTIFICATE_VERIFY_FAILED"):
        RestClient(address, other.client).get("/jobs")
    stranger = local_tls.ClientFiles(other.client.certificate, other.client.key)
    # It trusts the server, and shows a certificate that the server does not know.
    both = tmp_path / "both.pem"
    both.write_bytes(other.client.certificate.read_bytes() + tls.client.certificate.read_bytes())
    client = RestClient(address, local_tls.ClientFiles(both, stranger.key))
    with pytest.raises(RestUnreachableError):
        client.get("/jobs")


def test_a_run_that_is_over_is_told_as_that(tls: LocalTls, tmp_path: Path) -> None:
    gone = local_tls.ClientFiles(tmp_path / "tls.crt", tmp_path / "tls.key")
    with pytest.raises(RestUnreachableError, match="cannot be used") as caught:
        RestClient("https://127.0.0.1:1", gone)
    assert "deletes its own when it ends" in str(caught.value.hint)
    with pytest.raises(RestUnreachableError, match=r"does not answer at https://127\.0\.0\.1:1"):
        RestClient("https://127.0.0.1:1", tls.client).get("/jobs")


@pytest.mark.parametrize("address", ["http://127.0.0.1:80", "https://", "https://host", "x"])
def test_an_address_without_tls_is_refused(tls: LocalTls, address: str) -> None:
    with pytest.raises(FlinkSecError, match="not the address of a REST server with TLS"):
        RestClient(address, tls.client)
