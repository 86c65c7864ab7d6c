# SPDX-License-Identifier: Apache-2.0
"""What Flink's REST server answers, as types; fields of the answers have other names than these.

Times are epoch milliseconds, durations milliseconds, sizes bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# Flink tells in this exception that the savepoint is there, and that the job runs on all the same:
# org.apache.flink.runtime.scheduler.stopwithsavepoint.StopWithSavepointStoppingException.
_STOPPING = "StopWithSavepointStoppingException"
_CREATED_AT = re.compile(r"savepoint has been created at: (.+?), but the corresponding job ")


class JobState(StrEnum):
    """The states of ``org.apache.flink.api.common.JobStatus``."""

    INITIALIZING = "INITIALIZING"
    CREATED = "CREATED"
    RUNNING = "RUNNING"
    FAILING = "FAILING"
    FAILED = "FAILED"
    CANCELLING = "CANCELLING"
    CANCELED = "CANCELED"
    FINISHED = "FINISHED"
    RESTARTING = "RESTARTING"
    SUSPENDED = "SUSPENDED"
    RECONCILING = "RECONCILING"

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended for good (Flink: globally terminal)."""
        return self in {JobState.FAILED, JobState.CANCELED, JobState.FINISHED}


@dataclass(frozen=True)
class Vertex:
    """A vertex of a running job: a chain of operators.

    Attributes:
        id: Flink's id of it, 32 hexadecimal digits.
        name: the names of its operators.
        parallelism: of its tasks now.
        max_parallelism: the most that its state can be spread over.
        status: of its tasks together.
    """

    id: str
    name: str
    parallelism: int
    max_parallelism: int
    status: str


@dataclass(frozen=True)
class Job:
    """A job as REST tells of it.

    Attributes:
        id: 32 hexadecimal digits.
        name: the job's.
        state: of the job.
        is_running: whether it and all of its tasks run.
        started: when this JobManager first had it, and with which time its states began.
        since: when it came to its state.
        vertices: its tasks.
    """

    id: str
    name: str
    state: JobState
    is_running: bool
    started: int
    since: int
    vertices: tuple[Vertex, ...] = ()

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Job:
        """Read the answer to ``/jobs/:id``."""
        vertices = tuple(
            Vertex(
                id=str(one["id"]),
                name=str(one["name"]),
                parallelism=int(one["parallelism"]),
                max_parallelism=int(one["maxParallelism"]),
                status=str(one["status"]),
            )
            for one in answer["vertices"]
        )
        state = JobState(answer["state"])
        return cls(
            id=str(answer["jid"]),
            name=str(answer["name"]),
            state=state,
            is_running=state is JobState.RUNNING
            and all(vertex.status in {"RUNNING", "FINISHED"} for vertex in vertices),
            started=int(answer["start-time"]),
            since=int(answer["timestamps"].get(state.value, answer["start-time"])),
            vertices=vertices,
        )


@dataclass(frozen=True)
class Checkpoint:
    """A completed checkpoint or savepoint.

    Attributes:
        id: its number.
        path: where it is; empty if Flink does not tell.
        triggered: when it began.
        completed: when the last task had confirmed it.
        duration: from the one to the other.
        size: of all its state.
        written: what of it was new.
        is_savepoint: whether it is one.
    """

    id: int
    path: str
    triggered: int
    completed: int
    duration: int
    size: int
    written: int
    is_savepoint: bool

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Checkpoint:
        """Read a completed entry of ``/jobs/:id/checkpoints``."""
        return cls(
            id=int(answer["id"]),
            path=str(answer.get("external_path") or ""),
            triggered=int(answer["trigger_timestamp"]),
            completed=int(answer["latest_ack_timestamp"]),
            duration=int(answer["end_to_end_duration"]),
            size=int(answer["state_size"]),
            written=int(answer["checkpointed_size"]),
            is_savepoint=bool(answer["is_savepoint"]),
        )


