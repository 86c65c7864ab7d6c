# SPDX-License-Identifier: Apache-2.0
"""Whether a job that was started is accepted: it has to prove that it goes on where it should.

It is accepted when it went on from the very path that it was given, has completed a checkpoint of
its own, and all its tasks have run for a while without a restart. Flink's word RUNNING alone says
little: a job is RUNNING before its first record, and between two crashes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flinksec_jobs.deploy.outside import Flink
from flinksec_jobs.deploy.step_errors import ForeignChangeError
from flinksec_jobs.deploy.waiting import Waiting
from flinksec_jobs.deploy.workload import JobSeen, JobStatus, Workload
from flinksec_jobs.runtime.rest import RestRefusedError, RestUnreachableError

MOST_RESTARTS = 3
"""Restarts by which a new job is not accepted; the first may be a TaskManager that was late."""
MOST_FAILURES = 2
"""Pods of the JobManager that ended badly: what was wrong at its start twice stays wrong."""
_STUCK_SECONDS = 90.0
_RESTARTS = "numRestarts"
_ROOT = re.compile(r"^([A-Za-z0-9+.-]+):/+")


@dataclass(frozen=True)
class Start:
    """What was started.

    Attributes:
        job_id: of the job.
        uid: of its Kubernetes Job.
        origin: what it has to go on from; empty if that is left to it.
        steady: how long it must not restart, in seconds.
        again: whether it was watched before: what went wrong until now does not count.
    """

    job_id: str
    uid: str
    origin: str
    steady: float
    again: bool = False


@dataclass(frozen=True)
class Verdict:
    """What came of watching a job.

    Attributes:
        accepted: whether it is.
        why: it is not.
        own: the newest checkpoint of its own that was seen; empty for none.
        running_at: when all its tasks ran first, in epoch seconds; 0 if never.
        has_ended: whether it came to an end, which is no failure.
    """

    accepted: bool
    why: str = ""
    own: str = ""
    running_at: float = 0.0
    has_ended: bool = False


class Acceptance:
    """Watches one start.

    Args:
        flink: Flink's REST interface.
        workload: what is in the cluster.
        waiting: clocks, and how long it may take until it runs and has a checkpoint.
    """

    def __init__(self, flink: Flink, workload: Workload, waiting: Waiting, start: Start) -> None:
        self._flink, self._workload, self._waiting = flink, workload, waiting
        self._start = start
        self._went_on = not start.origin
        self._own = ""
        self._running_at = 0.0
        self._is_running = False
        self._sign: object = None
        # Until the first look, if that is where counting begins.
        self._restarts_before: float | None = None if start.again else 0.0
        self._failures_before: int | None = None if start.again else 0
        self._since = waiting.clock()
        self._stuck: tuple[str, float] = ("", waiting.clock())

    def watch(self) -> Verdict:
        """Watch until it is accepted, or it is clear that it is not.

        Raises:
            ForeignChangeError: somebody else has replaced the Job.
        """
        end = self._waiting.clock() + self._waiting.timeout + self._start.steady
        told = ""
        while True:
            asked = self._waiting.clock()
            job = self._job()
            # While the API server is away the job may be well: that time does not count.
            away = self._waiting.clock() - asked
            end += away
            self._stuck = (self._stuck[0], self._stuck[1] + away)
            why = self._look(job)
            if job.status is JobStatus.COMPLETE:
                # A bounded job may come to its end sooner. One that was to go on from state, and
                # was never seen to, may have ended for another reason.
                return self._verdict(accepted=self._went_on, why="it has ended", has_ended=True)
            if why := why or self._why_not(job):
                return self._verdict(accepted=False, why=why)
            now = self._waiting.clock()
            missing = self._missing()
            if not missing and now - self._since >= self._start.steady:
                return self._verdict(accepted=True)
            if now > end:
                late = f"after {self._waiting.timeout:.0f} s {missing or 'it still restarts'}"
                return self._verdict(accepted=False, why=late)
            if told != (told := missing or f"runs; has to for {self._start.steady:.0f} s"):
                self._waiting.tell(told)
            self._waiting.sleep(self._waiting.often)

    def _job(self) -> JobSeen:
        job = self._workload.job()
        if job is None or job.uid != self._start.uid:
            raise ForeignChangeError(
                f"somebody else has {'replaced' if job else 'deleted'} {self._workload.job_ref} "
                "while it was watched"
            )
        return job

    def _look(self, job: JobSeen) -> str:
        """Look once; return why it cannot be accepted any more, if that is so."""
        self._is_running, restarts = False, -1.0
        try:
            seen = self._flink.job(self._start.job_id)
            if seen is not None:
                restarts = self._flink.job_metrics(self._start.job_id, [_RESTARTS]).get(
                    _RESTARTS, 0.0
                )
                wrong = self._look_at_checkpoints()
                if wrong:
                    return wrong
                self._is_running = seen.is_running
        except (RestUnreachableError, RestRefusedError):
            pass  # it starts, or starts again: a Job that has ended tells
        if self._restarts_before is None and restarts >= 0:
            self._restarts_before = restarts
        if self._is_running and not self._running_at:
            self._running_at = self._waiting.now()
        sign = (restarts, job.failures, self._is_running)
        if sign != self._sign:
            self._sign, self._since = sign, self._waiting.clock()
        often = restarts - (self._restarts_before or 0.0) >= MOST_RESTARTS
        return self._has_restarted_too_often() if often else ""

    def _look_at_checkpoints(self) -> str:
        found = self._flink.checkpoints(self._start.job_id)
        if found.last and self._is_own(found.last.path):
            self._own = found.last.path
        if found.restored is None:
            return ""
        path = found.restored.path
        if self._is_own(path):
            # A JobManager that came later went on from it; under an id that nobody had before, so
            # it goes back to what the first began from.
            self._went_on, self._own = True, self._own or path
        elif not self._start.origin or same_path(path, self._start.origin):
            self._went_on = True
        else:
            return f"it went on from {path} and not from {self._start.origin}"
        return ""

    def _why_not(self, job: JobSeen) -> str:
        if job.status is JobStatus.FAILED:
            return f"it failed for good: {self._workload.last_words() or job.why}"
        if self._failures_before is None:
            self._failures_before = job.failures
        if job.failures - self._failures_before >= MOST_FAILURES:
            said = self._workload.last_words() or "its log has the reason"
            return f"its JobManager ended {job.failures} times: {said}"
        waits = "" if self._is_running else self._workload.waits_for()
        if waits.partition(" ")[0] != self._stuck[0].partition(" ")[0]:
            self._stuck = (waits, self._waiting.clock())
        if waits and self._waiting.clock() - self._stuck[1] > _STUCK_SECONDS:
            return f"a pod does not start: {waits}"
        return ""

    def _missing(self) -> str:
        if not self._is_running:
            return "not all of its tasks run"
        if not self._went_on:
            return f"it has not gone on from {self._start.origin}"
        if not self._own:
            return "it has completed no checkpoint of its own"
        return ""

    def _is_own(self, path: str) -> bool:
        return f"/{self._start.job_id}/" in path

    def _has_restarted_too_often(self) -> str:
        """Return why it failed so often; restarts without a failure only give it other slots."""
        try:
            found = self._flink.exceptions(self._start.job_id, MOST_RESTARTS)
        except (RestUnreachableError, RestRefusedError):
            return ""  # the next look tells
        if len(found) < MOST_RESTARTS:
            return ""
        return f"it failed {len(found)} times: {found[0].cause}"

    def _verdict(self, *, accepted: bool, why: str = "", has_ended: bool = False) -> Verdict:
        return Verdict(accepted, why, self._own, self._running_at, has_ended)


def same_path(one: str, other: str) -> bool:
    """Whether two URIs name the same directory: ``file:/x`` is ``file:///x``."""
    return _normal(one) == _normal(other)


def _normal(path: str) -> str:
    return _ROOT.sub(r"\1:/", path.rstrip("/"))
