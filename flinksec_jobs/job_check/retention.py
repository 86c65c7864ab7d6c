# SPDX-License-Identifier: Apache-2.0
"""Which savepoints of a job are kept, and the removal of the others.

The last good one is never removed, nor one that somebody needs, nor one that could not be looked
at: what is not understood is told, and left.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flinksec_jobs.errors import SealedStateError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import reason
from flinksec_jobs.private_files import sync_directory

NAMED = "needed"
"""Why one stays that who asks has named: they know the reason."""
BEGAN = "the last start of the job began from it"
UNREAD = "it could not be looked at, or is not whole"
LINK = "it is a link"
LAST = "it is the last good one"
COUNTED = "among the newest"
# As Flink removes nothing that begins with a dot, nobody takes it for a savepoint.
LEAVING = ".disposed-"
"""How the name of a savepoint begins while it is removed."""


@dataclass(frozen=True)
class Kept:
    """A savepoint to decide about.

    Attributes:
        directory: where it is.
        created_at_ms: when its metadata was written, epoch milliseconds.
        whole: whether all of it was looked at, and is as it was written.
    """

    directory: Path
    created_at_ms: int
    whole: bool


@dataclass(frozen=True)
class Decision:
    """What is to become of a savepoint.

    Attributes:
        directory: where it is.
        removed: whether it goes.
        why: in a few words.
    """

    directory: Path
    removed: bool
    why: str


def decide(
    savepoints: Sequence[Kept],
    *,
    keep: int | None,
    max_age: timedelta | None,
    needed: Mapping[Path, str],
    now_ms: int,
) -> list[Decision]:
    """Decide, the newest first.

    Args:
        savepoints: all of a job, the newest first.
        keep: how many whole ones stay; ``None``: any number.
        max_age: older ones go; ``None``: they stay.
        needed: what a rollback or a start may need, and why.
        now_ms: epoch milliseconds.
    """
    needed = {path.resolve(): why for path, why in needed.items()}
    found = []
    number = 0
    for one in savepoints:
        number += one.whole
        age = timedelta(milliseconds=max(0, now_ms - one.created_at_ms))
        why = _why_it_stays(one, number, needed)
        if why is None and keep is not None and number > keep:
            found.append(Decision(one.directory, True, f"{keep} newer ones are kept"))
        elif why is None and max_age is not None and age > max_age:
            found.append(Decision(one.directory, True, f"older than {max_age.days} days"))
        else:
            found.append(Decision(one.directory, False, why or COUNTED))
    return found


def _why_it_stays(one: Kept, number: int, needed: Mapping[Path, str]) -> str | None:
    if not one.whole:
        return UNREAD
    if why := needed.get(one.directory.resolve()):
        return why
    if one.directory.is_symlink():
        return LINK
    return LAST if number == 1 else None


def remove(directory: Path) -> None:
    """Remove a savepoint: in one step it is none any more, then its files go.

    Raises:
        SealedStateError: it cannot be removed.
    """
    leaving = directory.with_name(LEAVING + directory.name)
    try:
        os.rename(directory, leaving)  # noqa: PTH104  a rename, never a move
        sync_directory(directory.parent)
        shutil.rmtree(leaving)
    except FileNotFoundError:
        return  # somebody else has
    except OSError as error:
        raise SealedStateError(
            f"{escaped(directory)} cannot be removed: {reason(error)}",
            hint=f"make it writable for user id {os.geteuid()}; the next run goes on with it",
        ) from error


def sweep(parents: Collection[Path]) -> Iterator[Path]:
    """Remove what an earlier removal has begun, and yield what it was."""
    for parent in parents:
        for leaving in sorted(parent.glob(f"{LEAVING}savepoint-*")):
            shutil.rmtree(leaving)
            yield parent / leaving.name.removeprefix(LEAVING)
