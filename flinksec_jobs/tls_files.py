# SPDX-License-Identifier: Apache-2.0
"""The files that TLS settings name: PEM, or PKCS#12 or JKS stores, told apart by their content."""

from __future__ import annotations

import tempfile
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from flinksec_jobs import certificates, tls
from flinksec_jobs.errors import SecretError, SettingsError
from flinksec_jobs.files import CERTIFICATES, read_bytes
from flinksec_jobs.jks import MAGIC, JksError, read_jks
from flinksec_jobs.private_files import write_private
from flinksec_jobs.secrets import SecretFile

_DER_SEQUENCE = b"\x30"
# A bag with an encrypted key (RFC 7292, 4.2.2), as it stands in a store: keytool and OpenSSL
# encrypt keys one by one, and nothing around them.
_KEY_BAG = bytes.fromhex("060b2a864886f70d010c0a0102")
# scrypt in the parameters of PBES2 (RFC 7914, 7).
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
_FOR_JAVA = "encrypt it anew with openssl pkcs8 -topk8 -v2 aes-256-cbc"


class TlsFiles(Protocol):
    """What a section of the settings says of TLS; the names are those of `KafkaSettings`."""

    @property
    def ca_certs(self) -> Path | None:
        """Trusted CAs."""

    @property
    def ca_certs_password(self) -> SecretFile | None:
        """Password of a store of them."""

    @property
    def client_cert(self) -> Path | None:
        """The client's certificate."""

    @property
    def client_key(self) -> SecretFile | None:
        """Its key."""

    @property
    def client_key_password(self) -> SecretFile | None:
        """Password of the key, or of a store."""


@dataclass(frozen=True)
class Identity:
    """A certificate with its key.

    Attributes:
        chain: the certificate, then what signed it.
        key: private.
    """

    chain: tuple[x509.Certificate, ...]
    key: Any = field(repr=False)


def trusted(named: TlsFiles, section: str) -> list[x509.Certificate]:
    """Return the certificates of ``ca_certs``, which is set.

    Args:
        named: the settings.
        section: its name, for messages.

    Raises:
        SettingsError: it cannot be read, or holds none.
        SecretError: its password cannot be read.
    """
    assert named.ca_certs is not None  # noqa: S101  for the type checker: asked by the caller
    setting, path = f"{section}.ca_certs", named.ca_certs
    content = read_bytes(path, setting, CERTIFICATES, error=SettingsError)
    if not is_store(content):
        return tls.load_certificates(path, setting)
    password = _password(
        named.ca_certs_password, f"{section}.ca_certs_password", f"{setting} {path}"
    )
    try:
        if content.startswith(MAGIC):
            entries = read_jks(content, password)
            found = [
                x509.load_der_x509_certificate(one.certificates[0])
                for one in entries
                if one.key is None
            ]
        else:
            bags = pkcs12.load_pkcs12(content, password.encode())
            found = [one.certificate for one in bags.additional_certs]
            found += [bags.cert.certificate] if bags.cert and bags.key is None else []
    except (JksError, ValueError) as error:
        raise _unopened(setting, path, f"{section}.ca_certs_password", error) from None
    if not found:
        raise SettingsError(
            f"{setting} {path} holds no trusted certificate",
            hint="import the CA's with keytool -importcert, or name its PEM file",
        )
    return found


def identity(named: TlsFiles, section: str) -> Identity:
    """Return the certificate of ``client_cert``, which is set, and its key.

    Raises:
        SettingsError: the certificate cannot be read.
        SecretError: the key, or a password, cannot be read or used.
    """
    assert named.client_cert is not None  # noqa: S101  for the type checker: asked by the caller
    setting, path = f"{section}.client_cert", named.client_cert
    content = read_bytes(path, setting, CERTIFICATES, error=SettingsError)
    if not is_store(content):
        return _of_pem(named, section, path)
    if named.client_key is not None:
        raise SettingsError(
            f"{section}.client_key has no effect: the key is in the store {setting} {path}",
            hint=f"remove {section}.client_key",
        )
    # Who may read a store has the key but for its password.
    SecretFile(path).check(setting)
    password = _password(
        named.client_key_password, f"{section}.client_key_password", f"{setting} {path}"
    )
    try:
        if content.startswith(MAGIC):
            found = [one for one in read_jks(content, password) if one.key is not None]
            keys = [serialization.load_der_private_key(one.key or b"", None) for one in found]
            chains = [
                [x509.load_der_x509_certificate(c) for c in one.certificates] for one in found
            ]
        else:
            bags = pkcs12.load_pkcs12(content, password.encode())
            keys = [bags.key] if bags.key and bags.cert else []
            # The parser passes over all but the first.
            keys *= max(1, content.count(_KEY_BAG))
            chains = [[one.certificate for one in (bags.cert, *bags.additional_certs) if one]]
    except (JksError, ValueError, TypeError) as error:
        raise _unopened(setting, path, f"{section}.client_key_password", error) from None
    if len(keys) != 1:
        raise SettingsError(
            f"{setting} {path} holds {len(keys)} private keys, and must hold one",
            hint="export the job's own into a store, or name PEM files",
        )
    return Identity(tuple(chains[0]), keys[0])


