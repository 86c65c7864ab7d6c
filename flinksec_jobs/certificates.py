# SPDX-License-Identifier: Apache-2.0
"""X.509 certificates and the PKCS#12 stores that Java takes them from.

The sandbox makes its test servers' certificates with this, ``flinksec certs`` a cluster's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Purpose = Literal["client", "server"]

_PEM = serialization.Encoding.PEM
# OpenSSL's number. More would not protect the random passwords that these stores have, and Flink
# opens its stores for every connection to the blob server.
_ROUNDS = 2048
_PURPOSES = {
    "client": ExtendedKeyUsageOID.CLIENT_AUTH,
    "server": ExtendedKeyUsageOID.SERVER_AUTH,
}


@dataclass(frozen=True)
class Identity:
    """A certificate, its key, and the certificates to show with it.

    Attributes:
        chain: the issuer's certificate and its issuer's, without an end that peers have anyway.
    """

    certificate: x509.Certificate
    key: PrivateKey
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def certificate_pem(self) -> bytes:
        """The certificate, then the chain."""
        return pem(self.certificate, *self.chain)

    @property
    def key_pem(self) -> bytes:
        """The key, unencrypted, as PKCS#8."""
        return self.key.private_bytes(
            _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def pkcs12(self, password: str, alias: str = "server") -> bytes:
        """Certificate, chain and key in one encrypted store."""
        return pkcs12.serialize_key_and_certificates(
            alias.encode(), self.key, self.certificate, self.chain, _encryption(password)
        )


@dataclass(frozen=True)
class Validity:
    """From when to when a certificate is valid."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Authority:
    """A CA whose key exists only in memory."""

    certificate: x509.Certificate
    key: PrivateKey

    def sign(
        self,
        key: PrivateKey,
        subject: x509.Name,
        validity: Validity,
        *,
        names: Iterable[str] = (),
        purposes: Sequence[Purpose],
    ) -> x509.Certificate:
        """Sign the certificate of a server, a client or both.

        Args:
            key: the new certificate's.
            subject: who it is.
            validity: of the certificate.
            names: DNS names, wildcards too, and IP addresses.
            purposes: what it may be used for.
        """
        builder = _end_entity(subject, key, validity, names, purposes)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (
            builder.issuer_name(self.certificate.subject)
            .add_extension(issuer, critical=False)
            .sign(self.key, hashes.SHA256())
        )


def make_authority(key: PrivateKey, subject: x509.Name, validity: Validity) -> Authority:
    """Make a CA that may sign end entities only."""
    usage = _key_usage(key_cert_sign=True, crl_sign=True)
    certificate = (
        _builder(subject, key, validity)
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def self_signed(
    key: PrivateKey, subject: x509.Name, validity: Validity, *, names: Iterable[str] = ()
) -> x509.Certificate:
    """Make a certificate that is no CA, for both ends of a connection between equals."""
    builder = _end_entity(subject, key, validity, names, ("server", "client"))
    return builder.issuer_name(subject).sign(key, hashes.SHA256())


def truststore(trusted: Iterable[x509.Certificate], password: str) -> bytes:
    """Return a PKCS#12 store of certificates that Java takes for trusted.

    Java trusts only entries with an attribute of Oracle's; it would find a store that
    ``openssl pkcs12 -nokeys`` makes empty.
    """
    entries = [
        # Java keeps one entry for each alias.
        pkcs12.PKCS12Certificate(certificate, f"trusted-{number}".encode())
        for number, certificate in enumerate(trusted, start=1)
    ]
    return pkcs12.serialize_java_truststore(entries, _encryption(password))


def pem(*certificates: x509.Certificate) -> bytes:
    """Certificates one after another."""
    return b"".join(certificate.public_bytes(_PEM) for certificate in certificates)


def fingerprint(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    """Return the hash of a certificate, as ``AB:CD:...``."""
    return certificate.fingerprint(algorithm).hex(":").upper()


def name(common_name: str, serial_number: str | None = None) -> x509.Name:
    """Return a distinguished name; two of one common name differ by their serial numbers."""
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if serial_number:
        attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial_number))
    return x509.Name(attributes)


def describe_name(distinguished: x509.Name) -> str:
    """Return a distinguished name as people write it; ``no name`` if it is empty."""
    return distinguished.rfc4514_string({NameOID.SERIAL_NUMBER: "serialNumber"}) or "no name"


def general_name(text: str) -> x509.GeneralName:
    """Return an IP address or else a DNS name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _encryption(password: str) -> serialization.KeySerializationEncryption:
    """AES-256 under the password, as Java 17 and OpenSSL 3 read it."""
    return (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .kdf_rounds(_ROUNDS)
        .build(password.encode())
    )


def _end_entity(
    subject: x509.Name,
    key: PrivateKey,
    validity: Validity,
    names: Iterable[str],
    purposes: Sequence[Purpose],
) -> x509.CertificateBuilder:
    # Key encipherment is for the RSA key exchange of old, which is never offered.
    usage = _key_usage(digital_signature=True)
    extended = x509.ExtendedKeyUsage([_PURPOSES[purpose] for purpose in purposes])
    builder = (
        _builder(subject, key, validity)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(extended, critical=False)
    )
    general = [general_name(one) for one in names]
    if general:
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    return builder


def _builder(subject: x509.Name, key: PrivateKey, validity: Validity) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.begins)
        .not_valid_after(validity.ends)
        .add_extension(identifier, critical=False)
    )


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
