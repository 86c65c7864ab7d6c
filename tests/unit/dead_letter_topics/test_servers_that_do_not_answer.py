# SPDX-License-Identifier: Apache-2.0
"""A command on dead letters ends, and names the setting, where nothing useful answers it.

The clients are kafka-python's own; what they meet are sockets of this process.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from kafka.net.transport import KafkaSSLTransport

from flinksec_jobs.dead_letter_topics import broker
from flinksec_jobs.errors import JobError
from flinksec_jobs.sandbox.test_ca import Authority
from flinksec_jobs.settings import Settings, load_settings

PATIENCE = 20


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a command give up at once."""
    monkeypatch.setattr(broker, "_TIMEOUT_MS", 200)


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@contextmanager
def speaking_tls(directory: Path, name: str) -> Iterator[int]:
    """Serve nothing but handshakes, with a certificate of a CA that is in no file."""
    identity = Authority.create("a CA").server(name)
    chain = directory / "server.pem"
    chain.write_bytes(identity.key_pem + identity.certificate_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)

    def serve(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with suppress(OSError), context.wrap_socket(connection, server_side=True) as told:
                    told.recv(1)

    with listening() as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


def settings(port: int, **more: str) -> Settings:
    kafka = {"bootstrap_servers": [f"127.0.0.1:{port}"], "security_protocol": "SSL", **more}
    return load_settings(overrides={"kafka": kafka}, environ={})


def refusal(wanted: Settings) -> JobError:
    begin = time.monotonic()
    with pytest.raises(JobError) as caught, broker.connected(wanted) as clients:
        clients.reader()
    assert time.monotonic() - begin < PATIENCE
    return caught.value


def test_a_server_that_takes_a_connection_and_says_nothing_holds_nobody_up() -> None:
    theirs = KafkaSSLTransport.handshake
    with listening() as server:
        port = server.getsockname()[1]
        assert refusal(settings(port)).message == (
            f"kafka.bootstrap_servers: no answer from Kafka at 127.0.0.1:{port} (KafkaTimeoutError)"
        )
    assert KafkaSSLTransport.handshake is theirs


def test_a_port_on_which_nothing_listens_is_told_by_its_setting_in_its_cluster() -> None:
    with listening() as server:
        port = server.getsockname()[1]
    section = {"bootstrap_servers": [f"127.0.0.1:{port}"], "security_protocol": "SSL"}
    two = load_settings(overrides={"kafka": {"east": section}}, environ={}).on_kafka("east")
    told = refusal(two)
    assert told.message.startswith("kafka.east.bootstrap_servers: no answer from Kafka at 127")
    assert "kafka.east.security_protocol" in str(told.hint)


def test_a_certificate_that_is_not_trusted_is_told_as_one(tmp_path: Path) -> None:
    with speaking_tls(tmp_path, "localhost") as port:
        told = refusal(settings(port))
    assert told.message.startswith(
        f"kafka.ca_certs: the certificate of Kafka at 127.0.0.1:{port} is not accepted: "
    )
    assert "CA that signed" in str(told.hint)
