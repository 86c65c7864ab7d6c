# SPDX-License-Identifier: Apache-2.0
"""Another parallelism for a running job, in place: Flink's adaptive scheduler does it.

It waits for the next checkpoint, stops the tasks, and starts them again from it with the new
number, so nothing is lost and nothing counts twice. TaskManagers are added before it, and removed
after it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from flinksec_jobs.deploy.outside import ApiServer
from flinksec_jobs.deploy.step_errors import UnclearError
from flinksec_jobs.deploy.workload import TASKMANAGERS
from flinksec_jobs.errors import DeployError
from flinksec_jobs.flink_rest.answers import Checkpoints, Job
from flinksec_jobs.runtime.rest import RestRefusedError, RestUnreachableError

_SLOTS = "taskmanager.numberOfTaskSlots"
_POLL_SECONDS = 1.0
# What Flink tells of a job may be three seconds old: web.refresh-interval.
_OLDEST_ANSWER_SECONDS = 4.0

T = TypeVar("T")
Tell = Callable[[str], None]


class Rest(Protocol):
    """What is asked of Flink's REST: `flink_rest.FlinkRest` has it."""

    def job(self, job_id: str) -> Job | None:
        """Return a job."""

    def required(self, job_id: str) -> dict[str, int]:
        """Return how many tasks each vertex shall have."""

    def require(self, job_id: str, parallelism: Mapping[str, int]) -> None:
        """Say how many tasks each vertex shall have."""

    def checkpoints(self, job_id: str) -> Checkpoints:
        """Return the job's checkpoints."""

    def taskmanagers(self) -> list[str]:
        """Return the ids of the TaskManagers."""

    def configuration(self) -> dict[str, str]:
        """Return Flink's configuration."""


@dataclass(frozen=True)
class Rescaled:
    """What was done.

    Attributes:
        before: the parallelism that the job had.
        after: the one that it has.
        taskmanagers: how many TaskManagers it has for that.
        seconds: from the request to Flink until all tasks ran again, a part of which they stood
            still.
    """

    before: int
    after: int
    taskmanagers: int
    seconds: float


def rescale(
    api: ApiServer, rest: Rest, job_id: str, parallelism: int, *, timeout: float, tell: Tell
) -> Rescaled:
    """Give a job another parallelism.

    The vertices that have the parallelism of the job get the new one; those that were given less,
    as a sink that must be alone, keep theirs.

    Args:
        api: the API server.
        rest: Flink's REST.
        job_id: which job.
        parallelism: the new one, 1 or more.
        timeout: seconds for TaskManagers to come, and again for the tasks.
        tell: hears what is done.

    Raises:
        DeployError: it cannot be, or did not come in time; the message says what holds now.
        RestUnreachableError: Flink does not answer.
        KubeUnreachableError: the API server does not answer.
    """
    job = rest.job(job_id)
    if job is None or not job.is_running:
        raise DeployError(
            f"the job {job_id} does not run: {job.state if job else 'the JobManager has no such'}",
            hint="`flinksec status` tells why; only a running job can be rescaled",
        )
    now = _required(rest, job_id)
    before = max(now.values())
    wanted = _wanted(job, now, before, parallelism)
    needed = math.ceil(max(wanted.values()) / int(rest.configuration().get(_SLOTS, "1")))
    replicas = _replicas(api)
    if needed > replicas:
        tell(f"{needed} TaskManagers in place of {replicas}")
        _scale(api, needed)
        _wait(
            lambda: len(_asked(rest.taskmanagers, list[str]())) >= needed,
            timeout,
            f"{needed} TaskManagers are not there; the job runs on with parallelism {before}",
            "`kubectl get pods` shows why; the same command goes on, or with the old number "
            "takes it back",
        )
    began = time.monotonic()
    if wanted != now:
        tell(f"parallelism {parallelism} in place of {before}, after the next checkpoint")
        rest.require(job_id, wanted)
    _wait(
        lambda: _has(_asked(lambda: rest.job(job_id), None), wanted),
        timeout,
        f"the tasks of the job have not the parallelism {parallelism} yet",
        "Flink goes on trying: it waits for a checkpoint first; `flinksec status` tells how it is",
    )
    seconds = time.monotonic() - began
    if wanted != now:
        tell("all tasks run again; waiting for a checkpoint")
        _wait_for_checkpoint(rest, job_id, timeout)
    if needed < replicas:
        tell(f"{needed} TaskManagers in place of {replicas}")
        _scale(api, needed)
        _wait_for_the_rest(rest, job_id, wanted, needed, timeout)
    return Rescaled(before, parallelism, max(needed, 1), seconds if wanted != now else 0.0)


