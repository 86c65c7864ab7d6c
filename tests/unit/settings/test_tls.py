# SPDX-License-Identifier: Apache-2.0
"""TLS settings, tried in handshakes over a pair of sockets and in memory: no network."""

import hashlib
import socket
import ssl
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from flinksec_jobs import tls
from flinksec_jobs.certificates import Validity, make_authority, name
from flinksec_jobs.errors import SecretError, SettingsError
from flinksec_jobs.https import ssl_contexts
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.settings import ElasticsearchSettings, KafkaSettings, load_settings


def kafka(**options: Any) -> KafkaSettings:
    given = {"bootstrap_servers": ["a:1"], "security_protocol": "SSL", **options}
    return load_settings(overrides={"kafka": given}, environ={}).need(KafkaSettings)


def elasticsearch(**options: Any) -> ElasticsearchSettings:
    given = {"hosts": ["https://a:1"], **options}
    return load_settings(overrides={"elasticsearch": given}, environ={}).need(ElasticsearchSettings)


def ssl_context(settings: ElasticsearchSettings) -> ssl.SSLContext:
    return ssl_contexts.ssl_context(settings, "elasticsearch")


def fingerprint(certificate: x509.Certificate) -> str:
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def server_context(identity: Any, *, clients: Path | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.cert_file, identity.key_file)
    if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def talk(client: ssl.SSLContext, server: ssl.SSLContext, host: str, **options: Any) -> bytes:
    """Connect over a pair of sockets and return what the server says."""
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    theirs.settimeout(10)

    def serve() -> None:
        with suppress(OSError), server.wrap_socket(theirs, server_side=True) as connection:
            connection.sendall(b"hello")
            connection.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=host, **options) as connection:
            return connection.recv(5)
    finally:
        ours.close()
        thread.join(10)
        theirs.close()


@pytest.fixture
def valid_now(make_identity: Callable[..., Any]) -> Callable[..., Any]:
    """Make identities that OpenSSL, which reads this machine's clock, finds valid."""
    now, day = datetime.now(UTC), timedelta(days=1)
    return lambda **options: make_identity(begins=now - day, ends=now + day, **options)


def test_full_verification_wants_the_right_ca_and_the_right_name(
    valid_now: Callable[..., Any],
) -> None:
    ours, foreign = valid_now(), valid_now()
    context = ssl_context(elasticsearch(ca_certs=ours.cert_file))
    assert talk(context, server_context(ours), "localhost") == b"hello"
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        talk(context, server_context(ours), "elsewhere")
    with pytest.raises(ssl.SSLCertVerificationError):
        talk(context, server_context(foreign), "localhost")


@pytest.mark.parametrize(
    "alternatives",
    [
        [],
        [x509.IPAddress(IPv4Address("127.0.0.1"))],
        [x509.RFC822Name("admin@localhost")],
        [x509.UniformResourceIdentifier("https://localhost/")],
    ],
)
def test_full_verification_takes_no_host_name_out_of_the_subject(
    valid_now: Callable[..., Any], alternatives: list[x509.GeneralName]
) -> None:
    ours = valid_now(alternatives=alternatives)
    context = ssl_context(elasticsearch(ca_certs=ours.cert_file))
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        talk(context, server_context(ours), "localhost")
    any_name = elasticsearch(verification="certificate", ca_certs=ours.cert_file)
    assert talk(ssl_context(any_name), server_context(ours), "localhost") == b"hello"


def test_without_ca_certs_the_machine_s_own_are_trusted_and_no_other(
    valid_now: Callable[..., Any],
) -> None:
    context = ssl_context(elasticsearch())
    with pytest.raises(ssl.SSLCertVerificationError):
        talk(context, server_context(valid_now()), "localhost")


def test_certificate_verification_wants_the_right_ca_and_takes_any_name(
    valid_now: Callable[..., Any],
) -> None:
    ours, foreign = valid_now(), valid_now()
    context = ssl_context(elasticsearch(verification="certificate", ca_certs=ours.cert_file))
    assert talk(context, server_context(ours), "elsewhere") == b"hello"
    with pytest.raises(ssl.SSLCertVerificationError):
        talk(context, server_context(foreign), "localhost")


def test_fingerprint_verification_wants_exactly_this_certificate(
    valid_now: Callable[..., Any],
) -> None:
    pinned, foreign = valid_now(), valid_now()
    context = ssl_context(
        elasticsearch(verification="fingerprint", fingerprint=fingerprint(pinned.certificate))
    )
    assert talk(context, server_context(pinned), "elsewhere") == b"hello"
    with pytest.raises(ssl.SSLCertVerificationError, match=fingerprint(foreign.certificate)):
        talk(context, server_context(foreign), "localhost")


