# SPDX-License-Identifier: Apache-2.0
"""Certificates of a test CA: the right ones, and the wrong ones that tests need."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from flinksec_jobs import certificates
from flinksec_jobs.certificates import Identity, Validity
from flinksec_jobs.private_files import write_private
from flinksec_jobs.sandbox.layout import CLIENTS, LOOPBACK, LOOPBACK_ADDRESS, Layout

Variant = Literal["good", "wrong-name", "unknown-ca", "expired"]

_DAY = timedelta(days=1)
_LIFE = timedelta(days=30)


class Authority:
    """A CA whose key exists only in memory; its certificates have keys that are quick to make."""

    def __init__(self, authority: certificates.Authority) -> None:
        self._authority = authority

    @classmethod
    def create(cls, name: str) -> Self:
        """Make a CA."""
        subject = certificates.name(name)
        return cls(certificates.make_authority(_key(), subject, _validity()))

    @property
    def certificate(self) -> x509.Certificate:
        """The CA's certificate."""
        return self._authority.certificate

    @property
    def pem(self) -> bytes:
        """The CA's certificate as PEM."""
        return certificates.pem(self.certificate)

    def server(self, host: str = LOOPBACK, *, expired: bool = False) -> Identity:
        """Sign a server's certificate."""
        names = [host, LOOPBACK_ADDRESS] if host == LOOPBACK else [host]
        return self._sign(host, _validity(begun=2 * _LIFE if expired else _DAY), names)

    def client(self, name: str) -> Identity:
        """Sign a client's certificate."""
        return self._sign(name, _validity(), [])

    def truststore(self, password: str) -> bytes:
        """Return this CA in a store that Java takes for trusted."""
        return certificates.truststore([self.certificate], password)

    def _sign(self, name: str, validity: Validity, names: list[str]) -> Identity:
        key, subject = _key(), certificates.name(name)
        certificate = self._authority.sign(
            key, subject, validity, names=names, purposes=("client", "server")
        )
        return Identity(certificate, key, (self.certificate,))


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
    server = authority.server(layout.host)
    write_private(layout.certificate("server.pem"), server.key_pem + server.certificate_pem)
    write_private(layout.certificate("server.p12"), server.pkcs12(password))
    write_private(layout.certificate("truststore.p12"), authority.truststore(password))
    search = _elasticsearch(authority, rogue, variant, layout.host)
    write_private(layout.certificate("elasticsearch.p12"), search.pkcs12(password))
    write_private(layout.certificate("elasticsearch.pem"), certificates.pem(search.certificate))
    for name in CLIENTS:
        client = authority.client(name)
        write_private(layout.certificate(f"{name}.pem"), client.certificate_pem)
        write_private(layout.certificate(f"{name}.key"), client.key_pem)


def _elasticsearch(authority: Authority, rogue: Authority, variant: Variant, host: str) -> Identity:
    if variant == "unknown-ca":
        return rogue.server(host)
    if variant == "wrong-name":
        return authority.server("search.example.com")
    return authority.server(host, expired=variant == "expired")


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _validity(begun: timedelta = _DAY) -> Validity:
    start = datetime.now(UTC) - begun
    return Validity(start, start + _LIFE)
