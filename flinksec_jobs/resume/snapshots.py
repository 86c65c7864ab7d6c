# SPDX-License-Identifier: Apache-2.0
"""The checkpoints and savepoints that lie in a job's directory, and whether they are whole.

What could not be looked at is an error, never an absence.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from flinksec_jobs import files
from flinksec_jobs.errors import SealedStateError
from flinksec_jobs.escaping import escaped

if TYPE_CHECKING:
    from flinksec_jobs.findings import Finding
    from flinksec_jobs.sealed import KeyProvider

METADATA = "_metadata"
_CHECKPOINT = re.compile(r"chk-(\d{1,18})")
_SAVEPOINT = re.compile(r"savepoint-.+")
# Of a `_metadata` file: a magic number and the format's version (4 bytes each), Flink's number of
# the checkpoint (8 bytes). org.apache.flink.runtime.checkpoint.Checkpoints writes it.
_MAGIC = bytes.fromhex("4960672d")
_START = 16


class VanishedError(SealedStateError):
    """A snapshot was removed while it was looked at, as Flink does with a replaced one."""


class Kind(StrEnum):
    """What a snapshot is."""

    CHECKPOINT = "checkpoint"
    SAVEPOINT = "savepoint"


@dataclass(frozen=True)
class Snapshot:
    """A checkpoint or savepoint whose ``_metadata`` is there, whole or not.

    Attributes:
        kind: which of the two.
        directory: where it is.
        run: the directory of the run that made it; empty for a savepoint.
        number: Flink's number of a checkpoint, from its name; ``None`` for a savepoint.
    """

    kind: Kind
    directory: Path
    run: str
    number: int | None


@dataclass(frozen=True)
class Whole:
    """A snapshot that was read to its end.

    Attributes:
        snapshot: it.
        number: Flink's number of it: of two of one run, the newer has the higher one.
        created_at_ms: when its metadata was written, epoch milliseconds: of the sealed header, or
            of the file.
    """

    snapshot: Snapshot
    number: int
    created_at_ms: int


def find(directory: Path) -> list[Snapshot]:
    """All checkpoints and savepoints of a job, those without ``_metadata`` left out.

    Flink writes ``_metadata`` last, so without it a checkpoint was never completed.

    Raises:
        SealedStateError: something could not be looked at.
    """
    try:
        return sorted(_find(directory), key=lambda found: str(found.directory))
    except OSError as error:
        name = escaped(error.filename or directory)
        raise SealedStateError(
            f"{name} cannot be looked at, so nobody knows which checkpoints the job has: "
            f"{files.reason(error)}",
            hint=f"make it readable for user id {os.geteuid()}, or have the volume repaired; "
            'job.resume = "never" starts from nothing',
        ) from error


def savepoints(directory: Path, job_id: str) -> list[Snapshot]:
    """Return the savepoints in a directory that a run of this id made.

    Raises:
        SealedStateError: the directory cannot be looked at.
    """
    return [found for found in find(directory) if is_savepoint_of(found, job_id)]


def is_savepoint_of(snapshot: Snapshot, job_id: str) -> bool:
    """Whether a savepoint has the name that Flink gives to one of a run."""
    return snapshot.directory.name.startswith(f"savepoint-{job_id[:6]}-")


def _find(directory: Path) -> Iterator[Snapshot]:
    for path in _directories(directory):
        if _SAVEPOINT.fullmatch(path.name):
            if _has_metadata(path):
                yield Snapshot(Kind.SAVEPOINT, path, "", None)
            continue
        for inner in _directories(path):
            number = _CHECKPOINT.fullmatch(inner.name)
            if number and _has_metadata(inner):
                yield Snapshot(Kind.CHECKPOINT, inner, path.name, int(number[1]))


def _directories(directory: Path) -> list[Path]:
    try:
        paths = sorted(directory.iterdir())
    except FileNotFoundError:
        return []
    # Not `is_dir`, which takes an error for a no; a link to nothing is an error too.
    return [path for path in paths if not path.name.startswith(".") and _is_directory(path)]


def _is_directory(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False  # Flink has removed it meanwhile
    return stat.S_ISDIR(path.stat().st_mode)


def _has_metadata(directory: Path) -> bool:
    try:
        (directory / METADATA).lstat()
    except FileNotFoundError:
        return False
    return True


def examine(snapshot: Snapshot, keys: KeyProvider | None) -> Whole | None:
    """Read the metadata of a snapshot.

    Args:
        snapshot: which.
        keys: of sealed state; ``None`` for state in clear.

    Returns:
        ``None`` if its writer was killed before it was whole.

    Raises:
        SealedStateError: it was altered, belongs elsewhere, or its key is missing.
    """
    path = snapshot.directory / METADATA
    try:
        start, created = _plain(path) if keys is None else _sealed(path, keys)
    except FileNotFoundError as error:
        raise VanishedError(f"{escaped(snapshot.directory)} was removed meanwhile") from error
    except OSError as error:
        raise _unusable(snapshot, files.reason(error)) from error
    except SealedStateError as error:
        raise _unusable(snapshot, error.message, error.findings) from error
    if start is None:
        return None
    if start[:4] != _MAGIC:
        raise _unusable(snapshot, "its _metadata is none of Flink's")
    number = int.from_bytes(start[8:_START], signed=True)
    if snapshot.number is not None and snapshot.number != number:
        raise _unusable(snapshot, f"it is checkpoint {number} under another's name")
    return Whole(snapshot, number, created)


def _plain(path: Path) -> tuple[bytes | None, int]:
    from flinksec_jobs.sealed.format import MAGIC

    with files.open_regular(path) as file:
        start = file.read(_START)
        created = os.fstat(file.fileno()).st_mtime_ns // 1_000_000
    if start.startswith(MAGIC):
        raise SealedStateError("it is sealed, and state.sealed is false")
    return (start if len(start) == _START else None), created


def _sealed(path: Path, keys: KeyProvider) -> tuple[bytes | None, int]:
    from flinksec_jobs.sealed import Status, open_sealed, verify_file
    from flinksec_jobs.sealed.file_findings import check_examined

    report = verify_file(path, keys)
    if report.status is Status.TRUNCATED:
        return None, 0
    if report.status is not Status.WHOLE or report.header is None:
        detail = f" ({report.detail})" if report.detail else ""
        found = list(check_examined([report]))
        raise SealedStateError(f"{report.status.value}{detail}", findings=found)
    with open_sealed(path, keys) as reader:
        start = reader.read(_START)
    return (start if len(start) == _START else b""), report.header.created_at_ms


def _unusable(snapshot: Snapshot, why: str, findings: Sequence[Finding] = ()) -> SealedStateError:
    return SealedStateError(
        f"the {snapshot.kind} {escaped(snapshot.directory)} cannot be used: {why}",
        hint="name another one, `flinksec run --from-savepoint`, or set job.resume = "
        '"never" to start from nothing',
        findings=findings,
    )
