# SPDX-License-Identifier: Apache-2.0
"""Private keys in bytes: key stores, keytabs, keys in DER."""

from __future__ import annotations

import struct

_JKS, _JCEKS = 0xFEEDFEED, 0xCECECECE
_PRIVATE_ENTRY, _TRUSTED_ENTRY = 1, 2
# The object identifiers of PKCS#12's bags with a key; of trust stores they have none in clear.
_KEY_BAGS = tuple(bytes.fromhex(f"060b2a864886f70d010c0a010{kind}") for kind in (1, 2))
_PKCS7 = bytes.fromhex("06092a864886f70d0107")
# Version 0, and an algorithm: PKCS#8; or, of RSA, at once the modulus; version 1 of an EC key.
_PKCS8 = bytes.fromhex("02010030")
_RSA = (bytes.fromhex("0201000282"), bytes.fromhex("0201000281"))
_EC = bytes.fromhex("0201010420")
_ENCRYPTED = bytes.fromhex("06092a864886f70d01050d")
ARCHIVES = (b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf")
GZIP = b"\x1f\x8b"


def secret_in_bytes(content: bytes) -> str:
    """Return what secret it is, in words, or nothing."""
    if content[:2] == b"\x05\x02":
        return "a keytab"
    if content[:4] in {struct.pack(">I", _JKS), struct.pack(">I", _JCEKS)}:
        return "a key store" if _has_private_entry(content) else ""
    if content[:1] != b"\x30":
        return ""
    if _PKCS7 in content[:64]:
        return "a key store" if any(bag in content for bag in _KEY_BAGS) else ""
    body = content[_header(content) :]
    if body.startswith((_PKCS8, *_RSA, _EC)) or _ENCRYPTED in body[:20]:
        return "a private key"
    return ""


def _header(content: bytes) -> int:
    """Return how many bytes the tag and the length of a DER value have."""
    length = content[1] if len(content) > 1 else 0
    return 2 + (length & 0x7F if length & 0x80 else 0)


def _has_private_entry(content: bytes) -> bool:
    """Read Java's own store; the entries are in clear, only the keys in them are not."""
    try:
        version, count = struct.unpack_from(">II", content, 4)
        at = 12
        for _ in range(count):
            (tag,) = struct.unpack_from(">I", content, at)
            if tag != _TRUSTED_ENTRY:
                return True
            at = _after_text(content, at + 4) + 8
            if version == _TRUSTED_ENTRY:  # the second version names the certificate's type
                at = _after_text(content, at)
            (length,) = struct.unpack_from(">I", content, at)
            at += 4 + length
    except struct.error:
        return True  # cut off: what was not read may be a key
    return False


def _after_text(content: bytes, at: int) -> int:
    (length,) = struct.unpack_from(">H", content, at)
    return at + 2 + int(length)
