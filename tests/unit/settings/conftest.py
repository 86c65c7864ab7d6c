# SPDX-License-Identifier: Apache-2.0
"""Certificates, keytabs and settings files for the tests beside this file."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

NOW = datetime(2030, 6, 1, tzinfo=UTC)

# Written by the JDK 17's own keytab code: flink@EXAMPLE.COM (kvno 3) and
# kafka/localhost@EXAMPLE.COM (kvno 44), four encryption types each, derived from a test password.
JDK_KEYTAB = base64.b64decode(
    "BQIAAABDAAEAC0VYQU1QTEUuQ09NAAVmbGluawAAAABrBmRMAwASACBeJfpsMQEFT8td+dK0VvTencTdJ/DRVqtx6Xc2"
    "51xYLgAAADMAAQALRVhBTVBMRS5DT00ABWZsaW5rAAAAAGsGZEwDABEAEGK9v4z2B1B3Ir3mufVX/wUAAABDAAEAC0VY"
    "QU1QTEUuQ09NAAVmbGluawAAAABrBmRMAwAUACBoX+/bKFa8h7gN4vktdtlkDKlNmhGkWK8xd7H66rN7cwAAADMAAQAL"
    "RVhBTVBMRS5DT00ABWZsaW5rAAAAAGsGZEwDABMAEFyLMzCoLLoiJwPhcFMvzj8AAABOAAIAC0VYQU1QTEUuQ09NAAVr"
    "YWZrYQAJbG9jYWxob3N0AAAAAWsGZEwsABIAIMVJS82wvFkbOdkalrVKJfPsyq3CzyaygMC2sX45X7G8AAAAPgACAAtF"
    "WEFNUExFLkNPTQAFa2Fma2EACWxvY2FsaG9zdAAAAAFrBmRMLAARABCZg7xuubzAneV7SxEoxDl1AAAATgACAAtFWEFN"
    "UExFLkNPTQAFa2Fma2EACWxvY2FsaG9zdAAAAAFrBmRMLAAUACBEsa2LNhYBaFgJgqSXTDbNicvXMMQH+XzvZEE0knhJ"
    "GQAAAD4AAgALRVhBTVBMRS5DT00ABWthZmthAAlsb2NhbGhvc3QAAAABawZkTCwAEwAQgd2kDhcGOXEzsJoszF0MoA=="
)


@dataclass(frozen=True)
class Identity:
    """A certificate with its key, as PEM files."""

    certificate: x509.Certificate
    cert_file: Path
    key_file: Path


@pytest.fixture
def make_identity(tmp_path: Path) -> Callable[..., Identity]:
    """Make a self-signed certificate for a host."""

    def make(
        name: str = "localhost",
        begins: datetime = NOW - timedelta(days=1),
        ends: datetime = NOW + timedelta(days=365),
        key_format: PrivateFormat = PrivateFormat.PKCS8,
        alternatives: Sequence[x509.GeneralName] | None = None,
    ) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        names = [x509.DNSName(name)] if alternatives is None else alternatives
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(key, hashes.SHA256())
        directory = tmp_path / f"identity-{certificate.serial_number}"
        directory.mkdir()
        cert_file, key_file = directory / "cert.pem", directory / "key.pem"
        cert_file.write_bytes(certificate.public_bytes(Encoding.PEM))
        key_file.write_bytes(key.private_bytes(Encoding.PEM, key_format, NoEncryption()))
        key_file.chmod(0o600)
        return Identity(certificate, cert_file, key_file)

    return make


@pytest.fixture
def secret_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of mode 0600, or another."""

    def write(content: bytes, name: str = "secret", mode: int = 0o600) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        path.chmod(mode)
        return path

    return write


@pytest.fixture
def keytab(secret_file: Callable[..., Path]) -> Path:
    """A real keytab."""
    return secret_file(JDK_KEYTAB, "flink.keytab")


@pytest.fixture
def now() -> datetime:
    """The time at which the certificates of `make_identity` are valid."""
    return NOW


@pytest.fixture
def write_toml(tmp_path: Path) -> Callable[[str], Path]:
    """Write a settings file."""

    def write(text: str) -> Path:
        path = tmp_path / "job.toml"
        path.write_text(text, "utf-8")
        return path

    return write
