# SPDX-License-Identifier: Apache-2.0
"""The files of a key ring directory: read with care, written so that each is whole or absent."""

import os
import stat
from pathlib import Path

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.private_files import sync_directory, write_private
from flinksec_jobs.sealed.format import KEY_ID

PRIMARY = "primary"
KEY_BYTES = 32
_EXPOSED = stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
_PRIMARY_MAX = 128


def read_ring(directory: Path) -> tuple[str, dict[str, bytes]]:
    """The primary key's id, and every key of the directory by its id.

    Raises:
        KeyRingError: if the directory, ``primary`` or a key is missing, malformed or exposed.
    """
    if not directory.is_dir():
        raise KeyRingError(
            f"key ring {directory}: it is not a directory",
            hint="make one with: flinksec state keys init DIRECTORY",
        )
    try:
        keys = {file.name: _read_key(directory, file) for file in _key_files(directory)}
        with (directory / PRIMARY).open("rb") as file:
            primary = file.read(_PRIMARY_MAX).decode("utf-8", "replace").strip()
    except FileNotFoundError:
        raise KeyRingError(
            f"key ring {directory}: the file 'primary', which names the key for new files, "
            "is missing"
        ) from None
    except OSError as e:
        raise KeyRingError(
            f"key ring {directory}: {e.filename} cannot be read: {e.strerror}"
        ) from e
    if primary not in keys:
        raise KeyRingError(
            f"key ring {directory}: 'primary' names the key '{primary}', which is not there"
        )
    return primary, keys


def check_key_id(key_id: str) -> None:
    """Refuses what a key cannot be called.

    Raises:
        KeyRingError: if it is no key id.
    """
    if not KEY_ID.fullmatch(key_id) or key_id == PRIMARY:
        raise KeyRingError(
            f"'{key_id}' is no key id",
            hint="letters, digits, dot, hyphen, underscore; at most 64; not 'primary'",
        )


def write_new_key(directory: Path, key_id: str) -> None:
    """Adds a new random key to a ring; its file is whole or absent.

    Raises:
        KeyRingError: if the id is no key id, or the key exists.
    """
    check_key_id(key_id)
    temporary = directory / f".{key_id}.new"
    write_private(temporary, os.urandom(KEY_BYTES), durable=True)
    try:
        os.link(temporary, directory / key_id)
    except FileExistsError:
        raise KeyRingError(f"key ring {directory}: key '{key_id}' exists already") from None
    finally:
        temporary.unlink()
    sync_directory(directory)


def write_primary(directory: Path, key_id: str) -> None:
    """Names the key for new files; the file is replaced in one step."""
    temporary = directory / ".primary.new"
    write_private(temporary, f"{key_id}\n".encode(), durable=True)
    temporary.replace(directory / PRIMARY)
    sync_directory(directory)


def remove_key(directory: Path, key_id: str) -> None:
    """Deletes a key for good.

    Raises:
        KeyRingError: if there is no such key, or new files are sealed under it.
    """
    primary, keys = read_ring(directory)
    if key_id not in keys:
        raise KeyRingError(f"key ring {directory}: there is no key '{key_id}'")
    if key_id == primary:
        raise KeyRingError(
            f"key ring {directory}: '{key_id}' is the primary key, which seals new files",
            hint="add another key first: flinksec state keys add",
        )
    (directory / key_id).unlink()
    sync_directory(directory)


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