def _required(rest: Rest, job_id: str) -> dict[str, int]:
    try:
        return rest.required(job_id)
    except RestRefusedError as error:
        raise DeployError(
            f"Flink does not rescale this job in place: {error.message}",
            hint="it was started without the adaptive scheduler (a batch job, or another "
            '"jobmanager.scheduler" under [flink]); set job.parallelism, and `flinksec restart`',
        ) from error


def _wanted(job: Job, now: Mapping[str, int], before: int, parallelism: int) -> dict[str, int]:
    names = {vertex.id: vertex for vertex in job.vertices}
    wanted = {
        vertex: parallelism if number == before and names[vertex].max_parallelism > 1 else number
        for vertex, number in now.items()
    }
    small = [
        one
        for one in job.vertices
        if wanted[one.id] == parallelism and parallelism > one.max_parallelism
    ]
    if small:
        told = "; ".join(f"{one.name}: {one.max_parallelism}" for one in small)
        raise DeployError(
            f"parallelism {parallelism} is more than the state can be spread over: {told}",
            hint="the maximum is fixed with a job's first start, by pipeline.max-parallelism",
        )
    return wanted


def _has(job: Job | None, wanted: Mapping[str, int]) -> bool:
    return (
        job is not None
        and job.is_running
        and all(wanted.get(one.id) == one.parallelism for one in job.vertices)
    )


def _asked(ask: Callable[[], T], none: T) -> T:
    """Take no answer as none: a JobManager may be replaced meanwhile."""
    try:
        return ask()
    except RestUnreachableError:
        return none


def _wait_for_checkpoint(rest: Rest, job_id: str, timeout: float) -> None:
    restored = rest.checkpoints(job_id).restored

    def done() -> bool:
        seen = _asked(lambda: rest.checkpoints(job_id), None)
        return bool(seen and seen.last and (restored is None or seen.last.id > restored.id))

    _wait(
        done,
        timeout,
        "the tasks run with the new parallelism, and have not completed a checkpoint",
        "`flinksec status` tells why; the TaskManagers were left as they are",
    )


def _wait_for_the_rest(
    rest: Rest, job_id: str, wanted: Mapping[str, int], needed: int, timeout: float
) -> None:
    """Wait until the job runs without the TaskManagers that were removed.

    It may have had tasks there, and starts them again elsewhere.
    """
    hint = "`flinksec status` tells how it is"
    _wait(
        lambda: len(_asked(rest.taskmanagers, ["?"] * (needed + 1))) <= needed,
        timeout,
        "the TaskManagers that were removed are still registered",
        hint,
    )
    time.sleep(_OLDEST_ANSWER_SECONDS)
    _wait(
        lambda: _has(_asked(lambda: rest.job(job_id), None), wanted),
        timeout,
        "the tasks do not run again without the TaskManagers that were removed",
        hint,
    )


def _replicas(api: ApiServer) -> int:
    found = api.get(TASKMANAGERS)
    if found is None:
        raise DeployError(
            f"there is no {TASKMANAGERS} in the namespace {api.namespace}",
            hint="the TaskManagers of our manifests are in a StatefulSet of that name",
        )
    return int(found["spec"].get("replicas", 1))


def _scale(api: ApiServer, replicas: int) -> None:
    api.patch(TASKMANAGERS, {"spec": {"replicas": replicas}})


def _wait(done: Callable[[], bool], timeout: float, message: str, hint: str) -> None:
    end = time.monotonic() + timeout
    while not done():
        if time.monotonic() > end:
            raise UnclearError(f"{message}, after {timeout:.0f} s", hint=hint)
        time.sleep(_POLL_SECONDS)
