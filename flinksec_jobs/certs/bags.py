# SPDX-License-Identifier: Apache-2.0
"""What Java sees in a PKCS#12 file and a PKCS#12 parser does not tell.

Java trusts a certificate without a key only if its bag has an attribute of Oracle's
(trustedKeyUsage); a store without it, as ``openssl pkcs12 -export -nokeys`` makes it, is empty to
Java. Only as much of RFC 7292 and RFC 8018 is read here as is needed to see the attribute.

The ASN.1 classes of `cryptography` (50.0) do not serve for it: they read no SEQUENCE OF that stands
alone, and no optional ANY, both of which a store has; and they stop at the first value that they do
not expect, where counts of iterations must be found whatever is around them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7

_DATA = bytes.fromhex("2a864886f70d010701")
_ENCRYPTED_DATA = bytes.fromhex("2a864886f70d010706")
_PBES2 = bytes.fromhex("2a864886f70d01050d")
_PBKDF2 = bytes.fromhex("2a864886f70d01050c")
_CERTIFICATE_BAG = bytes.fromhex("2a864886f70d010c0a0103")
_TRUSTED_KEY_USAGE = bytes.fromhex("6086480186f966adca7b0101")  # 2.16.840.1.113894.746875.1.1
_HMACS: dict[bytes, hashes.HashAlgorithm] = {
    bytes.fromhex("2a864886f70d0207"): hashes.SHA1(),  # noqa: S303  what the file says
    bytes.fromhex("2a864886f70d0209"): hashes.SHA256(),
    bytes.fromhex("2a864886f70d020a"): hashes.SHA384(),
    bytes.fromhex("2a864886f70d020b"): hashes.SHA512(),
}
_AES_CBC = {
    bytes.fromhex("608648016503040102"): 16,
    bytes.fromhex("608648016503040116"): 24,
    bytes.fromhex("60864801650304012a"): 32,
}
_SEQUENCE = 0x30
_INTEGER, _OCTET_STRING, _CONSTRUCTED = 0x02, 0x04, 0x20
_LEVELS, _VALUES = 16, 10_000
_LONG_FORM = 0x80
MOST_ITERATIONS = 10_000_000


@dataclass(frozen=True)
class Bags:
    """The certificates of a store.

    Attributes:
        certificates: how many could be looked at.
        trusted: how many of them Java takes for trusted.
        is_legacy: some are encrypted with RC2 or 3DES, and were not looked at.
    """

    certificates: int
    trusted: int
    is_legacy: bool


@dataclass(frozen=True)
class _Value:
    tag: int
    content: bytes

    @property
    def parts(self) -> list[_Value]:
        return list(_values(self.content))


def read_bags(store: bytes, password: str) -> Bags | None:
    """Look into a store that `stores.parse_store` could open.

    Returns:
        None if the file has a form that is not read here.
    """
    try:
        return _read(store, password.encode())
    except (ValueError, IndexError, KeyError):
        return None


def most_iterations(data: bytes, levels: int = _LEVELS) -> int:
    """Return the largest count of iterations that a store asks for before its password is checked.

    It stands after a salt: in the MAC, and in the parameters of each encryption (RFC 7292, B;
    RFC 8018, A.2). What is encrypted is not looked into.
    """
    try:
        values = list(itertools.islice(_values(data), _VALUES)) if levels else []
    except (ValueError, IndexError):
        return 0
    counts = [
        int.from_bytes(count.content)
        for salt, count in itertools.pairwise(values)
        if (salt.tag, count.tag) == (_OCTET_STRING, _INTEGER)
    ]
    below = (
        most_iterations(value.content, levels - 1)
        for value in values
        if value.tag & _CONSTRUCTED or value.tag == _OCTET_STRING
    )
    return max((*counts, *below), default=0)


def _read(store: bytes, password: bytes) -> Bags:
    pfx = _first(store)
    safes = _content_of(pfx.parts[1]).parts[0]  # the OCTET STRING's inside
    certificates = trusted = 0
    is_legacy = False
    for info in _first(safes.content).parts:
        kind = info.parts[0].content
        if kind == _DATA:
            bags = _content_of(info).parts[0].content
        elif kind == _ENCRYPTED_DATA:
            encrypted = _content_of(info).parts[0].parts[1].parts
            if encrypted[1].parts[0].content != _PBES2:
                is_legacy = True
                continue
            bags = _decrypt(encrypted[1].parts[1], encrypted[2].content, password)
        else:
            continue
        for bag in _first(bags).parts:
            if bag.parts[0].content == _CERTIFICATE_BAG:
                certificates += 1
                attributes = bag.parts[2].parts if len(bag.parts) > 2 else []  # noqa: PLR2004
                kinds = {attribute.parts[0].content for attribute in attributes}
                trusted += _TRUSTED_KEY_USAGE in kinds
    return Bags(certificates, trusted, is_legacy)


def _first(data: bytes) -> _Value:
    return list(_values(data))[0]  # noqa: RUF015  an IndexError is handled, a StopIteration is not


def _content_of(info: _Value) -> _Value:
    return info.parts[1]  # [0] EXPLICIT


def _decrypt(parameters: _Value, data: bytes, password: bytes) -> bytes:
    derivation, scheme = parameters.parts
    if derivation.parts[0].content != _PBKDF2:
        raise ValueError("unknown key derivation")
    salt, iterations, *others = derivation.parts[1].parts
    rounds = int.from_bytes(iterations.content)
    if rounds > MOST_ITERATIONS:
        raise ValueError("too many iterations")
    hmacs = [one.parts[0].content for one in others if one.tag == _SEQUENCE]
    size = _AES_CBC[scheme.parts[0].content]
    hmac = _HMACS[hmacs[0]] if hmacs else hashes.SHA1()  # noqa: S303  the standard's default
    key = PBKDF2HMAC(hmac, size, salt.content, rounds).derive(password)
    decryptor = Cipher(algorithms.AES(key), modes.CBC(scheme.parts[1].content)).decryptor()
    padded = decryptor.update(data) + decryptor.finalize()
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def _values(data: bytes) -> Iterator[_Value]:
    """Yield the DER values that stand one after another."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & _LONG_FORM:
            count = length & ~_LONG_FORM
            if not 0 < count <= 4 or at + count > len(data):  # noqa: PLR2004
                raise ValueError("no DER length")
            length = int.from_bytes(data[at : at + count])
            at += count
        if at + length > len(data):
            raise ValueError("truncated")
        yield _Value(tag, data[at : at + length])
        at += length
