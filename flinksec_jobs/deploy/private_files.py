# SPDX-License-Identifier: Apache-2.0
"""Files and directories that only their owner can read, from the first byte on."""

from __future__ import annotations

import os
from pathlib import Path

from flinksec_jobs.errors import SettingsError


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file of mode 0600 in place of one that is there."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def make_private(directory: Path) -> Path:
    """Make a directory of mode 0700 below one that is there.

    Raises:
        SettingsError: it cannot be made.
    """
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"{directory} cannot be made: {(error.strerror or 'error').lower()}",
            hint=f"{directory.parent} must be a volume in memory (emptyDir, medium: Memory) that "
            f"user id {os.geteuid()} may write",
        ) from error
    return directory
