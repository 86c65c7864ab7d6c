# SPDX-License-Identifier: Apache-2.0
"""Certificates and keys of PEM files, and what the TLS settings mean for a Python client."""

from __future__ import annotations

import hashlib
import hmac
import ssl
import warnings
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.utils import CryptographyDeprecationWarning

from flinksec_jobs.errors import SecretError, SettingsError
from flinksec_jobs.files import CERTIFICATES, read_bytes

if TYPE_CHECKING:
    from flinksec_jobs.secrets import SecretFile
    from flinksec_jobs.settings import ElasticsearchSettings


def load_certificates(path: Path, setting: str) -> list[x509.Certificate]:
    """Return the certificates of a PEM file.

    Raises:
        SettingsError: it cannot be read or holds no certificate.
    """
    content = read_bytes(path, setting, CERTIFICATES, error=SettingsError)
    try:
        # CAs of a system have oddities, such as a serial number of 0, which harm nobody here.
        with warnings.catch_warnings(action="ignore", category=CryptographyDeprecationWarning):
            return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise SettingsError(
            f"{setting} {path} holds no PEM certificate",
            hint="it must contain -----BEGIN CERTIFICATE-----; convert DER with "
            "openssl x509 -inform der",
        ) from error


def load_private_key(key: SecretFile, setting: str) -> Any:
    """Return the unencrypted private key of a PEM file.

    Raises:
        SecretError: it cannot be read, is encrypted, or is no key.
    """
    return parse_private_key(key.read_bytes(setting), f"{setting} (file:{key.path})")


def parse_private_key(content: bytes, what: str) -> Any:
    """Return the unencrypted private key of a PEM text.

    Args:
        content: the text.
        what: names it in a message.

    Raises:
        SecretError: it is encrypted, or is no key.
    """
    try:
        return serialization.load_pem_private_key(content, password=None)
    except TypeError:
        problem, hint = "is encrypted", "decrypt it into a file of mode 0600 with openssl pkey"
    except ValueError:
        problem, hint = "holds no PEM private key", "it must contain -----BEGIN PRIVATE KEY-----"
    except UnsupportedAlgorithm:
        problem, hint = "holds a key of a kind that is not supported", "use an RSA or an EC key"
    # Outside of the handlers: what the parser said about a key is not passed on.
    raise SecretError(f"{what} {problem}", hint=hint)


def belongs_to(key: Any, certificate: x509.Certificate) -> bool:
    """Tell whether a private key is the one of a certificate."""
    return _public_bytes(key.public_key()) == _public_bytes(certificate.public_key())


def is_valid_at(certificate: x509.Certificate, now: datetime) -> bool:
    """Tell whether a certificate has begun and not yet ended."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def ssl_context(elasticsearch: ElasticsearchSettings) -> ssl.SSLContext:
    """Return an `ssl.SSLContext` for Python clients that judges as the settings say.

    With ``fingerprint`` the context itself compares the server's own certificate after the
    handshake, whatever client uses it.

    Raises:
        SettingsError, SecretError: a certificate or key cannot be used.
    """
    if elasticsearch.verification == "fingerprint":
        context: ssl.SSLContext = _PinnedContext.of(elasticsearch.fingerprint or "")
    elif elasticsearch.verification == "none" or not elasticsearch.ca_certs:
        context = ssl.create_default_context()
    else:
        load_certificates(elasticsearch.ca_certs, "elasticsearch.ca_certs")
        context = ssl.create_default_context(cafile=str(elasticsearch.ca_certs))
    context.check_hostname = elasticsearch.verification == "full"
    # RFC 9525: what stands in the subject is no host name. OpenSSL would take it where the
    # certificate names none, and urllib3 and the JVM's side of this library do not.
    context.hostname_checks_common_name = False
    if elasticsearch.verification in {"fingerprint", "none"}:
        context.verify_mode = ssl.CERT_NONE
    if elasticsearch.client_cert and elasticsearch.client_key:
        load_private_key(elasticsearch.client_key, "elasticsearch.client_key")
        context.load_cert_chain(elasticsearch.client_cert, elasticsearch.client_key.path)
    return context


class _PinnedContext(ssl.SSLContext):
    """A context that compares the server's own certificate, not whatever else it sends."""

    fingerprint: str

    @classmethod
    def of(cls, fingerprint: str) -> Self:
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.fingerprint = fingerprint
        context.sslsocket_class = _PinnedSocket
        context.sslobject_class = _PinnedObject
        return context

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        # A handshake left to the first read or write would bypass the comparison.
        return super().wrap_socket(*args, **{**options, "do_handshake_on_connect": True})


class _PinnedSocket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        super().do_handshake(block)
        _compare(self)


class _PinnedObject(ssl.SSLObject):
    def do_handshake(self) -> None:
        super().do_handshake()
        _compare(self)


def _compare(connection: ssl.SSLSocket | ssl.SSLObject) -> None:
    certificate = connection.getpeercert(binary_form=True) or b""
    found = hashlib.sha256(certificate).hexdigest()
    expected = getattr(connection.context, "fingerprint", "")
    if not hmac.compare_digest(found, expected):
        raise ssl.SSLCertVerificationError(
            f"the server's certificate has the fingerprint {found}, "
            "which is not the one of elasticsearch.fingerprint"
        )


def _public_bytes(key: Any) -> bytes:
    encoded: bytes = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded
