# SPDX-License-Identifier: Apache-2.0
"""Key-encryption keys in a directory: one file of 32 bytes per key id, and ``primary``."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.sealed.associated import AssociatedData
from flinksec_jobs.sealed.format import AES_KWP, WrappedKey
from flinksec_jobs.sealed.keyfiles import (
    KEY_BYTES,
    held,
    read_ring,
    remove_key,
    write_new_key,
    write_primary,
)
from flinksec_jobs.sealed.provider import no_key, not_wrapped_by


class KeyRing:
    """A directory of key-encryption keys, also a mounted Kubernetes Secret.

    AES-KWP has no associated data: none is bound.
    """

    def __init__(self, directory: Path, primary_id: str, keys: dict[str, bytes]) -> None:
        self._directory = directory
        self._primary_id = primary_id
        self._keys = keys

    def __repr__(self) -> str:
        return f"KeyRing({str(self._directory)!r}, primary={self._primary_id!r})"

    @property
    def directory(self) -> Path:
        """Where the keys are."""
        return self._directory

    @property
    def primary_id(self) -> str:
        """The id of the key that wraps the data keys of new files."""
        return self._primary_id

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of all keys, sorted."""
        return tuple(sorted(self._keys))

    @classmethod
    def open(cls, directory: str | os.PathLike[str]) -> Self:
        """Read and checks the whole ring.

        Raises:
            KeyRingError: if the directory, ``primary`` or a key is missing, malformed or exposed.
        """
        path = Path(directory)
        return cls(path, *read_ring(path))

    @classmethod
    def create(cls, directory: str | os.PathLike[str], key_id: str = "key-1") -> Self:
        """Make a ring with one new random key: directory 0700, files 0600.

        Raises:
            KeyRingError: if the directory exists and is not empty, or the id is not a key id.
        """
        path = Path(directory)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise KeyRingError(
                f"key ring {path}: it exists and is not empty",
                hint="a key ring is never overwritten; add a key with: flinksec state keys add",
            )
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        write_new_key(path, key_id)
        write_primary(path, key_id)
        return cls.open(path)

    def add(self, key_id: str, *, primary: bool = True) -> Self:
        """Add a new random key, by default as the one for new files; return the new ring.

        A process that runs keeps its own data key, and looks for a key that it lacks on disk, so
        a key may be added at any time.

        Raises:
            KeyRingError: if the id is not a key id, or the key exists.
        """
        with held(self._directory, to_change=True):
            write_new_key(self._directory, key_id)
            if primary:
                write_primary(self._directory, key_id)
            return self.open(self._directory)

    def use(self, key_id: str) -> Self:
        """Make a key of the ring the one for new files; return the new ring.

        Raises:
            KeyRingError: if there is no such key.
        """
        with held(self._directory, to_change=True):
            if key_id not in self.open(self._directory).key_ids:
                raise KeyRingError(f"key ring {self._directory}: there is no key '{key_id}'")
            write_primary(self._directory, key_id)
            return self.open(self._directory)

    def remove(self, key_id: str, check: Callable[[], None] = lambda: None) -> Self:
        """Delete a key for good: files that only it opens are lost; return the new ring.

        Args:
            key_id: the key.
            check: raises an error if the key is needed; made before and after the key is put
                aside, and if it then fails the key is put back.

        Raises:
            KeyRingError: if there is no such key, or it is the primary one.
        """
        remove_key(self._directory, key_id, check)
        return self.open(self._directory)

    def wrap(self, data_key: bytes, associated: AssociatedData) -> WrappedKey:  # noqa: ARG002
        """Wrap a 32-byte data key under the primary key (AES-KWP, RFC 5649)."""
        wrapped = aes_key_wrap_with_padding(self._keys[self._primary_id], data_key)
        return WrappedKey(AES_KWP, self._primary_id, wrapped)

    def unwrap(self, wrapped: WrappedKey, associated: AssociatedData) -> bytes:  # noqa: ARG002
        """Return the data key.

        Raises:
            KeyMissingError: if the key that wrapped it is not here.
            KeyRingError: if it does not unwrap to 32 bytes.
        """
        key = self._keys.get(wrapped.key_id)
        if key is None:
            raise no_key(wrapped, self.describe())
        data_key = b""
        if wrapped.algorithm == AES_KWP:
            try:
                data_key = aes_key_unwrap_with_padding(key, wrapped.data)
            except (InvalidUnwrap, ValueError):
                data_key = b""
        if len(data_key) != KEY_BYTES:
            raise not_wrapped_by(wrapped, self.describe())
        return data_key

    def describe(self) -> str:
        """Return the directory."""
        return f"key ring {self._directory}"
