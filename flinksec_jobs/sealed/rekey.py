# SPDX-License-Identifier: Apache-2.0
"""Wraps the data keys of files anew, under the primary key; writes headers only.

Let C be the slot that opens a file and O the other one. The new key goes into O and is synced
before C is overwritten with zeros and synced: whenever the process dies, one slot is good. A lock
on the header keeps two re-keys apart, also on two machines. Where a volume's locks do not reach the
other one (NFS with ``nolock``), C is left alone unless both slots are what they must be, and what
was written is read back and mended.
"""

import errno
import os
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from flinksec_jobs import file_locks
from flinksec_jobs.files import reason
from flinksec_jobs.sealed.associated import AssociatedData
from flinksec_jobs.sealed.directories import Found, is_gone, leads_into
from flinksec_jobs.sealed.format import (
    HEADER,
    MAX_GENERATION,
    PREFIX,
    SALT,
    SLOT,
    SLOT_OFFSETS,
    VERSION,
    Header,
    KeySlot,
    SealedFileError,
    Status,
)
from flinksec_jobs.sealed.provider import KeyProvider
from flinksec_jobs.sealed.reader import Unlocked, read_header, unlock

_LOCK_PATIENCE = 10.0  # seconds; a re-key of one file takes milliseconds


class Outcome(StrEnum):
    """What became of one file."""

    REWRAPPED = "re-wrapped"
    CURRENT = "current"
    LEFT = "left"


@dataclass(frozen=True)
class RekeyReport:
    """What re-keying one file did.

    Attributes:
        path: the file.
        outcome: re-wrapped; current, if its data key was under the primary key already; or left
            as it was, because it could not be opened.
        status: why it was left; None otherwise.
        detail: the same in one sentence.
        needs: the ids of the keys that the file needs now, as far as is known.
    """

    path: Path
    outcome: Outcome
    status: Status | None
    detail: str
    needs: tuple[str, ...]


def rekey_found(
    found: Found, ring: KeyProvider, tops: Iterable[Path] = (), *, job: str = ""
) -> RekeyReport | None:
    """Re-keys what a walk came to; None if it went away meanwhile.

    What cannot be read or written is left, with the reason. So is a link, unless it leads to what
    lies under one of the resolved paths ``tops``, and is re-keyed there.
    """
    problem = found.problem
    if found.link:
        if leads_into(found.path, tops):
            return None
        problem = problem or "a link: name the file that it leads to"
    if not problem:
        try:
            return rekey_file(found.path, ring, job=job)
        except OSError as e:
            if is_gone(found.path):
                return None
            problem = reason(e)
    return _left(found.path, Status.UNREADABLE, problem, _needs(found.path))


def rekey_file(path: str | os.PathLike[str], ring: KeyProvider, *, job: str = "") -> RekeyReport:
    """Wrap a file's data key under the ring's primary key; its contents are not read.

    Args:
        path: the file.
        ring: the keys.
        job: what the data key is for, if its slot names no job and the primary key's provider
            binds one.

    Raises:
        OSError: the file cannot be read, written or locked, is a link, or no regular file.
    """
    path = Path(path)
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    header: Header | None = None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "is not a regular file", str(path))
        _lock(descriptor)
        start = os.pread(descriptor, PREFIX, 0)
        header = Header.parse(start[:HEADER] if len(start) == PREFIX else start[: HEADER - 1])
        unlocked = unlock(header, start[HEADER : HEADER + SALT], start[HEADER + SALT :], ring)
        associated = AssociatedData(
            VERSION, header.context.data_key_id, unlocked.slot.key.job or job
        )
        outcome = _rewrap(descriptor, start, unlocked, ring, associated)
    except _DisturbedError as e:
        return _left(path, Status.UNREADABLE, str(e), _needs(path))
    except SealedFileError as e:
        return _left(path, e.status, e.message, header.key_ids if header else ())
    finally:
        os.close(descriptor)
    return RekeyReport(path, outcome, None, "", (ring.primary_id,))


class _DisturbedError(Exception):
    """Another process is at work on the same header."""


def _left(path: Path, status: Status, detail: str, needs: tuple[str, ...]) -> RekeyReport:
    return RekeyReport(path, Outcome.LEFT, status, detail, needs)


def _lock(descriptor: int) -> None:
    """Take the lock of the file's header, which closing the file gives up.

    Over NFS the same lock holds between machines. Flink takes none, so a job never waits for it.
    """
    end = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            file_locks.lock(descriptor, file_locks.HEADER)
        except BlockingIOError:
            if time.monotonic() > end:
                raise _DisturbedError(
                    f"another process has held its lock for {_LOCK_PATIENCE:.0f} s"
                ) from None
            time.sleep(0.02)
        else:
            return


def _rewrap(
    descriptor: int,
    start: bytes,
    unlocked: Unlocked,
    ring: KeyProvider,
    associated: AssociatedData,
) -> Outcome:
    slots = {at: start[at : at + SLOT] for at in SLOT_OFFSETS}
    current = next(at for at, data in slots.items() if KeySlot.parse(data) == unlocked.slot)
    other = next(at for at in SLOT_OFFSETS if at != current)
    if unlocked.slot.key.key_id == ring.primary_id:
        if any(slots[other]):  # An earlier run ended before its last step.
            # What it wrote may be read back and yet be lost with the power: its sync may have
            # failed, after which no sync would write it. So it is written again.
            _write(descriptor, current, slots[current])
            _clear(descriptor, other, slots[other], keep=current, kept=slots[current])
        return Outcome.CURRENT
    generation = min(unlocked.slot.generation + 1, MAX_GENERATION)
    new = KeySlot(generation, ring.wrap(unlocked.data_key, associated)).to_bytes()
    _write(descriptor, other, new)
    _clear(descriptor, current, slots[current], keep=other, kept=new)
    return Outcome.REWRAPPED


def _clear(descriptor: int, at: int, old: bytes, *, keep: int, kept: bytes) -> None:
    """Zeros a slot, if both are as they must be; looks that the other one is there afterwards.

    Raises:
        _DisturbedError: another process changed one of them; what is there now opens the file.
    """
    if (_slot(descriptor, at), _slot(descriptor, keep)) == (old, kept):
        _write(descriptor, at, bytes(SLOT))
        if _slot(descriptor, keep) == kept:
            return
    if not any(KeySlot.parse(_slot(descriptor, one)) for one in SLOT_OFFSETS):
        _write(descriptor, keep, kept)
    raise _DisturbedError("another re-key is at work on it: run one at a time, then once more")


def _slot(descriptor: int, at: int) -> bytes:
    return os.pread(descriptor, SLOT, at)


def _needs(path: Path) -> tuple[str, ...]:
    try:
        return read_header(path).key_ids
    except (OSError, SealedFileError):
        return ()


def _write(descriptor: int, offset: int, data: bytes) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(descriptor, data[done:], offset + done)
    os.fsync(descriptor)
