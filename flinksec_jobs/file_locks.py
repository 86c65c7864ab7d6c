# SPDX-License-Identifier: Apache-2.0
"""Locks on parts of a file, so that two who lock it for different reasons do not meet.

They are Linux's locks of an open file (``F_OFD_SETLK``): they go with its last descriptor, hold
between threads and processes, and over NFS between machines. ``flock`` would not do: NFS makes it
a lock of the whole file, and a job that runs would keep its directory's lock from being re-keyed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct

# First byte and number of bytes.
HEADER = (0, 1024)
JOB = (1 << 40, 1)

_FLOCK = "hhqqi4x"  # struct flock: type, whence, start, length, process (0), padding


def lock(descriptor: int, part: tuple[int, int]) -> None:
    """Lock a part of a file that is open for writing, until it is closed.

    Raises:
        BlockingIOError: it is locked by another open file.
        OSError: the volume knows no locks.
    """
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, *part, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, asked)
    except PermissionError as error:
        raise BlockingIOError(errno.EAGAIN, "locked by another") from error
