# SPDX-License-Identifier: Apache-2.0
"""The files of a key ring directory: read with care, written so that each is whole or absent."""

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import open_regular, reason
from flinksec_jobs.private_files import sync_directory, write_private
from flinksec_jobs.sealed.format import KEY_ID
from flinksec_jobs.sealed.ownership import check_ring_directory, follow

PRIMARY = "primary"
KEY_BYTES = 32
_EXPOSED = stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
_CHANGEABLE = stat.S_IWGRP | stat.S_IWOTH
_PRIMARY_MAX = 128


def read_ring(directory: Path) -> tuple[str, dict[str, bytes]]:
    """Return the primary key's id, and every key of the directory by its id.

    Raises:
        KeyRingError: if the directory, ``primary`` or a key is missing, malformed or exposed, or
            others could change one of them.
    """
    try:
        return _read_ring(directory)
    except KeyRingError as e:
        raise KeyRingError(f"key ring {directory}: {e.message}", hint=e.hint) from e
    except (OSError, RuntimeError) as e:
        why = reason(e) if isinstance(e, OSError) else "is a link that leads nowhere"
        raise KeyRingError(f"key ring {directory}: it cannot be read: {why}") from e


def _read_ring(directory: Path) -> tuple[str, dict[str, bytes]]:
    try:
        is_directory = stat.S_ISDIR(directory.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        is_directory = False
    if not is_directory:
        raise KeyRingError(
            "it is not a directory",
            hint="make one with: flinksec state keys init DIRECTORY",
        )
    real = check_ring_directory(directory)
    keys = {}
    # Dot files (a mounted Secret's links) and folders are no keys.
    for name in sorted(os.listdir(real)):  # noqa: PTH208  names are what counts
        if not name.startswith(".") and name != PRIMARY:
            key = _read_key(real, name)
            if key is not None:
                keys[name] = key
    primary = _read_primary(real)
    if primary not in keys:
        raise KeyRingError(f"'primary' names the key '{primary}', which is not there")
    return primary, keys


def check_key_id(key_id: str) -> None:
    """Refuses what a key cannot be called.

    Raises:
        KeyRingError: if it is not a key id.
    """
    if not KEY_ID.fullmatch(key_id) or key_id == PRIMARY:
        raise KeyRingError(
            f"'{key_id}' is not a key id",
            hint="letters, digits, dot, hyphen, underscore; at most 64; not 'primary'",
        )


def write_new_key(directory: Path, key_id: str) -> None:
    """Add a new random key to a ring; its file is whole or absent.

    Raises:
        KeyRingError: if the id is not a key id, or the key exists.
    """
    check_key_id(key_id)
    if os.path.lexists(directory / f".{key_id}.retiring"):
        raise KeyRingError(
            f"key ring {directory}: a key '{key_id}' is about to be deleted",
            hint="use another id; to end a retire that was cut short, run it again",
        )
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


@contextmanager
def held(directory: Path, *, to_change: bool) -> Iterator[None]:
    """Hold the lock of a ring: by many who use it, or by one who changes it.

    Raises:
        KeyRingError: the directory cannot be locked.
    """
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if to_change else fcntl.LOCK_SH)
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as e:
        raise KeyRingError(
            f"key ring {directory}: it cannot be locked: {reason(e)}",
            hint="keep the ring on a local disk, and copy it from there",
        ) from e
    try:
        yield
    finally:
        os.close(descriptor)


def remove_key(directory: Path, key_id: str, check: Callable[[], None]) -> None:
    """Delete a key for good, if a check that is made twice says that no file needs it.

    The second time is when the key is out of the ring already: nobody who opens the ring from
    then on could seal with it. If the check then fails, the key is put back. A key that was put
    aside by a process that was killed is put back first.

    Args:
        directory: the ring.
        key_id: the key.
        check: raises an error if the key is needed.

    Raises:
        KeyRingError: if there is no such key, or new files are sealed under it.
    """
    with held(directory, to_change=True):
        aside = directory / f".{key_id}.retiring"
        if os.path.lexists(aside):
            _put_back(aside, directory / key_id)
        primary, keys = read_ring(directory)
        if key_id not in keys:
            raise KeyRingError(f"key ring {directory}: there is no key '{key_id}'")
        if key_id == primary:
            raise KeyRingError(
                f"key ring {directory}: '{key_id}' is the primary key, which seals new files",
                hint="add another key first: flinksec state keys add",
            )
        check()
        (directory / key_id).rename(aside)
        sync_directory(directory)
        try:
            check()
        except BaseException:
            aside.rename(directory / key_id)
            sync_directory(directory)
            raise
        aside.unlink()
        sync_directory(directory)


def _put_back(aside: Path, key: Path) -> None:
    """Give a key its name again; whenever the process dies, it has one of the two."""
    try:
        os.link(aside, key)
    except FileExistsError:
        # Of a process that died between the two steps; another key of this id stays as it is.
        if not os.path.samestat(aside.lstat(), key.lstat()):
            raise KeyRingError(
                f"key ring {key.parent}: there are two keys '{key.name}', one of them put aside "
                f"as '{aside.name}'",
                hint="files may need either: keep a copy of both, and remove the one that "
                "`flinksec state verify` does not need",
            ) from None
    aside.unlink()
    sync_directory(key.parent)


def _read_primary(directory: Path) -> str:
    try:
        place = follow(directory, PRIMARY)
        if place.mode & _CHANGEABLE:
            raise KeyRingError(
                f"the file 'primary' can be changed by others "
                f"(mode {stat.S_IMODE(place.mode):04o})",
                hint="chmod go-w",
            )
        with open_regular(place.path) as file:
            return file.read(_PRIMARY_MAX).decode("utf-8", "replace").strip()
    except FileNotFoundError:
        raise KeyRingError(
            "the file 'primary', which names the key for new files, is missing"
        ) from None
    except OSError as e:
        raise KeyRingError(f"the file 'primary' cannot be read: {reason(e)}") from e


def _read_key(directory: Path, name: str) -> bytes | None:
    """Return the key; None for a folder."""
    shown = escaped(name)
    try:
        place = follow(directory, name)
        if stat.S_ISDIR(place.mode):
            return None
        if not KEY_ID.fullmatch(name):
            raise KeyRingError(
                f"'{shown}' is not a key id (letters, digits, dot, hyphen, underscore; at most 64)"
            )
        if place.mode & _EXPOSED:
            raise KeyRingError(
                f"the key file '{shown}' is exposed (mode {stat.S_IMODE(place.mode):04o})",
                hint="use mode 0400 or 0600, or 0440 for a mounted Secret",
            )
        with open_regular(place.path) as stream:
            key = stream.read(KEY_BYTES + 1)
    except OSError as e:
        raise KeyRingError(f"the key file '{shown}' cannot be read: {reason(e)}") from e
    if len(key) != KEY_BYTES:
        held_ = "more" if len(key) > KEY_BYTES else len(key)
        raise KeyRingError(f"the key file '{shown}' must hold exactly 32 bytes, it holds {held_}")
    return key