def test_a_pinned_certificate_further_up_the_chain_does_not_help(
    valid_now: Callable[..., Any],
) -> None:
    pinned, foreign = valid_now(), valid_now()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    chain = foreign.cert_file.with_name("chain.pem")
    chain.write_bytes(foreign.cert_file.read_bytes() + pinned.cert_file.read_bytes())
    server.load_cert_chain(chain, foreign.key_file)
    context = ssl_context(
        elasticsearch(verification="fingerprint", fingerprint=fingerprint(pinned.certificate))
    )
    with pytest.raises(ssl.SSLCertVerificationError, match="fingerprint"):
        talk(context, server, "localhost")


def test_a_late_handshake_does_not_go_past_the_fingerprint(valid_now: Callable[..., Any]) -> None:
    context = ssl_context(elasticsearch(verification="fingerprint", fingerprint="ab" * 32))
    with pytest.raises(ssl.SSLCertVerificationError, match="fingerprint"):
        talk(context, server_context(valid_now()), "localhost", do_handshake_on_connect=False)


def test_a_fingerprint_is_compared_by_asynchronous_clients_too(
    valid_now: Callable[..., Any],
) -> None:
    identity = valid_now()
    for pin, fits in ((fingerprint(identity.certificate), True), ("ab" * 32, False)):
        context = ssl_context(elasticsearch(verification="fingerprint", fingerprint=pin))
        outcome = handshake_in_memory(context, server_context(identity))
        assert isinstance(outcome, ssl.SSLCertVerificationError) is not fits


def handshake_in_memory(client: ssl.SSLContext, server: ssl.SSLContext) -> Exception | None:
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname="localhost"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(10):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError as error:
                return error
    return None


def test_no_verification_takes_anyone(valid_now: Callable[..., Any]) -> None:
    context = ssl_context(elasticsearch(verification="none"))
    assert talk(context, server_context(valid_now()), "elsewhere") == b"hello"


def test_a_client_certificate_is_shown(valid_now: Callable[..., Any]) -> None:
    ours, client = valid_now(), valid_now()
    server = server_context(ours, clients=client.cert_file)
    without = elasticsearch(ca_certs=ours.cert_file)
    shown = elasticsearch(
        ca_certs=ours.cert_file, client_cert=client.cert_file, client_key=client.key_file
    )
    with pytest.raises(OSError):
        assert talk(ssl_context(without), server, "localhost") == b"hello"
    assert talk(ssl_context(shown), server, "localhost") == b"hello"


def test_a_key_that_cannot_be_used_is_refused_without_its_bytes(
    make_identity: Callable[..., Any], secret_file: Callable[..., Path]
) -> None:
    key = load_pem_private_key(make_identity().key_file.read_bytes(), None)
    encrypted = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hunter2")
    )
    for content, problem in ((encrypted, "is encrypted"), (b"hunter2", "holds no PEM private key")):
        path = secret_file(content)
        with pytest.raises(SecretError, match=f"kafka.client_key .*{problem}") as caught:
            tls.load_private_key(SecretFile(path), "kafka.client_key")
        assert caught.value.__context__ is None
        assert "hunter2" not in str(caught.value)
        names_a_password = "set kafka.client_key_password" in (caught.value.hint or "")
        assert names_a_password == (content == encrypted)


def test_certificates_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_bytes(b"")
    for file, problem in (("absent.pem", "cannot be read"), ("empty.pem", "no PEM certificate")):
        with pytest.raises(SettingsError, match=f"kafka.ca_certs .*{file} .*{problem}"):
            tls.load_certificates(tmp_path / file, "kafka.ca_certs")


def test_nothing_is_said_of_an_authority_with_an_odd_serial_number(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    valid = Validity(now, now + timedelta(days=1))
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = make_authority(key, name("CA"), valid).certificate
    number = certificate.serial_number.to_bytes((certificate.serial_number.bit_length() + 8) // 8)
    negative = b"\x80" + number[1:]
    odd = certificate.public_bytes(Encoding.DER).replace(number, negative, 1)
    (tmp_path / "ca.pem").write_text(ssl.DER_cert_to_PEM_cert(odd))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found,) = tls.load_certificates(tmp_path / "ca.pem", "kafka.ca_certs")
        assert found.subject == certificate.subject