@dataclass(frozen=True)
class PemFiles:
    """The TLS settings as unencrypted PEM files; None for what is not set."""

    ca_certs: Path | None
    client_cert: Path | None
    client_key: Path | None


@contextmanager
def as_pem_files(named: TlsFiles, section: str) -> Iterator[PemFiles]:
    """Give the TLS settings as PEM files, for who reads nothing else.

    What is a store, or encrypted, is written into a private directory, which goes away at the end.

    Raises:
        SettingsError, SecretError: a file cannot be read or used; OpenSSL would name none, and ask
            for the password of an encrypted key on the terminal.
    """
    with tempfile.TemporaryDirectory(prefix="flinksec-tls-") as made:  # of mode 0700
        yield PemFiles(*_pem_files(named, section, Path(made)))


def _pem_files(
    named: TlsFiles, section: str, directory: Path
) -> tuple[Path | None, Path | None, Path | None]:
    authorities = named.ca_certs
    if authorities:
        content = b"".join(certificates.pem(one) for one in trusted(named, section))
        if named.ca_certs_password:
            authorities = directory / "ca.pem"
            write_private(authorities, content)
    if not named.client_cert:
        return authorities, None, None
    found = identity(named, section)
    if not tls.belongs_to(found.key, found.chain[0]):
        raise SettingsError(
            f"{section}.client_cert {named.client_cert} is not the certificate of its key",
            hint="export certificate and key anew, the job's certificate first",
        )
    if named.client_key and not named.client_key_password:
        return authorities, named.client_cert, named.client_key.path
    chain, key = directory / "client.pem", directory / "client.key"
    write_private(chain, b"".join(certificates.pem(one) for one in found.chain))
    write_private(
        key,
        found.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    return authorities, chain, key


def is_store(content: bytes) -> bool:
    """Whether a file is a PKCS#12 or JKS store, and not PEM."""
    return content.startswith((MAGIC, _DER_SEQUENCE))


def _of_pem(named: TlsFiles, section: str, path: Path) -> Identity:
    chain = tls.load_certificates(path, f"{section}.client_cert")
    if named.client_key is None:
        raise SettingsError(
            f"{section}.client_key is missing, and {section}.client_cert {path} is a PEM file",
            hint=f"name the file of the key, or a PKCS12 or JKS store in {section}.client_cert",
        )
    password = named.client_key_password
    if password is None:
        return Identity(
            tuple(chain), tls.load_private_key(named.client_key, f"{section}.client_key")
        )
    content = named.client_key.read_bytes(f"{section}.client_key")
    what = f"{section}.client_key (file:{named.client_key.path})"
    secret = password.read_text(f"{section}.client_key_password").encode()
    try:
        key = serialization.load_pem_private_key(content, secret)
        problem, hint = _strange_to_java(content), _FOR_JAVA
        if problem is None:
            return Identity(tuple(chain), key)
    except TypeError:
        problem = f"is not encrypted, and {section}.client_key_password is set"
        hint = f"remove {section}.client_key_password"
    except ValueError:
        problem = f"cannot be decrypted with {section}.client_key_password"
        hint = "compare it with openssl pkey -in"
    # Outside of the handlers: what the parser said about a key is not passed on.
    raise SecretError(f"{what} {problem}", hint=hint)


def _strange_to_java(content: bytes) -> str | None:
    """Tell why Java does not decrypt an encrypted key in PEM that OpenSSL does; None if it does."""
    if _ENCRYPTED not in content:
        return "is encrypted in OpenSSL's own way, which Java does not read"
    block = content.partition(_ENCRYPTED)[2].partition(b"-----")[0]
    return "is encrypted with scrypt, which Java lacks" if _SCRYPT in b64decode(block) else None


def _password(secret: SecretFile | None, setting: str, what: str) -> str:
    if secret is None:
        raise SettingsError(
            f"{setting} is missing, and {what} is a store that needs it",
            hint=f"set {setting} to the file of the store's password, as file:/path",
        )
    return secret.read_text(setting)


def _unopened(setting: str, path: Path, password: str, error: Exception) -> SettingsError:
    why = str(error) if isinstance(error, JksError) else "it is damaged, or its password is another"
    return SettingsError(
        f"{setting} {path} cannot be opened with {password}: {why}",
        hint="compare them with keytool -list -keystore",
    )
