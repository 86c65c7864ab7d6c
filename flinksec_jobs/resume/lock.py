# SPDX-License-Identifier: Apache-2.0
"""One run of a job at a time: a lock on a file in its directory of state."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flinksec_jobs import files
from flinksec_jobs.errors import ResumeError
from flinksec_jobs.escaping import escaped

FILE = "_lock"
_NAME_LENGTH = 200
_log = logging.getLogger("flinksec_jobs.resume")


@contextmanager
def held(directory: Path, job: str) -> Iterator[None]:
    """Hold the lock of a job's directory, which goes with the process however that ends.

    A volume that knows no locks is warned of, and used without.

    Raises:
        ResumeError: another run holds it, or its file cannot be made.
    """
    path = directory / FILE
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o660)
    except OSError as error:
        raise ResumeError(
            f"the job {job} cannot be locked by {escaped(path)}: {files.reason(error)}",
            hint="state.directory must be there, and writable for the job's user.",
        ) from error
    try:
        _lock(descriptor, path, job)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path, job: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
            _log.warning(
                "the volume of %s knows no locks (%s): make sure that the job %s runs once",
                escaped(path.parent),
                files.reason(error),
                job,
            )
            return
        holder = escaped(os.pread(descriptor, _NAME_LENGTH, 0).decode("utf-8", "replace").strip())
        raise ResumeError(
            f"the job {job} is running already: {holder or 'another process'} holds "
            f"{escaped(path)}",
            hint="Two runs of one job would write twice. Stop the other one, `flinksec stop`, or "
            "give this job a name of its own.",
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
