# SPDX-License-Identifier: Apache-2.0
"""What Flink's REST tells of a running job, put together for one screen.

Figures that Flink does not have for a job, such as the lag of a source that has none, are ``None``:
an absent figure is never a zero.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from flinksec_jobs.deploy import own_figures
from flinksec_jobs.deploy.own_figures import OwnFigures
from flinksec_jobs.flink_rest.answers import Checkpoints, Job, JobException

_PENDING = "pendingRecords"
_WATERMARK_LAG = "watermarkLag"
_BACK_PRESSURED, _BUSY = "backPressuredTimeMsPerSecond", "busyTimeMsPerSecond"
_RESTARTS = "numRestarts"
_TRIES, _PAUSE_SECONDS = 6, 0.5


class Rest(own_figures.Rest, Protocol):
    """What is asked of Flink's REST: `flink_rest.FlinkRest` has it."""

    def job(self, job_id: str) -> Job | None:
        """Return a job."""

    def checkpoints(self, job_id: str) -> Checkpoints:
        """Return its checkpoints."""

    def checkpoint_interval_ms(self, job_id: str) -> int:
        """Return the time between two of them."""

    def exceptions(self, job_id: str, most: int = 20) -> list[JobException]:
        """Return what failed in it."""

    def job_metrics(self, job_id: str, names: Sequence[str]) -> dict[str, float]:
        """Return metrics of the job."""

    def metric_names(self, job_id: str, vertex: str) -> list[str]:
        """Return the names of a vertex's metrics."""

    def vertex_metrics(
        self, job_id: str, vertex: str, names: Sequence[str], of: str
    ) -> dict[str, float]:
        """Return metrics of a vertex."""

    def taskmanagers(self) -> list[str]:
        """Return the ids of the TaskManagers."""


@dataclass(frozen=True)
class Pressure:
    """How busy the tasks of a vertex are.

    Attributes:
        vertex: the names of its operators.
        busy: of its busiest task, 0 to 1.
        back_pressured: of the task that waits most for those after it, 0 to 1.
    """

    vertex: str
    busy: float | None
    back_pressured: float | None


@dataclass(frozen=True)
class JobLook:
    """A running job; times are milliseconds.

    Attributes:
        job: what REST tells of it.
        checkpoints: its checkpoints since this JobManager has it.
        interval: between two of them.
        restarts: how often its tasks were started again since this JobManager has it.
        lag: records that its sources have not read yet.
        watermark_lag: how far the watermark of its slowest source is behind the clock.
        pressure: of its vertices.
        taskmanagers: how many are registered.
        last_exception: what failed last.
        own: what metrics of ours tell of its processes.
    """

    job: Job
    checkpoints: Checkpoints
    interval: int
    restarts: int | None
    lag: int | None
    watermark_lag: int | None
    pressure: tuple[Pressure, ...]
    taskmanagers: int
    last_exception: JobException | None
    own: OwnFigures


def look(rest: Rest, job_id: str) -> JobLook | None:
    """Ask for everything.

    Returns:
        ``None`` if the JobManager does not know the job.

    Raises:
        RestUnreachableError: there is no answer.
        RestRefusedError: the answer is an error.
    """
    job = rest.job(job_id)
    if job is None:
        return None
    names = _metric_names(rest, job)
    restarts = rest.job_metrics(job_id, [_RESTARTS]).get(_RESTARTS)
    exceptions = rest.exceptions(job_id, 1)
    taskmanagers = len(rest.taskmanagers())
    return JobLook(
        job=job,
        checkpoints=rest.checkpoints(job_id),
        interval=rest.checkpoint_interval_ms(job_id),
        restarts=None if restarts is None else int(restarts),
        lag=_over(rest, job_id, names, _PENDING, "sum"),
        watermark_lag=_over(rest, job_id, names, _WATERMARK_LAG, "max"),
        pressure=tuple(_pressure(rest, job, names)),
        taskmanagers=taskmanagers,
        last_exception=exceptions[0] if exceptions else None,
        own=own_figures.own_figures(rest, workers=taskmanagers > 0),
    )


def _metric_names(rest: Rest, job: Job) -> dict[str, list[str]]:
    """Return the names of the metrics of each vertex.

    The JobManager fetches metrics when it is asked for some, and answers with those that it had: of
    the first who asks, with none (``org.apache.flink.runtime.rest.handler.legacy.metrics``).
    """
    for _ in range(_TRIES):
        names = {vertex.id: rest.metric_names(job.id, vertex.id) for vertex in job.vertices}
        if any(names.values()) or not job.is_running:
            break
        time.sleep(_PAUSE_SECONDS)
    return names


def _over(rest: Rest, job_id: str, names: dict[str, list[str]], metric: str, of: str) -> int | None:
    """Put the metrics of operators, whose names Flink writes before theirs, together."""
    found: list[float] = []
    for vertex, all_names in names.items():
        wanted = [name for name in all_names if name.rpartition(".")[2] == metric]
        if wanted:
            found += rest.vertex_metrics(job_id, vertex, wanted, of).values()
    return int(max(found) if of == "max" else sum(found)) if found else None


def _pressure(rest: Rest, job: Job, names: dict[str, list[str]]) -> list[Pressure]:
    found = []
    for vertex in job.vertices:
        wanted = [name for name in (_BUSY, _BACK_PRESSURED) if name in names[vertex.id]]
        values = rest.vertex_metrics(job.id, vertex.id, wanted, "max") if wanted else {}
        found.append(
            Pressure(vertex.name, _share(values.get(_BUSY)), _share(values.get(_BACK_PRESSURED)))
        )
    return found


def _share(per_second: float | None) -> float | None:
    return None if per_second is None else per_second / 1000
