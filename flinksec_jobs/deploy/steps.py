# SPDX-License-Identifier: Apache-2.0
"""The steps of an operation, each written down before it is done, and done again after a kill.

A step begins by looking at what is there, so it does not matter how far it came the last time. Of
the outside it changes nothing that the record does not tell of: trigger ids, ids of jobs, and what
a job goes on from are written down before they are used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flinksec_jobs.deploy.acceptance import Start, same_path
from flinksec_jobs.deploy.ha_maps import HaMaps
from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.kube_errors import ConflictError, KubeUnreachableError
from flinksec_jobs.deploy.operation import Operation, Outcome, Phase
from flinksec_jobs.deploy.record import Book
from flinksec_jobs.deploy.step_errors import ForeignChangeError, UnclearError, in_one_line
from flinksec_jobs.deploy.step_tools import StepTools
from flinksec_jobs.deploy.stopping_jobs import (
    FailedMeanwhileError,
    NothingLeftError,
    StillRunsError,
    StopWithSavepoint,
    checkpoint_left_by,
)
from flinksec_jobs.deploy.way_back import WayBack
from flinksec_jobs.deploy.workload import JobStatus, Workload
from flinksec_jobs.errors import DeployError, FlinkSecError

_LINGERS_SECONDS = 60.0


@dataclass
class Steps(StepTools):
    """An operation is begun, gone on with, and turned back."""

    def proceed(self, book: Book, *, until: Phase | None = None) -> Book:
        """Go on with what is pending until it has ended, or is about to enter a phase.

        Raises:
            UnclearError: something took too long; the next command goes on.
            KubeUnreachableError: the API server was away; likewise.
            LeaseHeldError: another command is at work.
        """
        back = WayBack(self)
        doing = {
            Phase.STOPPING: self._stop,
            Phase.SUSPENDING: self._suspend,
            Phase.STOPPED: self._stopped,
            Phase.SWAPPING: self._swap,
            Phase.STARTING: self._start,
            Phase.ACCEPTING: self._accept,
            Phase.REVERTING: back.revert,
            Phase.RESTORING: back.restore,
            Phase.CONFIRMING: back.confirm,
        }
        while book.pending is not None and book.pending.phase is not until:
            self.waiting.tell(_said(book.pending))
            try:
                book = doing[book.pending.phase](book, book.pending)
            except ForeignChangeError as error:
                return self.end(book, Outcome.ABANDONED, in_one_line(error))
        return book

    def undo(self, book: Book, why: str) -> Book:
        """Turn a pending operation back to the version that it left, if it has left it."""
        pending = book.pending
        if pending is not None and pending.phase in {Phase.STOPPING, Phase.SUSPENDING}:
            book = self.proceed(book, until=Phase.STOPPED)  # with what it goes back
            pending = book.pending
        is_forward = {Phase.STOPPED, Phase.SWAPPING, Phase.STARTING, Phase.ACCEPTING}
        if pending is None or pending.phase not in is_forward:
            return book
        is_first = pending.source is None and book.current is None
        if pending.source is None and not is_first:
            return book
        return self.enter(book, Phase.REVERTING, why=why)

    def give_up(self, book: Book, why: str) -> Book:
        """Forget a pending operation; what it came to stays as it is."""
        return self.end(book, Outcome.ABANDONED, why)

    def ran_since(self, book: Book) -> str:
        """Tell whether somebody has run the job after an operation had stopped it.

        What that operation would go on from is old then. Empty if nobody has.
        """
        now = book.pending
        known = {Phase.STOPPED, Phase.SWAPPING, Phase.STARTING, Phase.REVERTING, Phase.RESTORING}
        if now is None or now.phase not in known or not now.origin:
            return ""
        source = self.source(now)
        job = Workload(self.api, source).job()
        if job is not None and job.job_id in {now.new_job, now.back_job}:
            return ""
        found = list(self.inside.newest(source.objects))
        ids = [one for one in (now.old_job, now.new_job, now.back_job) if one]
        numbers = [one.number for one in found if same_path(one.path, now.origin)]
        for one in found[:1]:
            ours = not one.job_id or any(each.startswith(one.job_id[:6]) for each in ids)
            if not ours and numbers and one.number > numbers[0]:
                return f"somebody has run the job since it was stopped: {one.path}"
        return ""

    def claim(self, book: Book) -> Book:
        """Write down that this command goes on: one that hung can write nothing any more."""
        assert book.pending is not None  # noqa: S101
        return self.enter(book, book.pending.phase)

    def _stop(self, book: Book, now: Operation) -> Book:
        source = self.source(now)
        stop = StopWithSavepoint(
            self.flink,
            Workload(self.api, source),
            self.waiting,
            now,
            newest=lambda: self.inside.newest(source.objects),
        )
        try:
            path = stop.savepoint()
        except StillRunsError as error:
            return self.end(book, Outcome.RUNS_ON, in_one_line(error))
        except FailedMeanwhileError as error:
            return self.end(book, Outcome.ABANDONED, in_one_line(error))
        except NothingLeftError as error:
            return self.end(book, Outcome.ABANDONED, in_one_line(error), left_nothing=True)
        self.waiting.tell(f"the job has ended with the savepoint {path}")
        return self.enter(book, Phase.STOPPED, origin=path, stopped_at=self.waiting.now())

    def _suspend(self, book: Book, now: Operation) -> Book:
        source = self.source(now)
        at = now.stopped_at or self.waiting.now()
        self.leg(now).end_job(uids={now.old_uid})
        began_from = book.current.origin if book.current else ""
        path = now.origin
        # Under its own id the job goes on from its own pointers, by high availability.
        if not path and now.new_job != now.old_job:
            maps = HaMaps(self.api, source)
            try:
                path = checkpoint_left_by(
                    now.old_job,
                    maps,
                    self.inside,
                    source.objects,
                    began_from=began_from,
                    checkpoints=now.checkpoints,
                )
            except NothingLeftError as error:
                return self.end(book, Outcome.ABANDONED, in_one_line(error), left_nothing=True)
        return self.enter(book, Phase.STOPPED, origin=path, stopped_at=at)

    def _stopped(self, book: Book, now: Operation) -> Book:
        workload = Workload(self.api, self.source(now))
        if now.target is None:
            self._until_complete(workload, now, self.waiting.timeout)
            workload.scale_workers(0)
            return self.end(book, Outcome.STOPPED)
        self._until_complete(workload, now, _LINGERS_SECONDS)
        if now.origin and now.trigger:
            workload.scale_workers(0)  # whichever version comes next: they end meanwhile
            try:
                self.inside.verify(self.target(now).objects, now.origin)
            except KubeUnreachableError:
                raise
            except FlinkSecError as error:
                why = f"the new version cannot open the savepoint {now.origin}: {error.message}"
                return self.enter(book, Phase.REVERTING, why=why)
        return self.enter(book, Phase.SWAPPING, new_job=now.new_job or self.make_id())

    def _swap(self, book: Book, now: Operation) -> Book:
        def swap() -> None:
            leg = self.leg(now)
            leg.clear(uids={now.old_uid})
            leg.apply(self._started(now), ended={now.old_job} - {now.new_job})

        if why := self._why_not(swap):
            return self._turn(book, now, why)
        return self.enter(book, Phase.STARTING)

    def _start(self, book: Book, now: Operation) -> Book:
        uid = ""

        def start() -> None:
            nonlocal uid
            uid = self.leg(now).start(self._started(now), now.target or 0)

        if why := self._why_not(start):
            return self._turn(book, now, why)
        return self.enter(book, Phase.ACCEPTING, new_uid=uid)

    def _accept(self, book: Book, now: Operation) -> Book:
        start = Start(now.new_job, now.new_uid, now.origin, now.steady, again=now.is_watched_again)
        book, verdict = self.watch(book, self.target(now), start)
        if verdict.accepted:
            return self.end(book, Outcome.ACCEPTED)
        if verdict.has_ended:
            return self.end(book, Outcome.ABANDONED, verdict.why)
        if not now.has_way_back:
            return self.end(book, Outcome.NOT_ACCEPTED, verdict.why)
        self.waiting.tell(f"not accepted: {verdict.why}")
        return self.enter(book, Phase.REVERTING, why=verdict.why, back_origin=verdict.own)

    def _turn(self, book: Book, now: Operation, why: str) -> Book:
        """Go back from what cannot be done, or leave it if there is no way back."""
        if not now.has_way_back:
            return self.end(book, Outcome.NOT_ACCEPTED, why)
        return self.enter(book, Phase.REVERTING, why=why)

    def _started(self, now: Operation) -> Version:
        return self.target(now).started(now.new_job, now.origin, drop_state=now.drop_state)

    def _why_not(self, do: Callable[[], None]) -> str:
        """Do something on the way there; return why it cannot be done."""
        try:
            do()
        except (KubeUnreachableError, UnclearError, ForeignChangeError, ConflictError):
            raise
        except DeployError as error:
            return error.message
        return ""

    def _until_complete(self, workload: Workload, now: Operation, seconds: float) -> None:
        """Wait until the JobManager has ended by itself, and has cleaned up."""
        end = self.waiting.clock() + seconds
        while True:
            job = workload.job()
            if job is None or job.uid != now.old_uid or job.status is not JobStatus.ACTIVE:
                return
            if self.waiting.clock() > end:
                return
            self.waiting.sleep(self.waiting.often)


def _said(now: Operation) -> str:
    number = now.log and now.phase in {Phase.REVERTING, Phase.RESTORING, Phase.CONFIRMING}
    to = now.source if number else now.target
    return f"{now.phase}{'' if to is None else f' (revision {to})'}"
