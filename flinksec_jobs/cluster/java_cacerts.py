# SPDX-License-Identifier: Apache-2.0
"""The certificates that a Java runtime trusts by itself (``lib/security/cacerts``)."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.utils import CryptographyDeprecationWarning

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.files import CERTIFICATES, read_bytes

_JKS = 0xFEEDFEED
_TRUSTED = 2
# Known to everyone: the store holds nothing secret.
_PASSWORD = b"changeit"


def certificates(java_home: Path) -> list[x509.Certificate]:
    """Return the CAs of a Java runtime; none if it has no store.

    Raises:
        SettingsError: the store is in no known format (JKS and PKCS#12 are known).
    """
    path = java_home / "lib" / "security" / "cacerts"
    if not path.exists():
        return []
    content = read_bytes(path, "the Java runtime's CAs", CERTIFICATES, error=SettingsError)
    try:
        if struct.unpack_from(">I", content)[0] == _JKS:
            return list(_jks(content))
        return list(_pkcs12(content))
    except (ValueError, struct.error) as error:
        raise SettingsError(
            f"the CAs of the Java runtime cannot be read from {path}",
            hint="set JAVA_HOME to a Java 17 or 21 with the store that it came with",
        ) from error


def _jks(content: bytes) -> Iterator[x509.Certificate]:
    """Yield the trusted certificates of a Java key store (JDK, sun.security.provider)."""
    version, count = struct.unpack_from(">II", content, 4)
    if version != 2:  # noqa: PLR2004
        raise ValueError("unknown version")
    position = 12
    for _ in range(count):
        (tag,) = struct.unpack_from(">I", content, position)
        if tag != _TRUSTED:
            raise ValueError("an entry with a key")
        _, position = _field(content, position + 4, ">H")
        kind, position = _field(content, position + 8, ">H")  # after the time of its creation
        certificate, position = _field(content, position, ">I")
        if kind == b"X.509" and (loaded := _loaded(certificate)):
            yield loaded


def _loaded(certificate: bytes) -> x509.Certificate | None:
    """Return a certificate; none for one of a form that is too old to be read, or soon will be."""
    try:
        with warnings.catch_warnings(action="ignore", category=CryptographyDeprecationWarning):
            return x509.load_der_x509_certificate(certificate)
    except ValueError:
        return None


def _field(content: bytes, position: int, length: str) -> tuple[bytes, int]:
    (size,) = struct.unpack_from(length, content, position)
    start = position + struct.calcsize(length)
    if start + size > len(content):
        raise ValueError("beyond the end of the file")
    return content[start : start + size], start + size


def _pkcs12(content: bytes) -> Iterator[x509.Certificate]:
    last: ValueError | None = None
    for password in (None, _PASSWORD):
        try:
            found = pkcs12.load_pkcs12(content, password)
        except ValueError as error:
            last = error
            continue
        yield from (entry.certificate for entry in found.additional_certs)
        return
    raise last or ValueError("no store")
