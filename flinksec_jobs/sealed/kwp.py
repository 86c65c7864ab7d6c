# SPDX-License-Identifier: Apache-2.0
"""AES key wrap with padding (RFC 5649) over single AES blocks, for keys that only a device knows.

``cryptography`` wraps under keys that it is given. A token encrypts blocks (``CKM_AES_ECB``) under
a key that never leaves it, and the rest of the algorithm needs no key.
"""

import hmac
from collections.abc import Callable

Block = Callable[[bytes], bytes]
"""Encrypts, or decrypts, one block of 16 bytes."""

_HALF = 8
_ROUNDS = 6
_MAGIC = bytes.fromhex("a65959a6")


class NotWrappedError(ValueError):
    """The integrity check failed: altered, or wrapped by another key."""


def wrap(encrypt: Block, key: bytes) -> bytes:
    """Wrap 9 or more bytes; the result is 8 to 15 bytes longer."""
    if len(key) <= _HALF:
        raise ValueError("RFC 5649 has another form for keys of up to 8 bytes")
    check = _MAGIC + len(key).to_bytes(4)
    padded = key + bytes(-len(key) % _HALF)
    parts = [padded[at : at + _HALF] for at in range(0, len(padded), _HALF)]
    step = 0
    for _ in range(_ROUNDS):
        for index, part in enumerate(parts):
            step += 1
            block = encrypt(check + part)
            check, parts[index] = _numbered(block[:_HALF], step), block[_HALF:]
    return check + b"".join(parts)


def unwrap(decrypt: Block, wrapped: bytes) -> bytes:
    """Return the key.

    Raises:
        NotWrappedError: if the integrity check fails.
    """
    if len(wrapped) % _HALF or len(wrapped) < 3 * _HALF:
        raise NotWrappedError
    check, *parts = (wrapped[at : at + _HALF] for at in range(0, len(wrapped), _HALF))
    step = _ROUNDS * len(parts)
    for _ in range(_ROUNDS):
        for index in reversed(range(len(parts))):
            block = decrypt(_numbered(check, step) + parts[index])
            check, parts[index] = block[:_HALF], block[_HALF:]
            step -= 1
    padded = b"".join(parts)
    length = int.from_bytes(check[4:])
    padding = len(padded) - length
    whole = hmac.compare_digest(check[:4], _MAGIC) and 0 <= padding < _HALF
    if not whole or any(padded[length:]):
        raise NotWrappedError
    return padded[:length]


def _numbered(half: bytes, step: int) -> bytes:
    return (int.from_bytes(half) ^ step).to_bytes(_HALF)
