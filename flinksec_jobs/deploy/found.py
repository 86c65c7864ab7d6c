# SPDX-License-Identifier: Apache-2.0
"""What of the job is found when a command begins."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.live import differences, live_version
from flinksec_jobs.deploy.outside import ApiServer, Flink
from flinksec_jobs.deploy.waiting import Waiting
from flinksec_jobs.deploy.workload import JobSeen, JobStatus, Workload
from flinksec_jobs.runtime.rest import RestRefusedError, RestUnreachableError

# A job that restarts just now is no reason to give up, and one that runs just now may be between
# two crashes.
_PATIENCE_SECONDS = 30.0
_STEADY_SECONDS = 2.0
_RESTARTS = "numRestarts"


@dataclass(frozen=True)
class Found:
    """What of the job is there.

    Attributes:
        job: the Job of the JobManager; ``None`` if there is none.
        status: of it; ``None`` if there is none.
        is_running: whether all tasks of Flink's job run.
        restarts: how often it has restarted.
        why_not: they do not.
        last_checkpoint: its last completed checkpoint; empty if it has none that Flink tells of.
        checkpoints: directory of its own checkpoints, if Flink tells.
        began_from: what the Job's arguments say that it began from.
    """

    job: JobSeen | None = None
    status: JobStatus | None = None
    is_running: bool = False
    restarts: float = 0.0
    why_not: str = ""
    last_checkpoint: str = ""
    checkpoints: str = ""
    began_from: str = ""


class Finder:
    """Looks at the job.

    Args:
        api: the API server.
        flink: Flink's REST interface.
        waiting: clocks.
    """

    def __init__(self, api: ApiServer, flink: Flink, waiting: Waiting) -> None:
        self._api, self._flink, self._waiting = api, flink, waiting

    def look(self, like: Version) -> Found:
        """Look for the job of a version's names; for a while, if it should run and does not."""
        workload = Workload(self._api, like)
        end = self._waiting.clock() + min(_PATIENCE_SECONDS, self._waiting.timeout)
        sign, since = -1.0, self._waiting.clock()
        while True:
            job = workload.job()
            if job is None:
                return Found()
            if job.status is not JobStatus.ACTIVE:
                return Found(job, job.status, why_not=job.why or workload.last_words())
            found, now = self._ask(job), self._waiting.clock()
            if not found.is_running or found.restarts != sign:
                sign, since = found.restarts if found.is_running else -1.0, now
            if found.is_running and now - since >= _STEADY_SECONDS:
                return found
            if now > end:
                why = found.why_not or "it restarts again and again"
                return replace(found, is_running=False, why_not=why)
            self._waiting.sleep(self._waiting.often)

    def changed(self, recorded: Version) -> list[str]:
        """Return what in the cluster is not as it was recorded."""
        return differences(self._api, recorded)

    def live(self, like: Version) -> Version:
        """Return the version that is in the cluster."""
        return live_version(self._api, like)

    def _ask(self, job: JobSeen) -> Found:
        began_from = Version([job.content]).named_origin
        try:
            seen = self._flink.job(job.job_id)
            if seen is None:
                why = "its JobManager does not know it"
                return Found(job, job.status, why_not=why, began_from=began_from)
            checkpoints = self._flink.checkpoints(job.job_id)
            metrics = self._flink.job_metrics(job.job_id, [_RESTARTS])
        except (RestUnreachableError, RestRefusedError) as error:
            return Found(job, job.status, why_not=error.message, began_from=began_from)
        last = checkpoints.last.path if checkpoints.last else ""
        restored = checkpoints.restored.path if checkpoints.restored else ""
        own = next((one for one in (last, restored) if f"/{job.job_id}/chk-" in one), "")
        return Found(
            job,
            job.status,
            is_running=seen.is_running,
            restarts=metrics.get(_RESTARTS, 0.0),
            why_not="" if seen.is_running else f"it is {seen.state}",
            last_checkpoint=last or restored,
            checkpoints=own.rpartition("/")[0],
            began_from=began_from,
        )
