# SPDX-License-Identifier: Apache-2.0
"""Whether a directory lies in memory: what is in clear there ends with the machine's power."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from flinksec_jobs.files import RECORD, content

_MOUNTS = Path("/proc/self/mountinfo")
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})


def file_system(directory: Path, mounts: Path = _MOUNTS) -> str | None:
    """Return the kind of file system that a directory lies on, such as ``tmpfs`` or ``ext4``.

    Args:
        directory: need not exist.
        mounts: what Linux says of this process's mounts.

    Returns:
        `None` where it cannot be told.
    """
    wanted = PurePosixPath(directory.resolve())
    found: tuple[int, str | None] = (-1, None)
    try:
        lines = content(mounts, RECORD).decode("utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        left, _, right = line.partition(" - ")
        fields, kind = left.split(" "), right.split(" ")[0]
        if len(fields) > 4:  # noqa: PLR2004  the mount point is the fifth
            point = PurePosixPath(fields[4].encode().decode("unicode_escape"))
            # The later of two mounts at one point lies over the earlier.
            if wanted.is_relative_to(point) and len(point.parts) >= found[0]:
                found = (len(point.parts), kind)
    return found[1]


def is_in_memory(directory: Path, mounts: Path = _MOUNTS) -> bool:
    """Whether a directory lies in memory, as far as can be told."""
    return file_system(directory, mounts) in _IN_MEMORY
