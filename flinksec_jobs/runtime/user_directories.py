# SPDX-License-Identifier: Apache-2.0
"""Where this user's logs and fetched jars go, also where a user has no name or no home.

In a container a user is often but a number, without an entry in ``/etc/passwd``, and its home is
``/`` or nothing that can be written.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from flinksec_jobs.errors import SettingsError

_MODE = 0o700


def state() -> Path:
    """``$XDG_STATE_HOME/flinksec``, else ``~/.local/state/flinksec``, else a temporary one."""
    return _own("XDG_STATE_HOME", ".local/state")


def cache() -> Path:
    """``$XDG_CACHE_HOME/flinksec``, else ``~/.cache/flinksec``, else a temporary one."""
    return _own("XDG_CACHE_HOME", ".cache")


def home() -> Path | None:
    """The home directory, if this user has one."""
    try:
        return Path.home()
    except RuntimeError:  # no HOME, and no entry in the passwd database
        return None


def _own(variable: str, below_home: str) -> Path:
    if base := os.environ.get(variable):
        return Path(base) / "flinksec"
    at_home = home()
    if at_home is not None:
        wanted = at_home / below_home / "flinksec"
        if _can_be_written(wanted):
            return wanted
    return _temporary() / below_home.rpartition("/")[2].lstrip(".")


def _can_be_written(directory: Path) -> bool:
    """Whether it is there, or can be made, by this user."""
    for place in (directory, *directory.parents):
        if place.exists():
            return place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    return False


def _temporary() -> Path:
    """A private directory of this user among the temporary files; others may not have made it."""
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
            hint="This user has no home directory that can be written. Set HOME, or "
            "FLINKSEC_LOG_DIR and FLINKSEC_CACHE, or remove that directory.",
        )
    return directory
