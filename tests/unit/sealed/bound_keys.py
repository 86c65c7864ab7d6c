# SPDX-License-Identifier: Apache-2.0
"""A provider for tests that binds associated data, as key services do: AES-256-GCM, one key."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from flinksec_jobs.sealed import AssociatedData
from flinksec_jobs.sealed.format import WrappedKey
from flinksec_jobs.sealed.provider import no_key, not_wrapped_by

ALGORITHM = 255
ANY = AssociatedData(1, bytes(16), "")
"""For providers that bind none, and tests that do not care."""
_NONCE = 12


class BoundKeys:
    """One key, with an id."""

    def __init__(self, key_id: str, key: bytes = bytes(32)) -> None:
        self.primary_id = key_id
        self.key_ids = (key_id,)
        self._cipher = AESGCM(key)

    def wrap(self, data_key: bytes, associated: AssociatedData) -> WrappedKey:
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, data_key, associated.to_bytes())
        return WrappedKey(ALGORITHM, self.primary_id, nonce + sealed, associated.job)

    def unwrap(self, wrapped: WrappedKey, associated: AssociatedData) -> bytes:
        if wrapped.key_id != self.primary_id:
            raise no_key(wrapped, self.describe())
        nonce, sealed = wrapped.data[:_NONCE], wrapped.data[_NONCE:]
        try:
            if wrapped.algorithm == ALGORITHM:
                return self._cipher.decrypt(nonce, sealed, associated.to_bytes())
        except (InvalidTag, ValueError):
            pass
        raise not_wrapped_by(wrapped, self.describe())

    def describe(self) -> str:
        return "service of a test"
