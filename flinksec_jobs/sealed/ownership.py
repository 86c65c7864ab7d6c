# SPDX-License-Identifier: Apache-2.0
"""Whether others could change what a key ring holds: the rule of ``docs/state-format.md`` 3.

``SafePath.java`` is the same rule for the process that runs in Flink; a test compares the two.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.escaping import escaped

_WRITABLE = stat.S_IWGRP | stat.S_IWOTH
_MOST_LINKS = 40


@dataclass(frozen=True)
class Target:
    """Where a name leads in the end.

    Attributes:
        path: without any link.
        mode: type and permissions.
    """

    path: Path
    mode: int


def check_ring_directory(directory: Path) -> Path:
    """Return the directory without links, after a look at it and at all that is above it.

    Above it, both by the path that was given and by the one without links, no directory may be
    writable by everybody, unless it is sticky. It itself must pass `check_directory`.

    Raises:
        KeyRingError: it does not.
        OSError: it cannot be looked at.
    """
    real = directory.resolve(strict=True)
    above = {*directory.absolute().parents, *real.parents}
    for parent in sorted(above):
        mode = parent.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise _changeable(parent, mode)
    _check_directory(real, real.stat())
    return real


def follow(directory: Path, name: str) -> Target:
    """Where a name in a checked directory leads.

    Every link, directory and file on the way must belong to root or to this process's user; each
    directory must not be writable by its group or others, unless it is sticky.

    Raises:
        KeyRingError: it does not.
        OSError: it cannot be followed.
    """
    left = [name]
    links = 0
    while left:
        part = left.pop(0)
        if part in ("", "."):
            continue
        directory_above = directory.parent if part == ".." else None
        path = directory_above or directory / part
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            _check_owner(path, found)
            links += 1
            if links > _MOST_LINKS:
                raise KeyRingError(f"'{escaped(name)}' is a link that leads nowhere")
            target = path.readlink()
            if target.is_absolute():
                directory = Path("/")
                _check_directory(directory, directory.stat())
            # The root is "/" or, as POSIX has it, "//".
            left = [*(part for part in target.parts if part != target.root), *left]
        elif stat.S_ISDIR(found.st_mode):
            _check_directory(path, found)
            directory = path
        elif left:
            raise KeyRingError(f"'{escaped(name)}' is a link that leads nowhere")
        else:
            _check_owner(path, found)
            return Target(path, found.st_mode)
    return Target(directory, stat.S_IFDIR)


def _check_directory(path: Path, found: os.stat_result) -> None:
    _check_owner(path, found)
    if found.st_mode & _WRITABLE and not found.st_mode & stat.S_ISVTX:
        raise _changeable(path, found.st_mode)


def _check_owner(path: Path, found: os.stat_result) -> None:
    user = os.geteuid()
    if found.st_uid not in (0, user):
        raise KeyRingError(
            f"{escaped(path)} belongs to user id {found.st_uid}, who is neither root nor the user "
            f"of this process ({user})",
            hint="run this as the ring's owner, or: chown -R",
        )


def _changeable(path: Path, mode: int) -> KeyRingError:
    return KeyRingError(
        f"the directory {escaped(path)} can be changed by others (mode {stat.S_IMODE(mode):04o})",
        hint="chmod go-w, or move the ring; a volume that everybody may write is mounted by a "
        "subPath that has its own mode",
    )
