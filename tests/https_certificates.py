# SPDX-License-Identifier: Apache-2.0
"""Certificates of servers over HTTPS, right ones and wrong ones, with whatever is odd in them."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from flinksec_jobs.certificates import PrivateKey, pem

DAY = timedelta(days=1)
SERVERS = ExtendedKeyUsageOID.SERVER_AUTH
CLIENTS = ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, which may sign others if it is a CA's, or if nobody looks."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def key_pem(self) -> bytes:
        """The key, unencrypted."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def issued(
    name: str,
    by: Issued | None = None,
    *,
    ca: bool = False,
    names: Sequence[str] = (),
    begins: timedelta = -DAY,
    ends: timedelta = DAY,
    purpose: ObjectIdentifier = SERVERS,
    key: PrivateKey | None = None,
) -> Issued:
    """Issue a certificate.

    Args:
        name: the common name of its subject.
        by: who signs it; default: itself.
        ca: whether it may sign others.
        names: DNS names that it is for.
        begins: from when on it is valid, from now.
        ends: until when.
        purpose: what it is for, if it is no CA.
        key: its own; default: a new one, which is quick to make.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(one) for one in names])
        builder = builder.add_extension(alternatives, critical=False)
    return Issued(builder.sign((by.key if by else key), hashes.SHA256()), key)


def server_context(
    own: Issued,
    *others: Issued,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    clients: bytes | None = None,
) -> ssl.SSLContext:
    """Return the TLS of a server.

    Args:
        own: its certificate.
        others: what it shows besides.
        newest: the newest version that it speaks.
        clients: CAs of clients, of which it demands certificates.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # for the versions that nobody should speak
    context.minimum_version = min(newest, ssl.TLSVersion.TLSv1_2)
    context.maximum_version = newest
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        shown = b"".join(pem(one.certificate) for one in (own, *others))
        file.write(own.key_pem + shown)
        file.flush()
        context.load_cert_chain(file.name)
    if clients is not None:
        context.load_verify_locations(cadata=clients.decode("ascii"))
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def written(path: Path, *content: bytes) -> Path:
    """Write a file of mode 0600, in place of one that is there."""
    new = path.with_name(f"{path.name}.new")
    new.touch(mode=0o600)
    new.write_bytes(b"".join(content))
    new.rename(path)
    return path
