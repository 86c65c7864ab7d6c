# SPDX-License-Identifier: Apache-2.0
"""Directories that only their owner can read."""

from __future__ import annotations

import os
from pathlib import Path

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.files import reason


def make_private(directory: Path) -> Path:
    """Make a directory of mode 0700 below one that is there.

    Raises:
        SettingsError: it cannot be made.
    """
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"{directory} cannot be made: {reason(error)}",
            hint=f"{directory.parent} must be a volume in memory (emptyDir, medium: Memory) that "
            f"user id {os.geteuid()} may write",
        ) from error
    return directory
