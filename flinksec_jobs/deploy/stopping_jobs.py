# SPDX-License-Identifier: Apache-2.0
"""A job of a cluster is ended: with a savepoint, or without one so that its checkpoints stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flinksec_jobs.deploy.acceptance import same_path
from flinksec_jobs.deploy.ha_maps import HaMaps
from flinksec_jobs.deploy.operation import Operation
from flinksec_jobs.deploy.outside import Flink, Inside, KubeObject, StateFound
from flinksec_jobs.deploy.step_errors import ForeignChangeError
from flinksec_jobs.deploy.waiting import Waiting
from flinksec_jobs.deploy.workload import JobStatus, Workload
from flinksec_jobs.errors import DeployError
from flinksec_jobs.flink_rest.answers import JobState, Progress
from flinksec_jobs.runtime.rest import RestRefusedError, RestUnreachableError

_MOST_TRIES = 3
_PREFIX = 6  # digits of a job's id in the name of a savepoint's directory


class StillRunsError(DeployError):
    """The job could not be stopped, and runs on."""


class NothingLeftError(DeployError):
    """The job has ended, and nothing that it left can be gone on from without losing some."""


class FailedMeanwhileError(DeployError):
    """The job has failed for good while it was to be stopped."""


@dataclass
class StopWithSavepoint:
    """A stop with a savepoint, under the trigger id of an operation.

    Attributes:
        flink: Flink's REST interface.
        workload: what is in the cluster.
        waiting: clocks, and how long to wait.
        operation: which stop.
        newest: looks for checkpoints and savepoints from within the cluster.
    """

    flink: Flink
    workload: Workload
    waiting: Waiting
    operation: Operation
    newest: Callable[[], Sequence[StateFound]]
    _tries: int = 0

    def savepoint(self) -> str:
        """Return where the savepoint is with which the job has ended.

        Raises:
            StillRunsError: it could not be stopped.
            FailedMeanwhileError: it has failed for good.
            NothingLeftError: it has ended, and its savepoint is not found.
            ForeignChangeError: somebody else has replaced the Job.
            UnclearError: it took too long; the stop may still go on.
        """
        found: list[str] = []

        def is_done() -> bool:
            location = self._look()
            if location:
                found.append(location)
            return bool(location)

        self.waiting.until(
            is_done,
            "the job writes a savepoint and ends",
            hint="the job still runs, or ends soon; run the command again: it goes on asking for "
            "the same savepoint",
        )
        return found[0]

    def _look(self) -> str:
        job = self.workload.job()
        if job is None or job.uid != self.operation.old_uid:
            raise ForeignChangeError(
                f"somebody else has {'replaced' if job else 'deleted'} {self.workload.job_ref} "
                "while the job was stopped"
            )
        if job.status is JobStatus.FAILED:
            raise FailedMeanwhileError(
                f"the job has failed for good while it was stopped: {job.why}",
                hint="`flinksec recover` goes on from its newest checkpoint",
            )
        try:
            location = self._ask()
        except RestUnreachableError:
            location = ""
        except RestRefusedError as error:
            self._refused(error)
            location = ""
        if not location and job.status is JobStatus.COMPLETE:
            return state_left_by(self.operation.old_job, self.newest())
        return location

    def _ask(self) -> str:
        job_id, trigger = self.operation.old_job, self.operation.trigger
        done = self.flink.operation(job_id, trigger)
        if done.progress is Progress.DONE:
            return done.location
        if done.progress is Progress.IN_PROGRESS:
            return ""
        seen = self.flink.job(job_id)
        if seen is None or seen.state.is_terminal:
            return ""  # the Kubernetes Job tells soon what came of it
        if done.progress is Progress.FAILED:
            left = (
                f"; its savepoint is of no use, as the job has gone on after it: {done.location}"
                if done.location
                else ""
            )
            raise StillRunsError(
                f"the job could not be stopped, and runs on: {done.reason}{left}",
                hint="nothing was changed; run the command again when the reason is gone, or take "
                "its last checkpoint instead: --without-savepoint",
            )
        if seen.state is JobState.RUNNING:
            # It never came, or to a JobManager that is gone: the same trigger id is the same stop.
            self._tries += 1
            if self._tries > _MOST_TRIES:
                raise StillRunsError(
                    f"the job runs on: after {_MOST_TRIES} calls Flink knows nothing of the stop",
                    hint="nothing was changed; look at the JobManager's log",
                )
            self.flink.stop_with_savepoint(
                job_id, trigger, self.operation.directory, self.operation.form
            )
        return ""

    def _refused(self, error: RestRefusedError) -> None:
        self._tries += 1
        if self._tries > _MOST_TRIES:
            raise StillRunsError(
                f"the job could not be stopped, and runs on: {error.message}", hint=error.hint
            ) from error


def state_left_by(job_id: str, found: Sequence[StateFound]) -> str:
    """Return what a job left that ended before it could tell where its savepoint is.

    Raises:
        NothingLeftError: it left nothing that can be read, or another job wrote the newest.
    """
    # A savepoint after the stop, or a checkpoint if somebody cancelled the job.
    if found and found[0].job_id and job_id.startswith(found[0].job_id[:_PREFIX]):
        return found[0].path
    newest = f"; the newest there is {found[0].path}" if found else ""
    raise NothingLeftError(
        f"the job {job_id} has ended, and no savepoint of it can be read{newest}",
        hint="look into the savepoint directory; `flinksec recover --from-savepoint PATH` goes on "
        "from what you name",
    )


def checkpoint_left_by(
    job_id: str,
    maps: HaMaps,
    inside: Inside,
    objects: Sequence[KubeObject],
    *,
    began_from: str,
    checkpoints: str = "",
) -> str:
    """Return the newest checkpoint of a job that was ended without a savepoint; empty for none.

    High availability knows its number; where checkpoints lie is known from Flink, or looked for.

    Args:
        job_id: of the job.
        maps: of high availability.
        inside: looks from within the cluster.
        objects: of the version that ran.
        began_from: what the job began from; empty for nothing.
        checkpoints: directory of its own checkpoints. Default: they are looked for, and read.

    Raises:
        NothingLeftError: there is none that can be read, or only an older one.
    """
    number = maps.last_checkpoint(job_id)
    if number == 0:
        return began_from  # it has completed none of its own
    if number and checkpoints:
        return f"{checkpoints}/chk-{number}"
    found = inside.newest(objects)
    best = found[0] if found else None
    if best is None:
        raise NothingLeftError(
            "no checkpoint or savepoint of the job can be read",
            hint="look at the volume and at the state keys: `flinksec state verify`",
        )
    # What it was given for its start is among its pointers until it has completed its own.
    is_own = bool(best.job_id) and job_id.startswith(best.job_id)
    is_own = is_own or bool(began_from and same_path(best.path, began_from))
    if number and not (is_own and best.number >= number):
        raise NothingLeftError(
            f"the newest checkpoint that can be read is {best.path}, and the job had completed "
            f"number {number} later",
            hint=f"look for chk-{number} on the volume; `flinksec recover --from-savepoint PATH` "
            "goes on from what you name",
        )
    return best.path
