# SPDX-License-Identifier: Apache-2.0
"""What the steps of an operation are done with, and how each is written down."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from flinksec_jobs.deploy.acceptance import Acceptance, Start, Verdict
from flinksec_jobs.deploy.after import current_after
from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.leg import Leg
from flinksec_jobs.deploy.objects_applied import ObjectsApplied
from flinksec_jobs.deploy.operation import Operation, Outcome, Phase
from flinksec_jobs.deploy.outside import ApiServer, Flink, Inside
from flinksec_jobs.deploy.record import Book, Past, Record
from flinksec_jobs.deploy.revisions import Revisions
from flinksec_jobs.deploy.step_errors import shortened
from flinksec_jobs.deploy.waiting import Waiting
from flinksec_jobs.deploy.workload import Workload


def new_id() -> str:
    """Return an id for a job or a trigger: 32 hexadecimal digits that nobody has had."""
    return secrets.token_hex(16)


@dataclass
class StepTools:
    """What the steps of an operation have in common.

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

    def version(self, number: int) -> Version:
        """Return the objects of a revision."""
        if number not in self._versions:
            self._versions[number] = self.revisions.get(number)[1]
        return self._versions[number]

    def source(self, now: Operation) -> Version:
        """Return the version that an operation leaves; the one it goes to, if there was none."""
        return self.version(now.source if now.source is not None else now.target or 0)

    def target(self, now: Operation) -> Version:
        """Return the version that an operation goes to; the one it leaves, if it only stops."""
        return self.version(now.target if now.target is not None else now.source or 0)

    def leg(self, now: Operation) -> Leg:
        """Return the way from what is applied to the version that an operation goes to."""
        left = self.source(now) if now.applied is None else self.version(now.applied)
        return Leg(self.api, self.objects, self.waiting, left, self.target(now))

    def enter(self, book: Book, phase: Phase, **known: Any) -> Book:
        """Write down that an operation enters a phase, and what is known by then."""
        assert book.pending is not None  # noqa: S101
        if "why" in known:
            known["why"] = shortened(known["why"])
        pending = book.pending.enter(phase, self.waiting.now(), **known)
        return self.record.enter(book, pending)

    def watch(self, book: Book, version: Version, start: Start) -> tuple[Book, Verdict]:
        """Watch a job; when it ran first is kept, and written with what comes next."""
        workload = Workload(self.api, version)
        verdict = Acceptance(self.flink, workload, self.waiting, start).watch()
        if book.pending is None or book.pending.running_at or not verdict.running_at:
            return book, verdict
        ran = replace(book.pending, running_at=verdict.running_at)
        return replace(book, pending=ran), verdict

    def end(
        self, book: Book, outcome: Outcome, why: str = "", *, left_nothing: bool = False
    ) -> Book:
        """Write down what came of an operation, and what is there from now on."""
        now = book.pending
        assert now is not None  # noqa: S101
        past = self._past(now, outcome, why)
        current = current_after(book, now, outcome, left_nothing=left_nothing)
        return self.record.end(book, past, current)

    def _past(self, now: Operation, outcome: Outcome, why: str) -> Past:
        number = now.source if outcome is Outcome.ROLLED_BACK else now.target
        shown = self.version(number) if number is not None else self.source(now)
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
