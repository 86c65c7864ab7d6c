# SPDX-License-Identifier: Apache-2.0
"""Certificates of a test CA: the right ones, and the wrong ones that tests need."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from flinksec_jobs.sandbox.layout import HOST, Layout, write_private

Variant = Literal["good", "wrong-name", "unknown-ca", "expired"]

_PEM = serialization.Encoding.PEM
_DAY = timedelta(days=1)
_LIFE = timedelta(days=30)


@dataclass(frozen=True)
class Identity:
    """A certificate, its key, and the CA that signed it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    issuer: x509.Certificate

    @property
    def certificate_pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(_PEM)

    @property
    def key_pem(self) -> bytes:
        """The key, unencrypted, as PKCS#8."""
        return self.key.private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def pkcs12(self, password: str) -> bytes:
        """Certificate, key and CA in one encrypted store."""
        encryption = serialization.BestAvailableEncryption(password.encode())
        return pkcs12.serialize_key_and_certificates(
            b"server", self.key, self.certificate, [self.issuer], encryption
        )


class Authority:
    """A CA whose key exists only in memory."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._key = key

    @classmethod
    def create(cls, name: str) -> Self:
        """Make a CA."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(name, datetime.now(UTC) - _DAY, _LIFE).issuer_name(_name(name))
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            builder.public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    @property
    def pem(self) -> bytes:
        """The CA's certificate."""
        return self.certificate.public_bytes(_PEM)

    def server(self, host: str = HOST, *, expired: bool = False) -> Identity:
        """Sign a server's certificate."""
        names: list[x509.GeneralName] = [x509.DNSName(host)]
        if host == HOST:
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        start = datetime.now(UTC) - (2 * _LIFE if expired else _DAY)
        return self._sign(host, start, names)

    def client(self, name: str) -> Identity:
        """Sign a client's certificate."""
        return self._sign(name, datetime.now(UTC) - _DAY, [])

    def truststore(self, password: str) -> bytes:
        """This CA in a store that Java takes for trusted."""
        trusted = pkcs12.PKCS12Certificate(self.certificate, b"ca")
        encryption = serialization.BestAvailableEncryption(password.encode())
        return pkcs12.serialize_java_truststore([trusted], encryption)

    def _sign(self, name: str, start: datetime, names: list[x509.GeneralName]) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        builder = (
            _builder(name, start, _LIFE)
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return Identity(builder.sign(self._key, hashes.SHA256()), key, self.certificate)


def write_certificates(layout: Layout, password: str, variant: Variant) -> None:
    """Write what the servers and their clients need.

    Args:
        layout: where to.
        password: of the PKCS#12 stores.
        variant: what is wrong, if anything, with Elasticsearch's certificate.
    """
    authority = Authority.create("flinksec sandbox CA")
    rogue = Authority.create("flinksec sandbox CA that nobody trusts")
    write_private(layout.certificate("ca.pem"), authority.pem)
    write_private(layout.certificate("rogue-ca.pem"), rogue.pem)
    server = authority.server()
    write_private(layout.certificate("server.pem"), server.key_pem + server.certificate_pem)
    write_private(layout.certificate("server.p12"), server.pkcs12(password))
    write_private(layout.certificate("truststore.p12"), authority.truststore(password))
    search = _elasticsearch(authority, rogue, variant)
    write_private(layout.certificate("elasticsearch.p12"), search.pkcs12(password))
    write_private(layout.certificate("elasticsearch.pem"), search.certificate_pem)
    client = authority.client("flink")
    write_private(layout.certificate("flink.pem"), client.certificate_pem)
    write_private(layout.certificate("flink.key"), client.key_pem)


def _elasticsearch(authority: Authority, rogue: Authority, variant: Variant) -> Identity:
    if variant == "unknown-ca":
        return rogue.server()
    if variant == "wrong-name":
        return authority.server("search.example.com")
    return authority.server(expired=variant == "expired")


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(name: str, start: datetime, life: timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + life)
    )
