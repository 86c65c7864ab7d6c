# SPDX-License-Identifier: Apache-2.0
"""How Flink's REST is reached from outside: by a port-forward that is in nobody's way."""

from __future__ import annotations

import signal
import socket
import threading

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from flinksec_jobs.deploy.kube import Kube
from flinksec_jobs.deploy.reached import _core
from flinksec_jobs.flink_rest import port_forward
from flinksec_jobs.flink_rest.port_forward import forwarded
from flinksec_jobs.runtime.rest import RestUnreachableError


def test_a_port_forward_has_a_client_of_its_own() -> None:
    """While one is opened, every request of its client goes to a web socket, the lease's too."""
    kube = Kube(client.ApiClient(client.Configuration(host="https://127.0.0.1:1")), "flights")
    core = _core(kube)
    assert isinstance(core, client.CoreV1Api)
    assert core.api_client is not kube.client
    assert core.api_client.configuration is kube.client.configuration


def handshake(status: str, body: str) -> str:
    return f"Handshake status {status} -+-+- {{'authorization': 'Bearer secret'}} -+-+- {body}"


@pytest.mark.parametrize(
    ("reason", "said", "hint"),
    [
        (handshake("403 Forbidden", '{"message": "eve may not"}'), "403 eve may not", "create on"),
        (handshake("404 Not Found", "no JSON"), "404 Not Found", "was replaced"),
        (handshake("401 Unauthorized", "null"), "401 Unauthorized", "log in again"),
        (handshake("502 Bad Gateway", "<html>"), "502 Bad Gateway", "web sockets"),
        ("[Errno 111] refused", "[Errno 111] refused", "web sockets"),
    ],
)
def test_a_port_forward_that_fails_tells_status_and_message_and_no_header(
    monkeypatch: pytest.MonkeyPatch, reason: str, said: str, hint: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ApiException(status=0, reason=reason)

    monkeypatch.setattr("kubernetes.stream.portforward", fails)
    core = client.CoreV1Api()
    with pytest.raises(RestUnreachableError) as caught:
        forwarded(core, "flights", "flink-jobmanager-x", 8081)
    assert caught.value.message.endswith(f": {said}")
    assert hint in str(caught.value.hint)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("ends", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_a_port_forward_is_opened_ends_the_command(
    monkeypatch: pytest.MonkeyPatch, ends: signal.Signals
) -> None:
    class EndedError(Exception):
        pass

    def end(*_: object) -> None:
        raise EndedError

    def hangs(*_: object, **__: object) -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, ends)
        threading.Event().wait()

    monkeypatch.setattr("kubernetes.stream.portforward", hangs)
    before = signal.signal(ends, end)
    try:
        with pytest.raises(EndedError):
            forwarded(client.CoreV1Api(), "flights", "flink-jobmanager-x", 8081)
    finally:
        signal.signal(ends, before)


def test_an_api_server_that_takes_a_port_forward_and_is_silent_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(port_forward, "SILENT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = client.Configuration(host=f"http://127.0.0.1:{silent.getsockname()[1]}")
        core = client.CoreV1Api(client.ApiClient(settings))
        with pytest.raises(RestUnreachableError, match=r"no answer after 0\.5 s"):
            forwarded(core, "flights", "flink-jobmanager-x", 8081)