@dataclass(frozen=True)
class Failed:
    """A checkpoint that failed: when, and Flink's reason."""

    at: int
    reason: str


@dataclass(frozen=True)
class Restored:
    """What the job went on from: its number, when, and where it is."""

    id: int
    at: int
    path: str
    is_savepoint: bool


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of a job since this JobManager has it.

    Attributes:
        completed: how many there were; checkpoints and savepoints.
        failed: how many failed.
        in_progress: how many run.
        last: the last completed checkpoint.
        last_savepoint: the last completed savepoint.
        last_failed: the last that failed.
        restored: what it went on from last.
    """

    completed: int
    failed: int
    in_progress: int
    last: Checkpoint | None = None
    last_savepoint: Checkpoint | None = None
    last_failed: Failed | None = None
    restored: Restored | None = None

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Checkpoints:
        """Read the answer to ``/jobs/:id/checkpoints``."""
        counts, latest = answer["counts"], answer["latest"]
        failed, restored = latest.get("failed"), latest.get("restored")
        return cls(
            completed=int(counts["completed"]),
            failed=int(counts["failed"]),
            in_progress=int(counts["in_progress"]),
            last=_completed(latest.get("completed")),
            last_savepoint=_completed(latest.get("savepoint")),
            last_failed=failed
            and Failed(int(failed["failure_timestamp"]), str(failed.get("failure_message") or "")),
            restored=restored
            and Restored(
                id=int(restored["id"]),
                at=int(restored["restore_timestamp"]),
                path=str(restored.get("external_path") or ""),
                is_savepoint=bool(restored["is_savepoint"]),
            ),
        )


class Progress(StrEnum):
    """How far an operation is that was asked for under a trigger id."""

    UNKNOWN = "unknown"
    """This JobManager does not know the trigger id: it never came, or to another JobManager."""
    IN_PROGRESS = "in progress"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Operation:
    """A savepoint, or a stop with one, that was asked for under a trigger id.

    Attributes:
        progress: how far it is.
        location: of the savepoint. With `Progress.FAILED` the savepoint was written, and the job
            has gone on after it: whoever starts another from it processes records twice.
        reason: why it failed, one line.
    """

    progress: Progress
    location: str = ""
    reason: str = ""

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Operation:
        """Read the answer to ``/jobs/:id/savepoints/:triggerid``."""
        if answer["status"]["id"] != "COMPLETED":
            return cls(Progress.IN_PROGRESS)
        operation = answer["operation"]
        if operation.get("location"):
            return cls(Progress.DONE, location=str(operation["location"]))
        cause = operation.get("failure-cause") or {}
        trace = str(cause.get("stack-trace") or "")
        created = _CREATED_AT.search(trace) if _STOPPING in trace else None
        return cls(Progress.FAILED, created[1] if created else "", _root_cause(cause, trace))


@dataclass(frozen=True)
class JobException:
    """Something that failed in a job.

    Attributes:
        at: when.
        name: Java's class of it.
        text: its lines.
        task: the task in which it came; empty for the job itself.
    """

    at: int
    name: str
    text: str
    task: str

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> JobException:
        """Read an entry of ``/jobs/:id/exceptions``."""
        return cls(
            at=int(answer["timestamp"]),
            name=str(answer["exceptionName"]),
            text=str(answer.get("stacktrace") or ""),
            task=str(answer.get("taskName") or ""),
        )

    @property
    def cause(self) -> str:
        """The root cause in one line."""
        return _root_cause({"class": self.name}, self.text)


def _completed(answer: Mapping[str, Any] | None) -> Checkpoint | None:
    return Checkpoint.of(answer) if answer else None


def _root_cause(cause: Mapping[str, Any], trace: str) -> str:
    lines = trace.splitlines()
    causes = [line for line in lines if line.startswith("Caused by: ")]
    return (causes[-1:] or lines[:1] or [str(cause.get("class") or "no reason given")])[
        0
    ].removeprefix("Caused by: ")
