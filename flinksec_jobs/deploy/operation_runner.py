# SPDX-License-Identifier: Apache-2.0
"""How an operation is begun and gone through, and one that another command left is ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flinksec_jobs.deploy.checks_before import ChecksBefore
from flinksec_jobs.deploy.found import Found
from flinksec_jobs.deploy.ha_maps import HaMaps
from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.operation import Operation, Phase
from flinksec_jobs.deploy.record import Book, Past
from flinksec_jobs.deploy.revisions import Revision
from flinksec_jobs.deploy.steps import Steps
from flinksec_jobs.errors import FlinkSecError


@dataclass(frozen=True)
class Options:
    """How a command is to do it.

    Attributes:
        steady: how long a job must not restart to be accepted, in seconds.
        form: of savepoints, ``CANONICAL`` or ``NATIVE``.
        drop_state: whether state without an operator may be dropped.
        from_savepoint: what to go on from; empty to let the command find it.
        without_savepoint: take the last checkpoint of a job instead of a savepoint.
        wait: whether to wait until the job is accepted.
    """

    steady: float = 60.0
    form: str = "CANONICAL"
    drop_state: bool = False
    from_savepoint: str = ""
    without_savepoint: bool = False
    wait: bool = True


@dataclass(frozen=True)
class Result:
    """What a command came to.

    Attributes:
        past: the operation that it did, or ended; ``None`` if there was nothing to do.
        said: what there is to say, if there was nothing to do.
        pending: what it left for the next command, as it was not to wait.
        is_well: whether what is said is as it should be.
    """

    past: Past | None = None
    said: str = ""
    pending: Operation | None = None
    is_well: bool = True


class OperationRunner:
    """Begins operations of one command, and goes through them.

    Args:
        steps: what they are done with.
        who: the account.
        options: how they are to be done.
    """

    def __init__(self, steps: Steps, who: str, options: Options) -> None:
        self._steps, self._who, self._options = steps, who, options
        self._tell = steps.waiting.tell
        self._checks = ChecksBefore(steps.objects, steps.inside, self._tell)

    def settled(self) -> tuple[Book, Past | None]:
        """End what another command has begun; return the record, and what came of that."""
        book = self._steps.record.read()
        if book.pending is None:
            return book, None
        book = self.proceed(self.take_up(book))
        return book, book.history[0] if book.pending is None else None

    def take_up(self, book: Book) -> Book:
        """Go on in the place of the command that began what is pending.

        Given up is what somebody has made old, who has run the job since.
        """
        assert book.pending is not None  # noqa: S101
        self.found_pending(book.pending)
        book = self._steps.claim(book)
        if why := self._steps.ran_since(book):
            book = self._steps.give_up(book, why)
        return book

    def tell_of(self, past: Past | None) -> None:
        """Say what came of another command's operation; what this one does is its result."""
        if past is not None:
            self._tell(past.line())

    def found_pending(self, pending: Operation) -> None:
        """Say what another command has begun."""
        to = "" if pending.target is None else f" to revision {pending.target}"
        self._tell(
            f"found {pending.command}{to} by {pending.who}, which had come to: {pending.phase}"
        )

    def proceed(self, book: Book, *, wait: bool = True) -> Book:
        """Go on with what is pending, and tidy up when it came out well."""
        old = book.pending.old_job if book.pending else ""
        book = self._steps.proceed(book, until=None if wait else Phase.ACCEPTING)
        if book.pending is None and book.current and book.history[0].is_good:
            self._tidy(book, old)
        return book

    def _tidy(self, book: Book, old_job: str) -> None:
        """Remove what nobody needs any more; what cannot be removed stays until the next time."""
        current = book.current
        assert current is not None  # noqa: S101
        try:
            if old_job != current.job_id:
                maps = HaMaps(self._steps.api, self._steps.version(current.revision))
                maps.forget(old_job)
            needed = {current.revision, current.previous if current.previous is not None else -1}
            self._steps.revisions.forget(needed)
        except FlinkSecError as error:
            self._tell(f"left to be removed: {error.message}")

    def check(self, book: Book, version: Version, state: str) -> None:
        """Refuse a version that could not run, or would lose state; see `ChecksBefore`."""
        current, recorded = book.current, None
        if current is not None:
            recorded = self._steps.revisions.get(current.revision)[0].fingerprints
        self._checks.refuse(version, recorded, state=state, drop_state=self._options.drop_state)

    def keep(self, version: Version) -> Revision:
        """Keep a version as a revision."""
        return self._steps.revisions.keep(version, self._steps.waiting.now(), self._who)

    def begin(
        self,
        command: str,
        book: Book,
        found: Found,
        version: Version | None,
        *,
        without_savepoint: bool = False,
        origin: str = "",
        again: bool = False,
        way_back: bool = True,
    ) -> Result:
        """Begin an operation that ends a job first."""
        job, current = found.job, book.current
        assert job is not None  # noqa: S101
        assert current is not None  # noqa: S101
        target = None if version is None else self.keep(version).number
        operation = replace(
            self._operation(command, current.revision if way_back else None, target),
            applied=current.revision,
            old_job=job.job_id,
            old_uid=job.uid,
            checkpoints=found.checkpoints,
        )
        known: dict[str, Any] = {}
        if without_savepoint or again:
            phase = Phase.SUSPENDING
            known = {"new_job": job.job_id} if again else {"origin": origin} if origin else {}
        else:
            phase = Phase.STOPPING
            directory = self._steps.version(current.revision).savepoints
            known = {"trigger": self._steps.make_id(), "directory": directory}
        return self._run_through(book, operation.enter(phase, self._steps.waiting.now(), **known))

    def watch(self, command: str, book: Book, found: Found) -> Result:
        """Begin an operation that only waits for a job that was not accepted, and go through it."""
        job, current = found.job, book.current
        assert job is not None  # noqa: S101
        assert current is not None  # noqa: S101
        operation = self._operation(command, None, current.revision)
        known = {"new_job": job.job_id, "new_uid": job.uid, "origin": current.origin}
        return self._run_through(
            book, operation.enter(Phase.ACCEPTING, self._steps.waiting.now(), **known)
        )

    def begin_from_rest(
        self, command: str, book: Book, found: Found, version: Version, origin: str
    ) -> Result:
        """Begin an operation where no job runs, and go through it."""
        operation = replace(
            self._operation(command, None, self.keep(version).number),
            applied=book.current.revision if book.current else None,
            old_job=book.current.job_id if book.current else "",
            old_uid=found.job.uid if found.job else "",
        )
        known = {"new_job": self._id_from_rest(book, version, origin), "origin": origin}
        return self._run_through(
            book, operation.enter(Phase.SWAPPING, self._steps.waiting.now(), **known)
        )

    def _id_from_rest(self, book: Book, version: Version, origin: str) -> str:
        """Return the id for a start; its own for a job that has never completed a checkpoint.

        By that id high availability knows that nothing is lost.
        """
        last = book.current.job_id if book.current and not origin else ""
        if last and HaMaps(self._steps.api, version).last_checkpoint(last) == 0:
            return last
        return self._steps.make_id()

    def _operation(self, command: str, source: int | None, target: int | None) -> Operation:
        return Operation(
            id=self._steps.make_id()[:8],
            command=command,
            who=self._who,
            started=self._steps.waiting.now(),
            source=source,
            target=target,
            form=self._options.form,
            drop_state=self._options.drop_state,
            steady=self._options.steady,
        )

    def _run_through(self, book: Book, operation: Operation) -> Result:
        book = self._steps.record.enter(book, operation)
        book = self.proceed(book, wait=self._options.wait)
        if book.pending is not None:
            return Result(pending=book.pending)
        return Result(past=book.history[0])
