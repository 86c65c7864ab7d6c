# SPDX-License-Identifier: Apache-2.0
"""The typed client: what it makes of Flink's refusals, and how it is let in."""

import http.server
import json
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flinksec_jobs.deploy.lease import LeaseHeldError
from flinksec_jobs.errors import CertificateError
from flinksec_jobs.flink_rest.answers import Operation, Progress
from flinksec_jobs.flink_rest.client_files import VARIABLE, ClientFiles, client_files
from flinksec_jobs.flink_rest.flink_rest import FlinkRest
from flinksec_jobs.runtime import local_tls
from flinksec_jobs.runtime.rest import RestRefusedError, RestUnreachableError

ANSWERS: dict[str, tuple[int, bytes]] = {}
ASKED: list[tuple[str, str, str]] = []


class Flink(http.server.BaseHTTPRequestHandler):
    """Answers as it is told to."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        ASKED.append((self.command, self.path, body.decode()))
        status, content = ANSWERS.get(self.path, (404, b'{"errors": ["Not found."]}'))
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = _answer  # noqa: N815  the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ClientFiles:
    directory = tmp_path_factory.mktemp("client")
    made = local_tls.make(directory / "made").client
    (directory / "tls.crt").write_bytes(made.certificate.read_bytes())
    (directory / "ca.crt").write_bytes(made.certificate.read_bytes())
    (directory / "tls.key").write_bytes(made.key.read_bytes())
    return ClientFiles(directory)


@pytest.fixture(scope="module")
def port(certificate: ClientFiles) -> Iterator[int]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificate.trusted))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate.certificate, certificate.key)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Flink) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def rest(certificate: ClientFiles, port: int) -> FlinkRest:
    ANSWERS.clear()
    ASKED.clear()
    return FlinkRest(certificate, f"https://127.0.0.1:{port}")


def test_a_job_and_an_operation_that_flink_does_not_know_are_no_errors(rest: FlinkRest) -> None:
    assert rest.job("1") is None
    assert rest.operation("1", "2") == Operation(Progress.UNKNOWN)


def test_a_jobmanager_that_is_no_leader_yet_counts_as_none(rest: FlinkRest) -> None:
    ANSWERS["/jobs"] = (503, b'{"errors": ["Service temporarily unavailable due to an ongoing"]}')
    with pytest.raises(RestUnreachableError, match="503"):
        rest.jobs()


@pytest.mark.parametrize("answer", [b"[]", b'{"jobs": [{"id": "1"}]}', b'{"jobs": 1}', b"null"])
def test_an_answer_of_another_shape_is_an_error_and_not_an_absence(
    rest: FlinkRest, answer: bytes
) -> None:
    ANSWERS["/jobs"] = (200, answer)
    with pytest.raises(RestRefusedError, match=r"answer to /jobs is not understood"):
        rest.jobs()


@pytest.mark.parametrize("answer", [b'{"jobs": [', b"<html>", b"\xff"])
def test_an_answer_that_is_cut_short_is_asked_for_again_by_whoever_can(
    rest: FlinkRest, answer: bytes
) -> None:
    ANSWERS["/jobs"] = (200, answer)
    with pytest.raises(RestUnreachableError, match="cut short"):
        rest.jobs()


def test_a_stop_and_a_savepoint_carry_the_callers_trigger_id(rest: FlinkRest) -> None:
    ANSWERS["/jobs/1/stop"] = ANSWERS["/jobs/1/savepoints"] = (202, b'{"request-id": "t"}')
    rest.stop_with_savepoint("1", "t", "sealed+file:/s")
    rest.take_savepoint("1", "t", "sealed+file:/s", "NATIVE")
    bodies = [json.loads(body) for _, _, body in ASKED]
    # Flink spells the same thing in two ways.
    stop = {"targetDirectory": "sealed+file:/s", "drain": False, "formatType": "CANONICAL"}
    take = {"target-directory": "sealed+file:/s", "cancel-job": False, "formatType": "NATIVE"}
    assert bodies == [stop | {"triggerId": "t"}, take | {"triggerId": "t"}]


def test_cancelling_what_has_ended_is_fine_and_anything_else_is_not(rest: FlinkRest) -> None:
    rest.cancel("1")
    ANSWERS["/jobs/1?mode=cancel"] = (409, b"{}")
    rest.cancel("1")
    ANSWERS["/jobs/1?mode=cancel"] = (408, b"{}")
    with pytest.raises(RestRefusedError):
        rest.cancel("1")


@pytest.mark.parametrize(
    "change",
    [
        lambda rest: rest.stop_with_savepoint("1", "t", "sealed+file:/s"),
        lambda rest: rest.take_savepoint("1", "t", "sealed+file:/s"),
        lambda rest: rest.cancel("1"),
        lambda rest: rest.require("1", {"v": 2}),
    ],
)
def test_a_job_is_not_changed_where_somebody_else_is_at_work(
    certificate: ClientFiles, port: int, change: Callable[[FlinkRest], None]
) -> None:
    def lost() -> None:
        raise LeaseHeldError("bob is at work")

    ANSWERS.clear()
    ASKED.clear()
    ANSWERS["/jobs"] = (200, b'{"jobs": []}')
    rest = FlinkRest(certificate, f"https://127.0.0.1:{port}", before_change=lost)
    with pytest.raises(LeaseHeldError, match="bob"):
        change(rest)
    assert not ASKED
    assert rest.jobs() == {}  # it may look


def test_a_metric_that_is_no_number_is_left_out(rest: FlinkRest) -> None:
    ANSWERS["/jobs/1/metrics?get=a,b,c"] = (
        200,
        b'[{"id": "a", "value": "2"}, {"id": "b", "value": "NaN"}, {"id": "c", "value": "N/A"}]',
    )
    assert rest.job_metrics("1", ["a", "b", "c"]) == {"a": 2.0}


def test_a_connection_that_somebody_else_opens_is_checked_by_the_servers_name(
    certificate: ClientFiles, port: int, rest: FlinkRest
) -> None:
    ANSWERS["/jobs"] = (200, b'{"jobs": []}')
    opened = []

    def open_socket() -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", port)))
        return opened[-1]

    forwarded = FlinkRest(certificate, "https://localhost:8081", open_socket=open_socket)
    assert forwarded.jobs() == {}
    assert len(opened) == 1
    other = FlinkRest(certificate, "https://flink-jobmanager:8081", open_socket=open_socket)
    with pytest.raises(RestUnreachableError, match="Hostname mismatch"):
        other.jobs()


def test_the_certificate_is_found_by_argument_and_by_variable(
    certificate: ClientFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(certificate.directory))
    assert client_files() == certificate
    monkeypatch.delenv(VARIABLE)
    assert client_files(certificate.directory) == certificate


@pytest.mark.parametrize("missing", ["tls.crt", "tls.key", "ca.crt"])
def test_a_certificate_that_cannot_be_used_is_told_with_the_way_to_another(
    certificate: ClientFiles, tmp_path: Path, missing: str
) -> None:
    for path in certificate.directory.glob("*.*"):
        if path.name != missing:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(CertificateError, match="cannot be used") as caught:
        client_files(tmp_path)
    assert VARIABLE in str(caught.value.hint)


def test_a_key_of_another_certificate_is_refused(certificate: ClientFiles, tmp_path: Path) -> None:
    for path in certificate.directory.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    other = local_tls.make(tmp_path / "other").client
    (tmp_path / "tls.key").write_bytes(other.key.read_bytes())
    with pytest.raises(CertificateError, match=r"(?i)mismatch"):
        client_files(tmp_path)


@pytest.mark.parametrize("pipe", ["tls.crt", "tls.key", "ca.crt"])
def test_a_pipe_in_the_place_of_a_file_is_told_and_not_waited_for(
    certificate: ClientFiles, tmp_path: Path, pipe: str
) -> None:
    for path in certificate.directory.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / pipe).unlink()
    os.mkfifo(tmp_path / pipe)
    with pytest.raises(CertificateError, match="is a named pipe, not a regular file"):
        client_files(tmp_path)
