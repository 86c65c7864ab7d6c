# SPDX-License-Identifier: Apache-2.0
"""The private directory of a run, which goes away with its process, at the latest at the next run.

A lock on a file in it is held for as long as its process lives, however that ends. A process id
would not do: ids are used again, and mean another process in another container.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

PREFIX = "flinksec-run-"
_LOCK = "owner"


def make() -> Path:
    """Make a directory, mode 0700, that is removed when this process ends."""
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    # It gets its name when it is locked, so that nobody ever finds it without its lock.
    new = directory / f".{_LOCK}"
    descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # the descriptor stays open until the process ends
    os.write(descriptor, f"{os.getpid()}\n".encode())
    new.rename(directory / _LOCK)
    return directory


def in_use() -> list[Path]:
    """Return the directories of this user's runs whose processes live."""
    return [path for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*") if _is_in_use(path)]


def remove_left_over() -> list[Path]:
    """Remove the directories of this user's runs that were killed; returns them."""
    return [path for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*") if _removed(path)]


def _removed(directory: Path) -> bool:
    descriptor = _open_lock(directory)
    if descriptor is None:
        return False
    try:
        if not _is_free(descriptor):
            return False
        with suppress(OSError):
            shutil.rmtree(directory)
        return not directory.exists()
    finally:
        os.close(descriptor)


def _is_in_use(directory: Path) -> bool:
    descriptor = _open_lock(directory)
    if descriptor is None:
        return False
    try:
        return not _is_free(descriptor)
    finally:
        os.close(descriptor)


def _open_lock(directory: Path) -> int | None:
    """Open the lock of a run's directory; ``None`` if it is none of this user's."""
    try:
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            return None
        return os.open(directory / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return None


def _is_free(descriptor: int) -> bool:
    """Whether no living process holds the lock; then this one does until it closes it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
