# SPDX-License-Identifier: Apache-2.0
"""Key-encryption keys in a directory: one file of 32 bytes per key id, and ``primary``."""

import os
import stat
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.sealed.format import AES_KWP, KEY_ID, WrappedKey

PRIMARY = "primary"
KEY_BYTES = 32
_EXPOSED = stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH


class KeyMissingError(KeyRingError):
    """The ring does not have the key that a file names."""


class KeyRing:
    """A directory of key-encryption keys, also a mounted Kubernetes Secret."""

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
        """Reads and checks the whole ring.

        Raises:
            KeyRingError: if the directory, ``primary`` or a key is missing, malformed or exposed.
        """
        path = Path(directory)
        if not path.is_dir():
            raise KeyRingError(
                f"key ring {path}: it is not a directory",
                hint="make one with: flinksec state keys init DIRECTORY",
            )
        try:
            keys = {file.name: _read_key(path, file) for file in _key_files(path)}
            primary = (path / PRIMARY).read_text().strip()
        except FileNotFoundError:
            raise KeyRingError(
                f"key ring {path}: the file 'primary', which names the key for new files, "
                "is missing"
            ) from None
        except OSError as e:
            raise KeyRingError(f"key ring {path}: {e.filename} cannot be read: {e.strerror}") from e
        if primary not in keys:
            raise KeyRingError(
                f"key ring {path}: 'primary' names the key '{primary}', which is not there"
            )
        return cls(path, primary, keys)

    @classmethod
    def create(cls, directory: str | os.PathLike[str], key_id: str = "key-1") -> Self:
        """Makes a ring with one new random key: directory 0700, files 0600.

        Raises:
            KeyRingError: if the directory exists and is not empty, or the id is no key id.
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

    def wrap(self, data_key: bytes) -> WrappedKey:
        """Wraps a 32-byte data key under the primary key (AES-KWP, RFC 5649)."""
        wrapped = aes_key_wrap_with_padding(self._keys[self._primary_id], data_key)
        return WrappedKey(AES_KWP, self._primary_id, wrapped)

    def unwrap(self, wrapped: WrappedKey) -> bytes:
        """The data key.

        Raises:
            KeyMissingError: if the key that wrapped it is not here.
            KeyRingError: if it does not unwrap to 32 bytes.
        """
        key = self._keys.get(wrapped.key_id)
        if key is None:
            raise KeyMissingError(
                f"key '{wrapped.key_id}' is not in the key ring {self._directory}",
                hint="put the key back, or restore from other state",
            )
        data_key = b""
        if wrapped.algorithm == AES_KWP:
            try:
                data_key = aes_key_unwrap_with_padding(key, wrapped.data)
            except (InvalidUnwrap, ValueError):
                data_key = b""
        if len(data_key) != KEY_BYTES:
            raise KeyRingError(
                f"its data key was not wrapped by key '{wrapped.key_id}' of the key ring "
                f"{self._directory}"
            )
        return data_key


def write_new_key(directory: Path, key_id: str) -> None:
    """Adds a new random key to a ring; its file is whole or absent.

    Raises:
        KeyRingError: if the id is no key id, or the key exists.
    """
    if not KEY_ID.fullmatch(key_id) or key_id == PRIMARY:
        raise KeyRingError(
            f"'{key_id}' is no key id",
            hint="letters, digits, dot, hyphen, underscore; at most 64; not 'primary'",
        )
    temporary = directory / f".{key_id}.new"
    _write_private(temporary, os.urandom(KEY_BYTES))
    try:
        os.link(temporary, directory / key_id)
    except FileExistsError:
        raise KeyRingError(f"key ring {directory}: key '{key_id}' exists already") from None
    finally:
        temporary.unlink()
    _sync_directory(directory)


def write_primary(directory: Path, key_id: str) -> None:
    """Names the key for new files; the file is replaced in one step."""
    temporary = directory / ".primary.new"
    _write_private(temporary, f"{key_id}\n".encode())
    temporary.replace(directory / PRIMARY)
    _sync_directory(directory)


def _write_private(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _key_files(directory: Path) -> list[Path]:
    """All keys; dot files (a mounted Secret's links) and folders are none."""
    files = (f for f in directory.iterdir() if not f.name.startswith(".") and f.name != PRIMARY)
    return sorted(f for f in files if not f.is_dir())


def _read_key(directory: Path, file: Path) -> bytes:
    if not KEY_ID.fullmatch(file.name):
        raise KeyRingError(
            f"key ring {directory}: '{file.name}' is no key id (letters, digits, dot, hyphen, "
            "underscore; at most 64)"
        )
    mode = file.stat().st_mode
    if mode & _EXPOSED:
        raise KeyRingError(
            f"key ring {directory}: the key file '{file.name}' is exposed ({stat.filemode(mode)})",
            hint="use mode 0400 or 0600, or 0440 for a mounted Secret",
        )
    with file.open("rb") as stream:
        key = stream.read(KEY_BYTES + 1)
    if len(key) != KEY_BYTES:
        held = "more" if len(key) > KEY_BYTES else len(key)
        raise KeyRingError(
            f"key ring {directory}: the key file '{file.name}' must hold exactly 32 bytes, "
            f"it holds {held}"
        )
    return key
