# SPDX-License-Identifier: Apache-2.0
"""Arguments of kafka-python's clients for each login; brokers are asked in tests of servers."""

import base64
import contextlib
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from flinksec_jobs import certificates, kafka_python
from flinksec_jobs.errors import FlinkSecError, JobError
from flinksec_jobs.logins.python_tokens import Endpoint, Tokens, of_file
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.settings import load_settings


def options(**kafka: Any) -> dict[str, Any]:
    section = {"bootstrap_servers": ["a:1"], **kafka}
    with kafka_python.client_options(load_settings(overrides={"kafka": section}, environ={})) as o:
        return o


def secret(path: Path, text: str) -> str:
    path.touch(mode=0o600)
    path.write_text(text)
    return f"file:{path}"


def jwt(seconds: float) -> str:
    claims = json.dumps({"exp": time.time() + seconds}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c2ln"


@contextlib.contextmanager
def dripping(directory: Path, begin: bytes) -> Iterator[int]:
    """Answer the first request over TLS with a beginning, and then a byte at a time.

    Args:
        directory: gets the server's own certificate in ``ca.pem``.
        begin: of the answer.
    """
    now = datetime.now(UTC)
    validity = certificates.Validity(now - timedelta(days=1), now + timedelta(days=1))
    key = ec.generate_private_key(ec.SECP256R1())
    own = certificates.self_signed(
        key, certificates.name("localhost"), validity, names=["localhost"]
    )
    (directory / "ca.pem").write_bytes(certificates.pem(own))
    (directory / "key.pem").write_bytes(certificates.Identity(own, key).key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "ca.pem", directory / "key.pem")
    stop = threading.Event()

    def serve(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection = context.wrap_socket(server.accept()[0], server_side=True)
            connection.recv(4096)
            connection.sendall(begin)
            while not stop.wait(0.05):
                connection.sendall(b"H")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            stop.set()
            thread.join(5)


def test_a_password_is_read_when_a_client_is_made(tmp_path: Path) -> None:
    given = options(
        sasl_mechanism="SCRAM-SHA-512", username="me", password=secret(tmp_path / "p", "first\n")
    )
    assert given.pop("ssl_context").check_hostname
    assert given == {
        "bootstrap_servers": ["a:1"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "me",
        "sasl_plain_password": "first",
    }


def test_the_environment_is_kerberos_own_in_the_block_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flinksec_jobs.logins.sasl.gssapi.find_spec", lambda _: object())
    monkeypatch.setenv("KRB5CCNAME", "FILE:/mine")
    monkeypatch.delenv("KRB5_CLIENT_KTNAME", raising=False)
    kerberos = {"principal": "a@R", "keytab": "file:/k", "krb5_conf": "/krb5.conf"}
    settings = load_settings(
        overrides={"kafka": {"bootstrap_servers": ["a:1"]}, "kerberos": kerberos}, environ={}
    )
    with kafka_python.client_options(settings) as given:
        assert given["sasl_kerberos_service_name"] == "kafka"
        assert os.environ["KRB5_CLIENT_KTNAME"] == "FILE:/k"
        assert os.environ["KRB5_CONFIG"] == "/krb5.conf"
        assert os.environ["KRB5CCNAME"].startswith("MEMORY:")
    assert os.environ["KRB5CCNAME"] == "FILE:/mine"
    assert "KRB5_CLIENT_KTNAME" not in os.environ


def test_a_token_is_kept_for_the_better_part_of_its_life(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("flinksec_jobs.logins.python_tokens.time.time", lambda: now[0])
    asked: list[float] = []

    def new() -> tuple[str, float]:
        asked.append(now[0])
        return f"t{len(asked)}", now[0] + 100

    tokens = Tokens(new)
    assert tokens.token() == "t1"
    now[0] += 79
    assert tokens.token() == "t1"
    now[0] += 2
    assert tokens.token() == "t2"
    assert "t2" not in repr(tokens)


def test_a_token_of_a_file_is_read_for_each_connection_and_not_used_when_it_is_over(
    tmp_path: Path,
) -> None:
    first, second = jwt(600), jwt(700)
    secret(tmp_path / "token", f"{first}\n")
    tokens = Tokens(lambda: of_file(SecretFile(tmp_path / "token")))
    assert tokens.token() == first
    (tmp_path / "token").write_text(second)
    assert tokens.token() == second
    for text, why in ((jwt(-1), "the token has expired"), ("canary", "no JSON Web Token")):
        (tmp_path / "token").write_text(text)
        with pytest.raises(JobError, match=rf"^kafka.oauth_token_file .*{why}") as caught:
            tokens.token()
        assert text not in str(caught.value)


def test_a_file_of_tls_that_cannot_be_used_is_told_by_its_setting_and_asks_nobody(
    tmp_path: Path,
) -> None:
    now = datetime.now(UTC)
    validity = certificates.Validity(now - timedelta(days=1), now + timedelta(days=1))
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    own = certificates.self_signed(key, certificates.name("me"), validity)
    (tmp_path / "cert").write_bytes(certificates.pem(own))
    encrypted = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"canary")
    ).decode()
    plain = certificates.Identity(own, key).key_pem.decode()

    def given(**tls: Any) -> dict[str, Any]:
        return options(security_protocol="SSL", **tls)

    cert = {"client_cert": tmp_path / "cert"}
    assert given(**cert, client_key=secret(tmp_path / "key", plain))["ssl_context"]
    with pytest.raises(FlinkSecError, match=r"^kafka.client_key .* is encrypted"):
        given(**cert, client_key=secret(tmp_path / "encrypted", encrypted))
    wrong = certificates.Identity(own, other).key_pem.decode()
    with pytest.raises(FlinkSecError, match=r"^kafka.client_cert .* not the certificate of its"):
        given(**cert, client_key=secret(tmp_path / "wrong", wrong))
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(FlinkSecError, match=r"^kafka.client_key .* too widely open"):
        given(**cert, client_key=f"file:{tmp_path}/key")
    with pytest.raises(FlinkSecError, match=r"^kafka.ca_certs /none cannot be read"):
        given(ca_certs="/none")


@pytest.mark.parametrize("seconds", ["600", '"600"', "600.0"])
def test_a_server_may_write_the_life_of_an_opaque_token_as_text(
    seconds: str, tmp_path: Path
) -> None:
    endpoint = Endpoint("https://a/t", "me", SecretFile(tmp_path / "s"))
    answer = f'{{"access_token": "opaque", "expires_in": {seconds}}}'
    token, ends = endpoint._answered(200, answer.encode())
    assert token == "opaque"
    assert 590 < ends - time.time() <= 600


@pytest.mark.parametrize("seconds", ["NaN", "Infinity", "1e400", '"-1"', '"soon"', '"\u0663"'])
def test_a_life_that_is_no_number_of_seconds_is_none(seconds: str, tmp_path: Path) -> None:
    endpoint = Endpoint("https://a/t", "me", SecretFile(tmp_path / "s"))
    answer = f'{{"access_token": "opaque", "expires_in": {seconds}}}'
    with pytest.raises(JobError, match="does not say when its token ends"):
        endpoint._answered(200, answer.encode())


@pytest.mark.parametrize("begin", [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b""])
def test_a_server_that_sends_a_byte_at_a_time_is_not_waited_for(
    begin: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flinksec_jobs.logins.python_tokens._SECONDS_IN_ALL", 0.5)
    secret(tmp_path / "secret", "s")
    with dripping(tmp_path, begin) as port:
        endpoint = Endpoint(
            f"https://localhost:{port}/token",
            "me",
            SecretFile(tmp_path / "secret"),
            ca_certs=tmp_path / "ca.pem",
        )
        with pytest.raises(JobError, match=r"^kafka.oauth_token_endpoint: .* after 0.5 s"):
            endpoint.ask()


@pytest.mark.parametrize(
    ("error", "setting"),
    [
        ("invalid_scope", "oauth_scope"),
        ("invalid_target", "oauth_audience"),
        ("invalid_client", "oauth_client_secret"),
        ("invalid_grant", "oauth_token_endpoint"),
    ],
)
def test_a_refusal_of_a_token_names_the_setting_that_is_refused(
    error: str, setting: str, tmp_path: Path
) -> None:
    endpoint = Endpoint("https://a/t", "me", SecretFile(tmp_path / "s"))
    with pytest.raises(JobError, match=rf"^kafka\.{setting}: the token endpoint .*: {error}\n"):
        endpoint._answered(400, json.dumps({"error": error}).encode())


def test_a_server_that_is_reached_too_late_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = socket.create_connection

    def late(*args: Any, **options: Any) -> socket.socket:
        time.sleep(0.3)
        return reached(*args, **options)

    monkeypatch.setattr("flinksec_jobs.logins.python_tokens._SECONDS_IN_ALL", 0.1)
    monkeypatch.setattr(socket, "create_connection", late)
    secret(tmp_path / "secret", "s")
    with dripping(tmp_path, b"") as port:
        endpoint = Endpoint(
            f"https://localhost:{port}/token",
            "me",
            SecretFile(tmp_path / "secret"),
            ca_certs=tmp_path / "ca.pem",
        )
        with pytest.raises(JobError, match=r"^kafka.oauth_token_endpoint: .* after 0.1 s"):
            endpoint.ask()


def test_a_secret_that_is_not_there_is_told_by_its_setting(tmp_path: Path) -> None:
    with pytest.raises(FlinkSecError, match=r"^kafka.password \(file:.* cannot be read"):
        options(sasl_mechanism="PLAIN", username="me", password=f"file:{tmp_path}/none")
