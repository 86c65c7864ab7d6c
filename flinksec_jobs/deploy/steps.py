# SPDX-License-Identifier: Apache-2.0
"""The steps of an operation, each written down before it is done, and done again after a kill.

A step begins by looking at what is there, so it does not matter how far it came the last time. Of
the outside it changes nothing that the record does not tell of: trigger ids, ids of jobs, and what
a job goes on from are written down before they are used.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from flinksec_jobs.deploy.acceptance import Acceptance, Start, Verdict, same_path
from flinksec_jobs.deploy.after import current_after
from flinksec_jobs.deploy.ha_maps import HaMaps
from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.kube_errors import ConflictError, KubeUnreachableError
from flinksec_jobs.deploy.leg import Leg
from flinksec_jobs.deploy.objects_applied import ObjectsApplied
from flinksec_jobs.deploy.operation import Operation, Outcome, Phase
from flinksec_jobs.deploy.outside import ApiServer, Flink, Inside
from flinksec_jobs.deploy.record import Book, Past, Record
from flinksec_jobs.deploy.revisions import Revisions
from flinksec_jobs.deploy.step_errors import (
    ForeignChangeError,
    UnclearError,
    in_one_line,
    shortened,
)
from flinksec_jobs.deploy.stopping_jobs import (
    FailedMeanwhileError,
    NothingLeftError,
    StillRunsError,
    StopWithSavepoint,
    checkpoint_left_by,
)
from flinksec_jobs.deploy.waiting import Waiting
from flinksec_jobs.deploy.workload import JobStatus, Workload
from flinksec_jobs.errors import DeployError, FlinkSecError, SealedStateError

_LINGERS_SECONDS = 60.0


def new_id() -> str:
    """Return an id for a job or a trigger: 32 hexadecimal digits that nobody has had."""
    return secrets.token_hex(16)


@dataclass
class Steps:
    """What an operation is done with.

    Attributes:
        api: the API server, behind the lease.
        flink: Flink's REST interface.
        inside: looks from within the cluster.
        record: what is written down.
        waiting: clocks, and how long to wait.
        objects: what is applied beside the job.
        revisions: the versions that were kept.
        make_id: makes ids.
    """

    api: ApiServer
    flink: Flink
    inside: Inside
    record: Record
    waiting: Waiting
    objects: ObjectsApplied
    revisions: Revisions
    make_id: Callable[[], str] = new_id
    _versions: dict[int, Version] = field(default_factory=dict)

    def proceed(self, book: Book, *, until: Phase | None = None) -> Book:
        """Go on with what is pending until it has ended, or is about to enter a phase.

        Raises:
            UnclearError: something took too long; the next command goes on.
            KubeUnreachableError: the API server was away; likewise.
            LeaseHeldError: another command is at work.
        """
        doing = {
            Phase.STOPPING: self._stop,
            Phase.SUSPENDING: self._suspend,
            Phase.STOPPED: self._stopped,
            Phase.SWAPPING: self._swap,
            Phase.STARTING: self._start,
            Phase.ACCEPTING: self._accept,
            Phase.REVERTING: self._revert,
            Phase.RESTORING: self._restore,
            Phase.CONFIRMING: self._confirm,
        }
        while book.pending is not None and book.pending.phase is not until:
            self.waiting.tell(_said(book.pending))
            try:
                book = doing[book.pending.phase](book, book.pending)
            except ForeignChangeError as error:
                return self._end(book, Outcome.ABANDONED, in_one_line(error))
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
        return self._enter(book, Phase.REVERTING, why=why)

    def give_up(self, book: Book, why: str) -> Book:
        """Forget a pending operation; what it came to stays as it is."""
        return self._end(book, Outcome.ABANDONED, why)

    def ran_since(self, book: Book) -> str:
        """Tell whether somebody has run the job after an operation had stopped it.

        What that operation would go on from is old then. Empty if nobody has.
        """
        now = book.pending
        known = {Phase.STOPPED, Phase.SWAPPING, Phase.STARTING, Phase.REVERTING, Phase.RESTORING}
        if now is None or now.phase not in known or not now.origin:
            return ""
        source = self._source(now)
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
        return self._enter(book, book.pending.phase)

    def version(self, number: int) -> Version:
        """Return the objects of a revision."""
        if number not in self._versions:
            self._versions[number] = self.revisions.get(number)[1]
        return self._versions[number]

    # The way there.

    def _stop(self, book: Book, now: Operation) -> Book:
        source = self._source(now)
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
            return self._end(book, Outcome.RUNS_ON, in_one_line(error))
        except FailedMeanwhileError as error:
            return self._end(book, Outcome.ABANDONED, in_one_line(error))
        except NothingLeftError as error:
            return self._end(book, Outcome.ABANDONED, in_one_line(error), left_nothing=True)
        self.waiting.tell(f"the job has ended with the savepoint {path}")
        return self._enter(book, Phase.STOPPED, origin=path, stopped_at=self.waiting.now())

    def _suspend(self, book: Book, now: Operation) -> Book:
        source = self._source(now)
        at = now.stopped_at or self.waiting.now()
        self._leg(now).end_job(uids={now.old_uid})
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
                return self._end(book, Outcome.ABANDONED, in_one_line(error), left_nothing=True)
        return self._enter(book, Phase.STOPPED, origin=path, stopped_at=at)

    def _stopped(self, book: Book, now: Operation) -> Book:
        workload = Workload(self.api, self._source(now))
        if now.target is None:
            self._until_complete(workload, now, self.waiting.timeout)
            workload.scale_workers(0)
            return self._end(book, Outcome.STOPPED)
        self._until_complete(workload, now, _LINGERS_SECONDS)
        if now.origin and now.trigger:
            workload.scale_workers(0)  # whichever version comes next: they end meanwhile
            try:
                self.inside.verify(self._target(now).objects, now.origin)
            except KubeUnreachableError:
                raise
            except FlinkSecError as error:
                why = f"the new version cannot open the savepoint {now.origin}: {error.message}"
                return self._enter(book, Phase.REVERTING, why=why)
        return self._enter(book, Phase.SWAPPING, new_job=now.new_job or self.make_id())

    def _swap(self, book: Book, now: Operation) -> Book:
        def swap() -> None:
            leg = self._leg(now)
            leg.clear(uids={now.old_uid})
            leg.apply(self._started(now), ended={now.old_job} - {now.new_job})

        if why := self._why_not(swap):
            return self._turn(book, now, why)
        return self._enter(book, Phase.STARTING)

    def _start(self, book: Book, now: Operation) -> Book:
        uid = ""

        def start() -> None:
            nonlocal uid
            uid = self._leg(now).start(self._started(now), now.target or 0)

        if why := self._why_not(start):
            return self._turn(book, now, why)
        return self._enter(book, Phase.ACCEPTING, new_uid=uid)

    def _accept(self, book: Book, now: Operation) -> Book:
        workload = Workload(self.api, self._target(now))
        start = Start(now.new_job, now.new_uid, now.origin, now.steady, again=now.is_watched_again)
        verdict = self._watch(workload, start)
        book = self._ran(book, verdict)
        if verdict.accepted:
            return self._end(book, Outcome.ACCEPTED)
        if verdict.has_ended:
            return self._end(book, Outcome.ABANDONED, verdict.why)
        if now.source is None or now.source == now.target or not now.origin:
            return self._end(book, Outcome.NOT_ACCEPTED, verdict.why)
        self.waiting.tell(f"not accepted: {verdict.why}")
        return self._enter(book, Phase.REVERTING, why=verdict.why, back_origin=verdict.own)

    # The way back.

    def _revert(self, book: Book, now: Operation) -> Book:
        leg = self._leg(now)
        leg.end_job(uids={now.old_uid, now.new_uid} - {""}, job_ids={now.new_job} - {""})
        if now.source is None:  # there was nothing before
            leg.clear(uids=())
            own = self._own_checkpoint(now)
            never = (
                not own and HaMaps(self.api, self._target(now)).last_checkpoint(now.new_job) is None
            )
            book = replace(book, pending=replace(now, back_origin=own))
            return self._end(book, Outcome.UNDONE, now.why, left_nothing=never)
        origin, repeats = self._goes_back_to(now)
        return self._enter(
            book,
            Phase.RESTORING,
            back_origin=origin,
            # By its own id alone it goes on without any state.
            back_job=now.old_job if now.old_job == now.new_job and not origin else self.make_id(),
            repeats=repeats,
            running_at=0.0,
        )

    def _goes_back_to(self, now: Operation) -> tuple[str, bool]:
        """Return what the old version goes on from, and whether that repeats what was committed."""
        own = self._own_checkpoint(now)
        if not own:
            return now.origin, False
        objects = self._source(now).objects
        try:
            found = self.inside.check(objects, state=own)
            if not found.problems and not found.dropped:
                return own, False
            # A server that is away keeps no version from going on from there, now or later.
            if not found.unreadable and not found.dropped:
                self.inside.verify(objects, own)
                return own, False
        except KubeUnreachableError:
            raise
        except SealedStateError as error:
            self.waiting.tell(f"the old version cannot read {own}: {error.message}")
        except FlinkSecError as error:
            # Flink refuses by itself what does not fit; nothing is written twice by trying.
            self.waiting.tell(f"the old version could not be asked about {own}: {error.message}")
            return own, False
        self.waiting.tell(
            f"the old version cannot go on from {own}: what the new one has written since the "
            "savepoint is written again"
        )
        return now.origin, True

    def _own_checkpoint(self, now: Operation) -> str:
        """Return the newest checkpoint that the new version completed; empty for none."""
        was_started = any(entry.phase is Phase.STARTING for entry in now.log)
        if not was_started:
            return ""
        number = HaMaps(self.api, self._target(now)).last_checkpoint(now.new_job)
        if number == 0:
            return ""
        if number and now.back_origin:
            return f"{now.back_origin.rpartition('/')[0]}/chk-{number}"
        # It failed for good, and its pointers are gone; or Flink could never be asked.
        try:
            found = self.inside.newest(self._source(now).objects)
        except SealedStateError:
            if now.running_at:
                raise
            return ""  # it never ran
        for one in found:
            if not one.is_savepoint and one.job_id == now.new_job:
                return one.path
        return ""

    def _restore(self, book: Book, now: Operation) -> Book:
        there = self._leg(now)
        back = replace(there, leaving=there.coming, coming=there.leaving)
        known = {now.new_job, now.back_job} - {""}
        workload = Workload(self.api, back.coming)
        job = workload.job()
        started = back.coming.started(now.back_job, now.back_origin)
        if job is None or job.job_id != now.back_job:
            back.clear(uids={now.old_uid, now.new_uid} - {""}, job_ids=known)
            back.apply(started, ended={now.old_job, now.new_job} - {"", now.back_job})
        uid = back.start(started, now.source or 0)
        return self._enter(book, Phase.CONFIRMING, new_uid=uid)

    def _confirm(self, book: Book, now: Operation) -> Book:
        workload = Workload(self.api, self._source(now))
        again = now.is_watched_again
        start = Start(now.back_job, now.new_uid, now.back_origin, now.steady, again=again)
        verdict = self._watch(workload, start)
        book = self._ran(book, verdict)
        if verdict.accepted:
            return self._end(book, Outcome.ROLLED_BACK, now.why)
        outcome = Outcome.ABANDONED if verdict.has_ended else Outcome.NOT_ACCEPTED
        return self._end(book, outcome, f"{now.why}; and the old version: {verdict.why}")

    # What they have in common.

    def _source(self, now: Operation) -> Version:
        return self.version(now.source if now.source is not None else now.target or 0)

    def _target(self, now: Operation) -> Version:
        return self.version(now.target if now.target is not None else now.source or 0)

    def _started(self, now: Operation) -> Version:
        return self._target(now).started(now.new_job, now.origin, drop_state=now.drop_state)

    def _leg(self, now: Operation) -> Leg:
        left = self._source(now) if now.applied is None else self.version(now.applied)
        return Leg(self.api, self.objects, self.waiting, left, self._target(now))

    def _enter(self, book: Book, phase: Phase, **known: Any) -> Book:
        assert book.pending is not None  # noqa: S101
        if "why" in known:
            known["why"] = shortened(known["why"])
        pending = book.pending.enter(phase, self.waiting.now(), **known)
        return self.record.enter(book, pending)

    def _ran(self, book: Book, verdict: Verdict) -> Book:
        """Keep when the job ran first; it is written with what comes next."""
        if book.pending is None or book.pending.running_at or not verdict.running_at:
            return book
        return replace(book, pending=replace(book.pending, running_at=verdict.running_at))

    def _watch(self, workload: Workload, start: Start) -> Verdict:
        return Acceptance(self.flink, workload, self.waiting, start).watch()

    def _turn(self, book: Book, now: Operation, why: str) -> Book:
        """Go back from what cannot be done, or leave it if there is no way back."""
        if now.source is None or now.source == now.target or not now.origin:
            return self._end(book, Outcome.NOT_ACCEPTED, why)
        return self._enter(book, Phase.REVERTING, why=why)

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

    def _end(
        self, book: Book, outcome: Outcome, why: str = "", *, left_nothing: bool = False
    ) -> Book:
        now = book.pending
        assert now is not None  # noqa: S101
        past = self._past(now, outcome, why)
        current = current_after(book, now, outcome, left_nothing=left_nothing)
        return self.record.end(book, past, current)

    def _past(self, now: Operation, outcome: Outcome, why: str) -> Past:
        number = now.source if outcome is Outcome.ROLLED_BACK else now.target
        shown = self.version(number) if number is not None else self._source(now)
        is_back = bool(now.back_job)
        still = None
        if now.stopped_at and now.running_at:
            still = round(now.running_at - now.stopped_at, 1)
        return Past(
            id=now.id,
            command=now.command,
            who=now.who,
            started=now.started,
            ended=self.waiting.now(),
            outcome=str(outcome),
            why=shortened(why),  # a log's last words may be several lines
            source=now.source,
            target=now.target,
            image=shown.image,
            settings=shown.settings_hash,
            job_id=now.back_job if is_back else now.new_job or now.old_job,
            origin=now.back_origin if is_back else now.origin,
            stood_still=still,
            repeats=now.repeats,
            phases=[[str(entry.phase), entry.at] for entry in now.log],
        )


def _said(now: Operation) -> str:
    number = now.log and now.phase in {Phase.REVERTING, Phase.RESTORING, Phase.CONFIRMING}
    to = now.source if number else now.target
    return f"{now.phase}{'' if to is None else f' (revision {to})'}"
