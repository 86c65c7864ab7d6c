# SPDX-License-Identifier: Apache-2.0
"""One party's directory: what it presents and whom it trusts, as Java and as PEM reads it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from flinksec_jobs import tls
from flinksec_jobs.certificates import Identity, describe_name, pem, truststore
from flinksec_jobs.certs.bags import MOST_ITERATIONS, most_iterations
from flinksec_jobs.errors import CertificateError
from flinksec_jobs.files import CERTIFICATES, reason
from flinksec_jobs.files import content as content_of
from flinksec_jobs.private_files import sync_directory, write_private
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.settings.cluster_tls import KEYSTORE, PASSWORD, TRUSTSTORE

# The names of cert-manager and of Kubernetes' own TLS Secrets.
CERTIFICATE, KEY, CA = "tls.crt", "tls.key", "ca.crt"


class StoreTypeError(CertificateError):
    """A file is another kind of store than PKCS#12."""


class WrongPasswordError(CertificateError):
    """A store does not open with its password."""


_JKS = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")


@dataclass(frozen=True)
class Party:
    """A process, or several that are one: its key, whom it trusts, the password of its stores.

    Attributes:
        has_pem: for a client that is no JVM: PEM files beside the stores.
    """

    identity: Identity
    trusted: tuple[x509.Certificate, ...]
    password: str
    has_pem: bool = False

    def __repr__(self) -> str:
        return f"<Party {describe_name(self.identity.certificate.subject)}>"

    def files(self) -> dict[str, bytes]:
        """Return the files of its directory by their names."""
        files = {
            KEYSTORE: self.identity.pkcs12(self.password, "flink"),
            TRUSTSTORE: truststore(self.trusted, self.password),
            PASSWORD: self.password.encode(),
        }
        if self.has_pem:
            files |= {
                CERTIFICATE: self.identity.certificate_pem,
                KEY: self.identity.key_pem,
                CA: pem(*self.trusted),
            }
        return files


def write_party(directory: Path, party: Party) -> None:
    """Write a party's files into a new private directory, and onto the disk."""
    directory.mkdir(mode=0o700)
    for file, content in party.files().items():
        write_private(directory / file, content, durable=True)
    sync_directory(directory)


def read_party(directory: Path) -> Party:
    """Read what `write_party` wrote.

    Raises:
        CertificateError, SecretError: a file is missing or is not what it should be.
    """
    password = read_password(directory / PASSWORD)
    key_store = read_store(directory / KEYSTORE, password)
    if key_store.identity is None:
        raise CertificateError(
            f"{directory / KEYSTORE} holds no private key",
            hint="it must hold the party's own key and certificate",
        )
    trust_store = read_store(directory / TRUSTSTORE, password)
    has_pem = (directory / CERTIFICATE).exists()
    return Party(key_store.identity, trust_store.certificates, password, has_pem)


def read_parties(directory: Path) -> dict[str, Party]:
    """Read every party below a directory: the cluster's own, then the clients by their names."""
    found = sorted(
        (path.name for path in directory.iterdir() if (path / KEYSTORE).is_file()),
        key=lambda name: (name not in {"internal", "rest"}, name),
    )
    return {name: read_party(directory / name) for name in found}


def read_password(path: Path) -> str:
    """Read a store's password."""
    return SecretFile(path).read_text("the stores' password")


@dataclass(frozen=True)
class Store:
    """What a PKCS#12 file holds."""

    identity: Identity | None
    certificates: tuple[x509.Certificate, ...]


def read_store(path: Path, password: str) -> Store:
    """Open a PKCS#12 store.

    Raises:
        CertificateError: it cannot be opened; the message says why.
    """
    return parse_store(read(path), password, path)


def parse_store(content: bytes, password: str, path: Path) -> Store:
    """Open a PKCS#12 store that was read from a file."""
    if content.startswith(_JKS):
        raise StoreTypeError(
            f"{path} is a store of Java's own old type (JKS)",
            hint="convert it: keytool -importkeystore -srckeystore OLD -destkeystore NEW.p12 "
            "-deststoretype pkcs12",
        )
    if content.lstrip().startswith(b"-----BEGIN"):
        raise StoreTypeError(
            f"{path} is a PEM file, not a PKCS#12 store",
            hint="make a store of it: flinksec certs create --internal-from DIRECTORY",
        )
    if most_iterations(content) > MOST_ITERATIONS:
        # Its password would be tried for hours.
        raise CertificateError(
            f"{path} asks for more than {MOST_ITERATIONS:,} iterations",
            hint="make the store anew with fewer: 10,000 are usual",
        )
    problem: type[CertificateError] = CertificateError
    found = None
    try:
        with warnings.catch_warnings():
            # Of BER instead of DER, which is the parser's matter.
            warnings.simplefilter("ignore", UserWarning)
            # A password with a NUL, which no store has, would be a panic of the parser.
            if "\0" in password:
                problem = WrongPasswordError
            else:
                found = pkcs12.load_pkcs12(content, password.encode())
    except ValueError as error:
        # So says `cryptography`, which cannot tell more: the password is checked by a MAC.
        if "password" in str(error):
            problem = WrongPasswordError
    except (UnsupportedAlgorithm, NotImplementedError, TypeError):
        pass
    if found is None:
        # Outside of the handlers: what the parser said about a key is not passed on.
        is_wrong = problem is WrongPasswordError
        raise problem(
            f"{path} does not open with its password"
            if is_wrong
            else f"{path} is not a PKCS#12 store, or not a whole one",
            hint="make sure that store and password are the ones made together, and whole",
        )
    others = tuple(one.certificate for one in found.additional_certs)
    check_readable([*others, *([found.cert.certificate] if found.cert else [])], path)
    if found.key is None:
        own = (found.cert.certificate,) if found.cert else ()
        return Store(None, own + others)
    if found.cert is None or not isinstance(
        found.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    ):
        raise CertificateError(
            f"{path} holds a key without a certificate, or one that is neither RSA nor EC",
            hint="put one RSA key and its certificate into it",
        )
    return Store(Identity(found.cert.certificate, found.key, others), others)


def check_readable(certificates: Iterable[x509.Certificate], path: Path) -> None:
    """Refuse certificates whose parts cannot be read; they are parsed when they are asked for.

    Raises:
        CertificateError: one cannot be read.
    """
    for one in certificates:
        try:
            _ = one.subject, one.issuer, one.extensions, one.signature_hash_algorithm
            one.public_key()
        except (ValueError, UnsupportedAlgorithm, x509.UnsupportedGeneralNameType) as error:
            raise CertificateError(
                f"{path} holds a certificate that cannot be read: {error}",
                hint="have it issued anew",
            ) from error


def read_pem(path: Path, what: str) -> list[x509.Certificate]:
    """Read the certificates of a PEM file.

    Raises:
        CertificateError, SettingsError: they cannot be read.
    """
    found = tls.load_certificates(path, what)
    check_readable(found, path)
    return found


def read(path: Path) -> bytes:
    """Read a file.

    Raises:
        CertificateError: it cannot be read.
    """
    try:
        return content_of(path, CERTIFICATES)
    except OSError as error:
        raise CertificateError(
            f"{path} cannot be read: {reason(error)}",
            hint="name a directory with keystore.p12, truststore.p12 and password, "
            "or with tls.crt, tls.key and ca.crt",
        ) from error
