# SPDX-License-Identifier: Apache-2.0
"""Certificates and keys of PEM files."""

from __future__ import annotations

import warnings
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.utils import CryptographyDeprecationWarning

from flinksec_jobs.errors import SecretError, SettingsError
from flinksec_jobs.files import CERTIFICATES, read_bytes

if TYPE_CHECKING:
    from flinksec_jobs.secrets import SecretFile


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
    password = f"{setting}_password" if setting.endswith(".client_key") else None
    return parse_private_key(key.read_bytes(setting), f"{setting} (file:{key.path})", password)


def parse_private_key(content: bytes, what: str, password: str | None = None) -> Any:
    """Return the unencrypted private key of a PEM text.

    Args:
        content: the text.
        what: names it in a message.
        password: the setting that could name its password; None for none.

    Raises:
        SecretError: it is encrypted, or is no key.
    """
    try:
        return serialization.load_pem_private_key(content, password=None)
    except TypeError:
        problem, hint = "is encrypted", "decrypt it into a file of mode 0600 with openssl pkey"
        if password is not None:
            hint = f"set {password} to the file of its password, or {hint}"
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


def _public_bytes(key: Any) -> bytes:
    encoded: bytes = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded
