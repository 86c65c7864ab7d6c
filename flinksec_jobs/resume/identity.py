# SPDX-License-Identifier: Apache-2.0
"""Whose a checkpoint is: asked before a job goes on from it.

Flink restores what it is given wherever the shape of the job fits: a source goes on with the
topic of the checkpoint, whatever topic the job names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from flinksec_jobs.errors import ResumeError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.resume.job_record import JobRecord
from flinksec_jobs.resume.named import Named

_SOURCE = re.compile(r"Source: Kafka (.+)")


def check_owner(owner: str, job: str, accepted: Iterable[str], where: object) -> None:
    """Refuse what belongs to another job.

    Args:
        owner: the job whose it is.
        job: the job that would go on from it.
        accepted: ``job.accept`` of the settings.
        where: the directory, for the message.

    Raises:
        ResumeError: it is another job's.
    """
    if owner != job and f"job {owner}" not in accepted:
        raise ResumeError(
            f"{escaped(where)} belongs to the job {escaped(owner)}, and not to {escaped(job)}",
            hint="give each job a name and a directory of its own; if the job was renamed, and "
            f'goes on from what it was, set job.accept = ["job {escaped(owner)}"]',
        )


def check_uses(record: JobRecord, uses: Iterable[str], accepted: Iterable[str]) -> None:
    """Refuse state of topics, indices and paths that the job no longer has.

    What it has in addition begins as in a new job.

    Raises:
        ResumeError: something is gone, renamed perhaps.
    """
    gone = sorted({*record.uses} - {*uses} - {*accepted})
    if gone:
        raise _gone(record.job, gone, "its last start")


def check_sources(
    operators: Iterable[str], job: str, uses: Iterable[str], accepted: Iterable[str], where: str
) -> bool:
    """Compare the names that Flink keeps of a checkpoint's sources with the job's topics.

    Args:
        operators: names of the operators in it.
        job: the job's name.
        uses: what the job uses.
        accepted: ``job.accept`` of the settings.
        where: the checkpoint, for the message.

    Returns:
        Whether there was a source of Kafka to compare.

    Raises:
        ResumeError: one is of a topic that the job does not read.
    """
    topics = {found[1] for name in operators if (found := _SOURCE.fullmatch(name))}
    gone = sorted({f"reads Kafka topic {topic}" for topic in topics} - {*uses} - {*accepted})
    if gone:
        raise _gone(job, gone, where)
    return bool(topics)


def is_of_directory(named: Named, file_name: str) -> bool | None:
    """Whether a sealed snapshot was written in a job's directory; ``None`` if that is not known.

    Args:
        named: the snapshot.
        file_name: the name of the job's directory.
    """
    if named.written_below == file_name:
        return True
    # Only directories of jobs have names with a digest.
    if named.written_below and re.search(r"~[0-9a-f]{32}$", named.written_below):
        return False
    return None


def _gone(job: str, gone: list[str], where: str) -> ResumeError:
    listed = ", ".join(f'"{escaped(name)}"' for name in gone)
    return ResumeError(
        f"{escaped(where)} holds state of what the job {escaped(job)} does not have: {listed}",
        hint="Flink would give it to what has taken its place: a source would go on reading the "
        "old topic; if the topic, index or path was renamed or dropped on purpose, give its "
        f'operators a new .uid(…) and set job.accept = [{listed}]; job.resume = "never" begins '
        "from nothing instead, at every start",
    )
