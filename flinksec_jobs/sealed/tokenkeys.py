# SPDX-License-Identifier: Apache-2.0
"""Key-encryption keys in a PKCS#11 token, which wraps and unwraps: the keys never leave it."""

from __future__ import annotations

import functools
from types import TracebackType
from typing import Self

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.sealed import kwp
from flinksec_jobs.sealed.associated import AssociatedData
from flinksec_jobs.sealed.format import AES_KWP, WrappedKey
from flinksec_jobs.sealed.keyfiles import KEY_BYTES, check_key_id
from flinksec_jobs.sealed.provider import no_key, not_wrapped_by
from flinksec_jobs.sealed.token import Token, TokenAddress

_WRAPPED = KEY_BYTES + 8
# Files share data keys: a token is asked once for each, not once for each file.
_DATA_KEYS_KEPT = 1000


class TokenKeys:
    """The AES-256 keys of a token; a key's id is its label.

    What the token is asked for are single blocks, which have no associated data: none is bound.

    Args:
        address: where the token is.
        primary: the label of the key that seals new files; without one it only opens.

    Raises:
        KeyRingError: if the token cannot be used, or has no such key.
    """

    def __init__(self, address: TokenAddress, primary: str | None = None) -> None:
        self._primary = primary
        self._token = Token(address)
        self._wrap = functools.lru_cache(_DATA_KEYS_KEPT)(self._wrapped_by_token)
        self._unwrap = functools.lru_cache(_DATA_KEYS_KEPT)(self._unwrapped_by_token)
        try:
            self._check_primary()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"TokenKeys({self.describe()}, primary={self._primary!r})"

    def close(self) -> None:
        """Log out, and forgets the data keys."""
        self._wrap.cache_clear()
        self._unwrap.cache_clear()
        self._token.close()

    @property
    def primary_id(self) -> str:
        """The id of the key that wraps the data keys of new files.

        Raises:
            KeyRingError: if none was named.
        """
        if self._primary is None:
            raise KeyRingError(
                f"{self.describe()}: no key is named for new files",
                hint="set state.pkcs11.primary, or object= in a PKCS#11 URI, to a key's label",
            )
        return self._primary

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of all keys of the token, sorted."""
        return self._token.key_ids()

    @staticmethod
    def add(address: TokenAddress, key_id: str) -> None:
        """Make a key in a token, which can never be read out of it.

        Raises:
            KeyRingError: if the id is not a key id or is taken, or the token cannot be used.
        """
        check_key_id(key_id)
        token = Token(address, writable=True)
        try:
            token.generate(key_id)
        finally:
            token.close()

    def wrap(self, data_key: bytes, associated: AssociatedData) -> WrappedKey:  # noqa: ARG002
        """Wrap a 32-byte data key under the primary key (AES-KWP, RFC 5649), in the token."""
        return self._wrap(data_key)

    def unwrap(self, wrapped: WrappedKey, associated: AssociatedData) -> bytes:  # noqa: ARG002
        """Return the data key, from the token.

        Raises:
            KeyMissingError: if the key that wrapped it is not there.
            KeysUnavailableError: if the token does not answer.
            KeyRingError: if it does not unwrap to 32 bytes.
        """
        return self._unwrap(wrapped)

    def describe(self) -> str:
        """Return the token and its module."""
        return str(self._token.address)

    def _check_primary(self) -> None:
        if self._primary is not None and self._token.find(self._primary) is None:
            raise KeyRingError(
                f"{self.describe()}: there is no key '{self._primary}', the one for new files",
                hint="name another one, or make it: flinksec state keys add",
            )

    def _wrapped_by_token(self, data_key: bytes) -> WrappedKey:
        key = self._token.find(self.primary_id)
        if key is None:
            raise no_key(WrappedKey(AES_KWP, self.primary_id, b""), self.describe())
        wrapped = kwp.wrap(lambda block: self._token.encrypt(key, block), data_key)
        return WrappedKey(AES_KWP, self.primary_id, wrapped)

    def _unwrapped_by_token(self, wrapped: WrappedKey) -> bytes:
        key = self._token.find(wrapped.key_id)
        if key is None:
            raise no_key(wrapped, self.describe())
        if wrapped.algorithm != AES_KWP or len(wrapped.data) != _WRAPPED:
            raise not_wrapped_by(wrapped, self.describe())
        try:
            data_key = kwp.unwrap(lambda block: self._token.decrypt(key, block), wrapped.data)
        except kwp.NotWrappedError:
            raise not_wrapped_by(wrapped, self.describe()) from None
        if len(data_key) != KEY_BYTES:
            raise not_wrapped_by(wrapped, self.describe())
        return data_key
