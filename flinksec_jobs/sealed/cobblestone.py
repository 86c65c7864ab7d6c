# SPDX-License-Identifier: Apache-2.0
"""Random access to messages of C2SP chunked encryption, instance Cobblestone-256.

``cryptography.cobblestone`` opens whole messages only; state files are read at any position.
The construction: https://c2sp.org/chunked-encryption
"""

import hmac
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512, HashAlgorithm
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from flinksec_jobs.sealed.format import COMMITMENT, SealedFileError, Status

_LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"
_KEY = 32
_NONCE = 12


class FileKeys:
    """The single-use key, base nonce and commitment of one message."""

    def __init__(self, key: bytes, base_nonce: bytes, commitment: bytes) -> None:
        self._cipher = AESGCM(key)
        self._base_nonce = int.from_bytes(base_nonce)
        self._commitment = commitment

    @classmethod
    def derive(
        cls, input_key: bytes, salt: bytes, context: bytes, algorithm: HashAlgorithm | None = None
    ) -> Self:
        """Derive the keys; ``algorithm`` differs from SHA-512 only in vectors made by others.

        Raises:
            ValueError: if the input key has not 32 bytes.
        """
        if len(input_key) != _KEY:
            raise ValueError(f"a data key has 32 bytes, not {len(input_key)}")
        size = _KEY + _NONCE + COMMITMENT
        kdf = HKDFExpand(algorithm or SHA512(), size, _LABEL + salt + context)
        okm = kdf.derive(input_key)
        return cls(okm[:_KEY], okm[_KEY : _KEY + _NONCE], okm[_KEY + _NONCE :])

    def matches(self, commitment: bytes) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self._commitment, commitment)

    def open_chunk(self, chunk: int, sealed: bytes | memoryview) -> bytes:
        """Return the plaintext of one chunk.

        Raises:
            SealedFileError: tampered, if its tag is wrong.
        """
        nonce = (self._base_nonce ^ chunk).to_bytes(_NONCE)
        try:
            return self._cipher.decrypt(nonce, sealed, None)
        except InvalidTag:
            raise SealedFileError(
                Status.TAMPERED,
                f"chunk {chunk} is not authentic: the file was altered or cut short inside it",
            ) from None
