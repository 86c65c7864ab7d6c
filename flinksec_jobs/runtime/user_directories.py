# SPDX-License-Identifier: Apache-2.0
"""Where this user's logs and fetched jars go, also where a user has no name or no home.

In a container a user is often but a number, without an entry in ``/etc/passwd``, and its home is
``/`` or nothing that can be written.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from platformdirs.unix import Unix

from flinksec_jobs.errors import SettingsError

_MODE = 0o700
# The same on every system: the directories that the desktop specification names.
_DIRECTORIES = Unix("flinksec")


def state() -> Path:
    """``$XDG_STATE_HOME/flinksec``, else ``~/.local/state/flinksec``, else a temporary one."""
    return _own("XDG_STATE_HOME", "state", lambda: _DIRECTORIES.user_state_path)


def cache() -> Path:
    """``$XDG_CACHE_HOME/flinksec``, else ``~/.cache/flinksec``, else a temporary one."""
    return _own("XDG_CACHE_HOME", "cache", lambda: _DIRECTORIES.user_cache_path)


def _own(variable: str, name: str, wanted: Callable[[], Path]) -> Path:
    try:
        directory = wanted()
    except RuntimeError:  # no HOME, and no entry in the passwd database
        return _temporary() / name
    is_named = Path(os.environ.get(variable, "")).is_absolute()
    return directory if is_named or _can_be_written(directory) else _temporary() / name


def _can_be_written(directory: Path) -> bool:
    """Whether it is there, or can be made, by this user."""
    for place in (directory, *directory.parents):
        if place.exists():
            return place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    return False


def _temporary() -> Path:
    """Return a private directory among the temporary files, which only this user can have made."""
    directory = Path(tempfile.gettempdir()) / f"flinksec-{os.getuid()}"
    directory.mkdir(mode=_MODE, exist_ok=True)
    found = directory.lstat()
    if (
        not stat.S_ISDIR(found.st_mode)
        or found.st_uid != os.getuid()
        or stat.S_IMODE(found.st_mode) & ~_MODE
    ):
        raise SettingsError(
            f"{directory} is not a private directory of this user",
            hint="set HOME to a directory that this user can write, or set FLINKSEC_LOG_DIR and "
            "FLINKSEC_CACHE, or remove that directory",
        )
    return directory
