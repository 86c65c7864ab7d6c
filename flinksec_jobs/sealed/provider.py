# SPDX-License-Identifier: Apache-2.0
"""What holds key-encryption keys: a directory, a PKCS#11 token, a key management service."""

from typing import Protocol

from flinksec_jobs.sealed.format import WrappedKey


class KeyProvider(Protocol):
    """Wraps and unwraps data keys; the keys that do so need not be known to this process.

    A message of an exception names keys by their ids only.
    """

    @property
    def primary_id(self) -> str:
        """The id of the key that wraps the data keys of new files."""

    def wrap(self, data_key: bytes) -> WrappedKey:
        """Wraps a 32-byte data key under the primary key."""

    def unwrap(self, wrapped: WrappedKey) -> bytes:
        """The data key.

        Raises:
            KeyMissingError: if the key that wrapped it is not here.
            KeyRingError: if it does not unwrap to 32 bytes.
        """
