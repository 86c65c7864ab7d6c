# SPDX-License-Identifier: Apache-2.0
"""The record of a job in its directory of state: whose it is, and what came of its last start.

It is sealed if the job's state is, so that nobody without the keys makes one. Flink's checkpoints
say neither whose they are nor which of them something newer has replaced; this does.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flinksec_jobs import files, job_name
from flinksec_jobs.errors import FlinkSecError, SealedStateError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.private_files import sync_directory, write_private

if TYPE_CHECKING:
    from flinksec_jobs.sealed import KeyProvider

FILE = "_job"
_FORMAT = 1


@dataclass(frozen=True)
class Start:
    """One start of a job.

    Attributes:
        number: 1 for the first.
        at_ms: when, epoch milliseconds by the clock of its machine; for messages alone.
        job_id: Flink's id of it, 32 hexadecimal digits.
        origin: what it began from: a directory below that of the job, or a URI; ``None``: nothing.
        origin_id: Flink's number of that checkpoint.
        owned: whether it began from a checkpoint that Flink was told to remove when it has a newer
            one.
        highly_available: whether Flink itself remembers the job under this id.
        holder: the process that started it, and its machine.
    """

    number: int
    at_ms: int
    job_id: str
    origin: str | None = None
    origin_id: int | None = None
    owned: bool = False
    highly_available: bool = False
    holder: str = ""


@dataclass(frozen=True)
class JobRecord:
    """What is known of a job.

    Attributes:
        job: its name.
        uses: topics, indices and paths, as ``Kafka topic orders``.
        start: the last one.
        before: the checkpoints and savepoints that were there already at the last start.
        named: the checkpoint or savepoint that the settings or the cluster named last.
        bounded: whether all its sources end by themselves; of one that has finished, whether they
            did, and nobody stopped it.
        finished: whether it has ended well, by itself or stopped with a savepoint.
    """

    job: str
    uses: tuple[str, ...]
    start: Start
    before: tuple[str, ...] = ()
    named: str | None = None
    bounded: bool = False
    finished: bool = False


def read(directory: Path, keys: KeyProvider | None, *, sealed: bool) -> JobRecord | None:
    """Read the record of a job.

    Args:
        directory: the job's.
        keys: those of its state.
        sealed: whether it must be sealed.

    Returns:
        ``None`` if there is none.

    Raises:
        SealedStateError: it is not whole, or in clear where it must be sealed.
    """
    path = directory / FILE
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unusable(path, f"cannot be looked at: {files.reason(error)}") from error
    try:
        return _parsed(json.loads(_content(path, keys, sealed=sealed)))
    except OSError as error:
        raise _unusable(path, f"cannot be read: {files.reason(error)}") from error
    except SealedStateError as error:
        raise _unusable(path, error.message.removeprefix(f"{path}: ")) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unusable(path, "is none, or that of a newer version") from error


def write(directory: Path, record: JobRecord, keys: KeyProvider | None) -> None:
    """Replace the record of a job; it is on the disk when this returns.

    Args:
        directory: the job's; it is made.
        record: the new one.
        keys: what seals it; ``None`` writes it in clear.

    Raises:
        FlinkSecError: it cannot be written.
    """
    # ASCII, for names that are no UTF-8: Python keeps their bytes as half surrogates.
    data = json.dumps({"format": _FORMAT, **asdict(record)}).encode()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for left in directory.glob(f".{FILE}.*.part"):  # of a start that was killed
            left.unlink(missing_ok=True)
        _write(directory / FILE, data, keys, job_name.bound_name(record.job))
    except OSError as error:
        raise FlinkSecError(
            f"the record of the job {record.job} cannot be written in {escaped(directory)}: "
            f"{files.reason(error)}",
            hint="state.directory must be there, and writable for the job's user",
        ) from error


def _write(path: Path, data: bytes, keys: KeyProvider | None, job: str) -> None:
    from flinksec_jobs.sealed.small_file import write_record

    if keys is not None:
        write_record(path, keys, data, job=job)
    else:
        new = path.with_name(f".{FILE}.{os.getpid()}.part")
        write_private(new, data, durable=True)
        new.replace(path)
        sync_directory(path.parent)
    # Like Flink's own files of the job, which another process of its group may go on with.
    umask = os.umask(0o077)
    os.umask(umask)
    path.chmod(0o666 & ~umask)


def _content(path: Path, keys: KeyProvider | None, *, sealed: bool) -> bytes:
    from flinksec_jobs.sealed.format import MAGIC
    from flinksec_jobs.sealed.small_file import read_record

    with files.open_regular(path) as file:
        if file.read(len(MAGIC)) != MAGIC:
            if sealed:
                raise SealedStateError("it is in clear, and the job's state is sealed")
            file.seek(0)
            return files.bounded(file, files.RECORD, path)
    if keys is None:
        raise SealedStateError("it is sealed, and state.keys is not set")
    return read_record(path, keys) or b""


def _parsed(content: Any) -> JobRecord:
    if not isinstance(content, dict) or content.pop("format") != _FORMAT:
        raise ValueError("another format")
    start = content["start"] = Start(**content["start"])
    content["uses"] = tuple(map(str, content["uses"]))
    content["before"] = tuple(map(str, content["before"]))
    found = JobRecord(**content)
    texts = (found.job, start.job_id, start.holder, start.origin or "", found.named or "")
    numbers = (start.number, start.at_ms, start.origin_id or 0)
    if {*map(type, texts)} != {str} or {*map(type, numbers)} != {int}:
        raise TypeError("another type")
    return found


def _unusable(path: Path, why: str) -> SealedStateError:
    return SealedStateError(
        f"the job's record {escaped(path)} cannot be used: {why}",
        hint="without it nobody knows where the job goes on from; name the checkpoint or "
        "savepoint (`flinksec run --from-savepoint`), or set job.resume = "
        '"never" once to start from nothing: both write it anew',
    )
