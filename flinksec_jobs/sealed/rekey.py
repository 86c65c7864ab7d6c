# SPDX-License-Identifier: Apache-2.0
"""Wraps the data keys of files anew, under the primary key; writes headers only.

Let C be the slot that opens a file and O the other one. The new key goes into O and is synced
before C is overwritten with zeros and synced: whenever the process dies, one slot is good.
"""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from flinksec_jobs.sealed.format import (
    HEADER,
    MAX_GENERATION,
    PREFIX,
    SALT,
    SLOT,
    SLOT_OFFSETS,
    Header,
    KeySlot,
    SealedFileError,
    Status,
)
from flinksec_jobs.sealed.provider import KeyProvider
from flinksec_jobs.sealed.reader import Unlocked, unlock


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
        needs: the ids of the keys that the file needs now.
    """

    path: Path
    outcome: Outcome
    status: Status | None
    detail: str
    needs: tuple[str, ...]


def rekey_file(path: str | os.PathLike[str], ring: KeyProvider) -> RekeyReport:
    """Wraps a file's data key under the ring's primary key; its contents are not read.

    Raises:
        OSError: if the file cannot be read or written, or is a link.
    """
    path = Path(path)
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    header: Header | None = None
    try:
        start = os.pread(descriptor, PREFIX, 0)
        header = Header.parse(start[:HEADER] if len(start) == PREFIX else start[: HEADER - 1])
        unlocked = unlock(header, start[HEADER : HEADER + SALT], start[HEADER + SALT :], ring)
        outcome = _rewrap(descriptor, start, unlocked, ring)
    except SealedFileError as e:
        needs = header.key_ids if header else ()
        return RekeyReport(path, Outcome.LEFT, e.status, e.message, needs)
    finally:
        os.close(descriptor)
    return RekeyReport(path, outcome, None, "", (ring.primary_id,))


def _rewrap(descriptor: int, start: bytes, unlocked: Unlocked, ring: KeyProvider) -> Outcome:
    slots = {at: start[at : at + SLOT] for at in SLOT_OFFSETS}
    current = next(at for at, data in slots.items() if KeySlot.parse(data) == unlocked.slot)
    other = next(at for at in SLOT_OFFSETS if at != current)
    if unlocked.slot.key.key_id == ring.primary_id:
        if any(slots[other]):  # An earlier run ended before its last step.
            # What it wrote may be read back and yet be lost with the power: its sync may have
            # failed, after which no sync would write it. So it is written again.
            _write(descriptor, current, slots[current])
            _write(descriptor, other, bytes(SLOT))
        return Outcome.CURRENT
    generation = min(unlocked.slot.generation + 1, MAX_GENERATION)
    _write(descriptor, other, KeySlot(generation, ring.wrap(unlocked.data_key)).to_bytes())
    _write(descriptor, current, bytes(SLOT))
    return Outcome.REWRAPPED


def _write(descriptor: int, offset: int, data: bytes) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(descriptor, data[done:], offset + done)
    os.fsync(descriptor)
