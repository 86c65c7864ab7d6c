# SPDX-License-Identifier: Apache-2.0
"""One run of a job at a time: a lock on a file in its directory of state."""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from flinksec_jobs import file_locks, files, job_name
from flinksec_jobs.errors import ResumeError
from flinksec_jobs.escaping import escaped

if TYPE_CHECKING:
    from flinksec_jobs.sealed import KeyProvider

FILE = "_lock"
_log = logging.getLogger("flinksec_jobs.resume")


@contextmanager
def held(directory: Path, job: str, keys: KeyProvider | None, holder: str) -> Iterator[None]:
    """Hold the lock of a job's directory, which goes with the process however that ends.

    A volume that knows no locks is warned of, and used without.

    Args:
        directory: the job's; it is made.
        job: the job's name.
        keys: what seals the lock's file, which is empty; ``None`` for state in clear.
        holder: who ran the job last, for the message.

    Raises:
        ResumeError: another run holds it, or its file cannot be made.
    """
    path = directory / FILE
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(path):
            _make(path, job, keys)
        descriptor = _open(path)
    except OSError as error:
        raise ResumeError(
            f"the job {job} cannot be locked by {escaped(path)}: {files.reason(error)}",
            hint="state.directory must be there, and writable for the job's user",
        ) from error
    try:
        _lock(descriptor, path, job, holder)
        yield
    finally:
        os.close(descriptor)


def _make(path: Path, job: str, keys: KeyProvider | None) -> None:
    """Make the file, whole and sealed like all in the directory, and never a second one."""
    from flinksec_jobs.sealed import SealedWriter

    new = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.part")

    def write(place: Path) -> None:
        if keys is None:
            place.touch(0o600, exist_ok=False)
        else:
            with SealedWriter(place, keys, place=path, job=job_name.bound_name(job)):
                pass

    try:
        write(new)
        with suppress(FileExistsError):  # another run was quicker: its file it is
            try:
                path.hardlink_to(new)
            except FileExistsError:
                raise
            except OSError:  # a volume without hard links; a rename would replace another's
                write(path)
    finally:
        new.unlink(missing_ok=True)


def _open(path: Path) -> int:
    # A pipe or a device may know no locks, which would pass for a volume that knows none.
    if not stat.S_ISREG(path.lstat().st_mode):
        raise OSError(errno.EINVAL, "is not a regular file", str(path))
    return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _lock(descriptor: int, path: Path, job: str, holder: str) -> None:
    try:
        file_locks.lock(descriptor, file_locks.JOB)
    except OSError as error:
        if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
            _log.warning(
                "the volume of %s knows no locks (%s): make sure that the job %s runs once",
                escaped(path.parent),
                files.reason(error),
                job,
            )
            return
        raise ResumeError(
            f"the job {job} is running already: {escaped(holder)} holds {escaped(path)}",
            hint="two runs of one job would write twice; stop the other one, `flinksec stop`, or "
            "give this job a name of its own",
        ) from error
