# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates that exist: PEM files, or what cert-manager puts into its Secrets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from flinksec_jobs import tls
from flinksec_jobs.certificates import Identity
from flinksec_jobs.certs.anchors import anchors_of
from flinksec_jobs.certs.stores import (
    CA,
    CERTIFICATE,
    KEY,
    read_password,
    read_pem,
    read_store,
)
from flinksec_jobs.errors import CertificateError
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.settings.cluster_tls import KEYSTORE, PASSWORD, TRUSTSTORE


@dataclass(frozen=True)
class Source:
    """A directory's key, certificate and, if it has them, the CAs that vouch for it."""

    directory: Path
    identity: Identity
    ca: tuple[x509.Certificate, ...]

    @classmethod
    def read(cls, directory: Path, password_file: Path | None = None) -> Self:
        """Read ``tls.crt``, ``tls.key``, ``ca.crt``, or else ``keystore.p12``, ``truststore.p12``.

        Args:
            directory: where they are; a mounted Secret will do.
            password_file: of the stores; by default the file ``password`` beside them.

        Raises:
            CertificateError, SecretError, SettingsError: they cannot be used.
        """
        if (directory / CERTIFICATE).exists():
            identity, ca = _from_pem(directory)
        elif (directory / KEYSTORE).exists():
            identity, ca = _from_stores(directory, password_file or directory / PASSWORD)
        else:
            raise CertificateError(
                f"{directory} holds neither {CERTIFICATE} nor {KEYSTORE}",
                hint="name a directory with tls.crt, tls.key and ca.crt, or with keystore.p12, "
                "truststore.p12 and password",
            )
        chain = (identity.certificate, *identity.chain)
        if ca and not anchors_of(chain, ca):
            raise CertificateError(
                f"{directory}: its certificate was not issued by its CA",
                hint=f"put the right CA into {CA}",
            )
        return cls(directory, identity, ca)

    def need_ca(self) -> tuple[x509.Certificate, ...]:
        """Return the CAs, or the certificate itself if it vouches for itself.

        Raises:
            CertificateError: there are none.
        """
        if self.ca:
            return self.ca
        certificate = self.identity.certificate
        if anchors_of([certificate], [certificate]) and certificate.issuer == certificate.subject:
            return (certificate,)
        raise CertificateError(
            f"{self.directory} has a certificate of a CA, but not the CA",
            hint=f"put the CA's certificate into {self.directory / CA}; cert-manager writes it if "
            "the issuer supplies it",
        )


def _from_pem(directory: Path) -> tuple[Identity, tuple[x509.Certificate, ...]]:
    path = directory / CERTIFICATE
    leaf, *chain = read_pem(path, "the certificate")
    key = tls.load_private_key(SecretFile(directory / KEY), "the private key")
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise CertificateError(f"{directory / KEY} is neither an RSA nor an EC key")
    if not tls.belongs_to(key, leaf):
        raise CertificateError(
            f"{directory / KEY} is not the key of {path}",
            hint="the server's own certificate comes first in the file",
        )
    ca_file = directory / CA
    ca = read_pem(ca_file, "the CA") if ca_file.exists() else []
    return Identity(leaf, key, tuple(chain)), tuple(ca)


def _from_stores(
    directory: Path, password_file: Path
) -> tuple[Identity, tuple[x509.Certificate, ...]]:
    password = read_password(password_file)
    identity = read_store(directory / KEYSTORE, password).identity
    if identity is None:
        raise CertificateError(f"{directory / KEYSTORE} holds no private key")
    trust_file = directory / TRUSTSTORE
    ca = read_store(trust_file, password).certificates if trust_file.exists() else ()
    return identity, ca
