# SPDX-License-Identifier: Apache-2.0
"""The mounted CAs, merged with those of the Java runtime."""

import ssl
import stat
import struct
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from flinksec_jobs.cluster import java_cacerts, trust_stores
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.sandbox.test_ca import Authority

DER = serialization.Encoding.DER


def jks(*certificates: x509.Certificate, tag: int = 2) -> bytes:
    """A Java key store as `keytool` writes it, without the digest that nobody checks."""
    content = struct.pack(">III", 0xFEEDFEED, 2, len(certificates))
    for number, certificate in enumerate(certificates):
        alias, der = f"ca-{number}".encode(), certificate.public_bytes(DER)
        content += struct.pack(">IH", tag, len(alias)) + alias + bytes(8)
        content += struct.pack(">H", 5) + b"X.509" + struct.pack(">I", len(der)) + der
    return content + bytes(20)


def java_home(directory: Path, cacerts: bytes | None) -> Path:
    security = directory / "java" / "lib" / "security"
    security.mkdir(parents=True)
    if cacerts is not None:
        (security / "cacerts").write_bytes(cacerts)
    return directory / "java"


@pytest.fixture
def authorities() -> list[Authority]:
    return [Authority.create(f"ca {number}") for number in range(3)]


def subjects(store: Path) -> set[str]:
    found = pkcs12.load_pkcs12(store.read_bytes(), None)
    return {entry.certificate.subject.rfc4514_string() for entry in found.additional_certs}


def test_the_mounted_cas_join_those_of_java(tmp_path: Path, authorities: list[Authority]) -> None:
    mounted = tmp_path / "ca"
    mounted.mkdir()
    (mounted / "kafka.pem").write_bytes(authorities[0].pem + authorities[1].pem)
    (mounted / "again.pem").write_bytes(authorities[0].pem)
    (mounted / "README").write_text("no certificate")
    home = java_home(tmp_path, jks(authorities[2].certificate))
    store, bundle = trust_stores.merge(mounted, home, tmp_path)
    assert subjects(store) == {"CN=ca 0", "CN=ca 1", "CN=ca 2"}
    assert len(x509.load_pem_x509_certificates(bundle.read_bytes())) == 3
    assert ssl.create_default_context(cafile=str(bundle)).cert_store_stats()["x509_ca"] == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in (store, bundle)} == {0o600}


def test_without_a_mount_java_s_own_are_left(tmp_path: Path, authorities: list[Authority]) -> None:
    password = serialization.BestAvailableEncryption(b"changeit")
    entry = pkcs12.PKCS12Certificate(authorities[0].certificate, b"one")
    home = java_home(tmp_path, pkcs12.serialize_java_truststore([entry], password))
    store, _ = trust_stores.merge(tmp_path / "nowhere", home, tmp_path)
    assert subjects(store) == {"CN=ca 0"}


def test_a_certificate_that_is_no_ca_is_refused(
    tmp_path: Path, authorities: list[Authority]
) -> None:
    (tmp_path / "server.pem").write_bytes(authorities[0].server().certificate_pem)
    with pytest.raises(SettingsError, match=r"server\.pem.*is not a CA"):
        trust_stores.merge(tmp_path, java_home(tmp_path, None), tmp_path)


def test_a_file_that_holds_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kafka.pem").write_text("no certificate")
    with pytest.raises(SettingsError, match=r"kafka\.pem holds no PEM certificate"):
        trust_stores.merge(tmp_path, java_home(tmp_path, None), tmp_path)


def test_java_s_own_store_may_be_missing(tmp_path: Path) -> None:
    assert java_cacerts.certificates(java_home(tmp_path, None)) == []


@pytest.mark.parametrize(
    "content", [b"", b"\xfe\xed\xfe\xed", b"hello", struct.pack(">III", 0xFEEDFEED, 2, 5)]
)
def test_a_store_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SettingsError, match="cacerts"):
        java_cacerts.certificates(java_home(tmp_path, content))


def test_a_store_with_a_key_is_no_store_of_cas(
    tmp_path: Path, authorities: list[Authority]
) -> None:
    content = jks(authorities[0].certificate, tag=1)
    with pytest.raises(SettingsError, match="cacerts"):
        java_cacerts.certificates(java_home(tmp_path, content))
