# SPDX-License-Identifier: Apache-2.0
"""JKS, Java's old key store: what ``keytool`` wrote by default before Java 9.

Its format is that of ``sun.security.provider.JavaKeyStore``: entries in the clear but for private
keys, then a digest over a password and all of them.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

MAGIC = b"\xfe\xed\xfe\xed"
_KEY, _CERTIFICATE = 1, 2
_VERSIONS = (1, 2)
_DIGEST_BYTES = 20
_WHITENER = b"Mighty Aphrodite"
_LONG_FORM = 0x80


class JksError(Exception):
    """It is damaged, or the password is another."""


@dataclass(frozen=True)
class JksEntry:
    """An entry.

    Attributes:
        certificates: DER; a key's own comes first, then what signed it.
        key: PKCS#8 DER, or None for a certificate that is trusted.
    """

    certificates: tuple[bytes, ...]
    key: bytes | None = field(default=None, repr=False)


def read_jks(content: bytes, password: str) -> list[JksEntry]:
    """Return what is in a store.

    Raises:
        JksError: it is damaged, or the password is another.
    """
    body, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
    secret = password.encode("utf-16-be")
    # SHA-1 because the format says so.
    made = hashlib.sha1(secret + _WHITENER + body, usedforsecurity=False).digest()
    if not body.startswith(MAGIC) or not hmac.compare_digest(made, digest):
        raise JksError("it is damaged, or its password is another")
    try:
        return list(_entries(_Reader(body[len(MAGIC) :]), secret))
    except (struct.error, IndexError, ValueError):
        # Without the cause, which may hold bytes of a key.
        raise JksError("it is damaged") from None


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    def take(self, count: int) -> bytes:
        end = self._position + count
        if end > len(self._content):
            raise IndexError
        taken, self._position = self._content[self._position : end], end
        return taken

    def number(self, form: str) -> int:
        (value,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return int(value)

    def text(self) -> bytes:
        return self.take(self.number(">H"))

    def block(self) -> bytes:
        return self.take(self.number(">I"))


def _entries(reader: _Reader, secret: bytes) -> Iterator[JksEntry]:
    version = reader.number(">I")
    if version not in _VERSIONS:
        raise ValueError
    for _ in range(reader.number(">I")):
        kind = reader.number(">I")
        reader.text()  # alias
        reader.take(8)  # time
        key = None
        count = 1
        if kind == _KEY:
            key = _decrypted(reader.block(), secret)
            count = reader.number(">I")
        elif kind != _CERTIFICATE:
            raise ValueError
        found = []
        for _ in range(count):
            if version == max(_VERSIONS):
                reader.text()  # X.509
            found.append(reader.block())
        yield JksEntry(tuple(found), key)


def _decrypted(info: bytes, secret: bytes) -> bytes:
    """Return the key in an EncryptedPrivateKeyInfo (RFC 5958) of ``sun.security.provider``."""
    outer, _ = _der(info)
    _, rest = _der(outer)  # the algorithm: there is one
    protected, _ = _der(rest)
    salt = protected[:_DIGEST_BYTES]
    hidden, check = protected[_DIGEST_BYTES:-_DIGEST_BYTES], protected[-_DIGEST_BYTES:]
    stream = b""
    digest = salt
    while len(stream) < len(hidden):
        digest = hashlib.sha1(secret + digest, usedforsecurity=False).digest()
        stream += digest
    key = bytes(one ^ other for one, other in zip(hidden, stream, strict=False))
    made = hashlib.sha1(secret + key, usedforsecurity=False).digest()
    if not hmac.compare_digest(made, check):
        raise JksError("the key in it has another password than the store")
    return key


def _der(content: bytes) -> tuple[bytes, bytes]:
    """Return the content of the first element, and what stands behind the element."""
    length, start = content[1], 2
    if length >= _LONG_FORM:
        size = length - _LONG_FORM
        length, start = int.from_bytes(content[2 : 2 + size], "big"), 2 + size
    if start + length > len(content):
        raise IndexError
    return content[start : start + length], content[start + length :]
