# SPDX-License-Identifier: Apache-2.0
"""What the commands do: they look at what is there, check, and begin an operation.

Each first ends what another command has begun and not ended.
"""

from __future__ import annotations

from collections.abc import Callable

from flinksec_jobs.deploy.ending import Ending, left_nothing
from flinksec_jobs.deploy.found import Finder, Found
from flinksec_jobs.deploy.ha_maps import HaMaps
from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.operation import Outcome, Phase
from flinksec_jobs.deploy.operation_runner import OperationRunner, Options, Result
from flinksec_jobs.deploy.origins import Origins
from flinksec_jobs.deploy.outside import StateFound
from flinksec_jobs.deploy.record import Book, Past
from flinksec_jobs.deploy.same_version import SameVersion
from flinksec_jobs.deploy.step_errors import RefusedError, in_one_line
from flinksec_jobs.deploy.steps import Steps
from flinksec_jobs.deploy.what_runs import WhatRuns
from flinksec_jobs.deploy.workload import JobStatus, Workload


class Commands:
    """The commands on one deployment.

    Args:
        steps: what they are done with.
        who: the account.
        options: how they are to do it.
    """

    def __init__(self, steps: Steps, who: str, options: Options) -> None:
        self._steps, self._options = steps, options
        self._tell = steps.waiting.tell
        finder = Finder(steps.api, steps.flink, steps.waiting)
        self._runner = OperationRunner(steps, who, options)
        self._running = WhatRuns(steps, self._runner, finder)
        self._ending = Ending(steps)
        self._same = SameVersion(steps, finder)
        self._origins = Origins(steps, options.from_savepoint)

    def deploy(self, version: Version) -> Result:
        """Start a version where no job runs.

        Raises:
            RefusedError: a job runs, or the version cannot run.
        """
        book, past = self._runner.settled()
        if done := self._done(past, version):
            return done
        self._runner.tell_of(past)
        found = self._running.look(book, version)
        if found.status is JobStatus.ACTIVE:
            return self._adopt(book, found, version)
        return self._from_rest("deploy", book, found, version)

    def upgrade(self, version: Version) -> Result:
        """Put a version in the place of the one that runs.

        Raises:
            RefusedError: there is nothing to upgrade, or the version cannot run.
        """
        book, past = self._runner.settled()
        if done := self._done(past, version):
            return done
        self._runner.tell_of(past)
        found = self._running.look(book, version)
        if found.status is not JobStatus.ACTIVE:
            if book.current is None:
                raise RefusedError(
                    "nothing is deployed that could be upgraded", hint="`flinksec deploy` does that"
                )
            return self._from_rest("upgrade", book, found, version)
        book = self._running.known(book, found, version)
        if self._same.runs(book, version):
            return self._runs_already("upgrade", book, found, version)
        return self._replace("upgrade", book, found, version)

    def rollback(self, number: int | None = None, *, to_savepoint_before: bool = False) -> Result:
        """Go back to a version that ran before, or undo what was begun.

        Args:
            number: of its revision. Default: the one that ran before.
            to_savepoint_before: go back to the savepoint with which that one was stopped, so that
                all records since are processed again.

        Raises:
            RefusedError: there is none, or it cannot run.
        """
        book = self._steps.record.read()
        if book.pending:
            pending = book.pending
            is_this = pending.command == "rollback" and number in {None, pending.target}
            if to_savepoint_before and not is_this:
                plainly = (
                    "; without --to-savepoint-of-upgrade it is undone, and nothing is repeated"
                )
                undoes = plainly if pending.can_be_undone else ""
                raise RefusedError(
                    f"`flinksec {pending.command}` has begun and not ended, so that nothing is "
                    "recorded yet that could be processed again",
                    hint="`flinksec resume` ends it, and then this goes back" + undoes,
                )
            book = self._runner.take_up(book)
            if not is_this:
                book = self._steps.undo(book, "undone by `flinksec rollback`")
            book = self._runner.proceed(book)
            past = book.history[0]
            if past.outcome == Outcome.UNDONE and number is None:
                return Result(past=past)
            arrived = book.current is not None and number in {None, book.current.revision}
            if is_this or (pending.source is not None and arrived):
                return Result(past=past)
            self._runner.tell_of(past)
        if number is None and book.current:
            number = book.current.previous
        if number is None or book.current is None:
            raise RefusedError(
                "there is no version to go back to", hint="`flinksec history` shows what there was"
            )
        if number == book.current.revision and book.current.accepted and not book.current.stopped:
            raise RefusedError(f"revision {number} is deployed already", hint="name another one")
        version = self._steps.version(number)
        found = self._running.look(book, version)
        if to_savepoint_before:
            return self._to_savepoint_before(book, found, version, number)
        if found.status is not JobStatus.ACTIVE:
            return self._from_rest("rollback", book, found, version)
        book = self._running.known(book, found, version)
        return self._replace("rollback", book, found, version)

    def restart(self, version: Version | None = None) -> Result:
        """Start the job anew from its last checkpoint, with other settings if there are some.

        Raises:
            RefusedError: it does not run, or it is another image.
        """
        book, past = self._runner.settled()
        self._runner.tell_of(past)
        if book.current is None and version is None:
            raise RefusedError(
                "nothing is recorded of this deployment",
                hint="name its overlay: `flinksec restart OVERLAY`",
            )
        like = version or self._steps.version(book.current.revision if book.current else 0)
        found = self._running.look(book, like)
        if found.status is not JobStatus.ACTIVE:
            raise RefusedError(
                "no job runs that could be restarted",
                hint="`flinksec deploy` starts a stopped one, `flinksec recover` a failed one",
            )
        book = self._running.known(book, found, like)
        running = self._steps.version(book.current.revision if book.current else 0)
        if version is not None and version.image != running.image:
            raise RefusedError(
                f"this is another image: {version.image}, and {running.image} runs",
                hint="`flinksec upgrade` does that",
            )
        return self._replace("restart", book, found, version or running, without_savepoint=True)

    def stop(self) -> Result:
        """Stop the job with a savepoint, from which the next start goes on.

        Raises:
            RefusedError: no job runs.
        """
        book, past = self._runner.settled()
        if past and past.command == "stop" and past.is_good:
            return Result(past=past)
        self._runner.tell_of(past)
        found = self._running.look(book, self._running.recorded(book))
        if found.status is JobStatus.FAILED:
            Workload(self._steps.api, self._running.recorded(book)).scale_workers(0)
            return Result(
                said="no job runs, as it has failed for good; its TaskManagers end, and `flinksec "
                "recover` starts it again"
            )
        if found.status is not JobStatus.ACTIVE:
            return Result(said="no job runs: nothing to do")
        book = self._running.known(book, found, self._running.recorded(book))
        without_savepoint = self._options.without_savepoint
        if not found.is_running and not without_savepoint:
            raise RefusedError(
                f"the job does not run, so it can take no savepoint: {found.why_not}",
                hint="--without-savepoint ends it all the same, and leaves its last checkpoint",
            )
        if without_savepoint:
            self._ending.refuse_if_it_leaves_nothing(book, found)
        return self._runner.begin("stop", book, found, None, without_savepoint=without_savepoint)

    def recover(
        self, version: Version | None, confirm: Callable[[list[StateFound]], bool]
    ) -> Result:
        """Start a job that does not run any more from its newest checkpoint that can be read.

        Args:
            version: in place of the one that was deployed last.
            confirm: is shown what there is, newest first, and decides.

        Raises:
            RefusedError: it runs, there is nothing to go on from, or it was not confirmed.
        """
        book = self._steps.record.read()
        nothing = "nothing was changed"
        if book.pending and (self._options.from_savepoint or book.pending.phase is Phase.STOPPING):
            nothing = f"no job was started; `flinksec {book.pending.command}` was given up"
            self._runner.found_pending(book.pending)
            book = self._steps.give_up(self._steps.claim(book), "given up by `flinksec recover`")
            self._runner.tell_of(book.history[0])
        book, past = self._runner.settled()
        self._runner.tell_of(past)
        like = version or self._running.recorded(book)
        found = self._running.look(book, like)
        if found.is_running:
            raise RefusedError("the job runs", hint="`flinksec upgrade` and `restart` change it")
        if found.job is not None:
            book = self._running.known(book, found, like)
        states = self._origins.states(like)
        if not confirm(states):
            raise RefusedError(f"it was not confirmed: {nothing}", hint="--yes confirms it")
        self._runner.check(book, like, states[0].path)
        named = self._options.from_savepoint
        if found.status is JobStatus.ACTIVE:
            return self._runner.begin(
                "recover", book, found, like, without_savepoint=True, origin=named, way_back=False
            )
        return self._runner.begin_from_rest("recover", book, found, like, states[0].path)

    def finish(self) -> Result:
        """End what another command has begun."""
        book, past = self._runner.settled()
        if past is None:
            return self._watched_again(book)
        return Result(past, pending=book.pending)

    def _watched_again(self, book: Book) -> Result:
        """Wait once more for a job that was not accepted."""
        nothing = "nothing was left unfinished"
        current = book.current
        if current is None or current.accepted:
            return Result(said=nothing)
        if current.left_nothing:
            return Result(said=f"{nothing}; {in_one_line(left_nothing())}", is_well=False)
        found = self._running.look(book, self._running.recorded(book))
        if found.status is JobStatus.ACTIVE:
            book = self._running.known(book, found, self._running.recorded(book))
            if book.current and not book.current.accepted:
                return self._runner.watch("resume", book, found)
            return Result(said=f"{nothing}, and the job runs")
        if found.status is JobStatus.FAILED:
            failed = f"{nothing}; the job has failed for good: `flinksec recover`"
            return Result(said=failed, is_well=False)
        said = f"{nothing}; no job runs: `flinksec deploy OVERLAY` starts one"
        return Result(said=said, is_well=bool(current.stopped))

    def _done(self, past: Past | None, version: Version) -> Result | None:
        """Return what came of the command before, if it was about the same version."""
        over = {Outcome.RUNS_ON, Outcome.ABANDONED, Outcome.UNDONE}
        if past is None or past.target is None or past.outcome in over:
            return None
        if self._steps.version(past.target).hash != version.hash:
            return None
        return Result(past=past)

    def _adopt(self, book: Book, found: Found, version: Version) -> Result:
        known = book.current is not None
        book = self._running.known(book, found, version)
        if self._same.runs(book, version) or not (known or self._running.changed(version)):
            said = "" if known else ", and is recorded now"
            return self._runs_already("deploy", book, found, version, said)
        raise RefusedError("another version runs", hint="`flinksec upgrade` puts this in its place")

    def _runs_already(
        self, command: str, book: Book, found: Found, version: Version, said: str = ""
    ) -> Result:
        """Record that this very version runs; wait for it once more if it is not accepted."""
        book = self._running.recorded_as(book, version)
        if book.current and book.current.accepted:
            return Result(said=f"this version runs already{said or ': nothing to do'}")
        return self._runner.watch(command, book, found)

    def _replace(
        self,
        command: str,
        book: Book,
        found: Found,
        version: Version,
        without_savepoint: bool = False,
    ) -> Result:
        """Put a version in the place of a job that is there."""
        if not found.is_running and self._origins.never_completed(book, found):
            self._tell(f"the job never completed a checkpoint ({found.why_not}): it starts anew")
            self._runner.check(book, version, "")
            return self._runner.begin(command, book, found, version, again=True)
        state = found.last_checkpoint
        without_savepoint = without_savepoint or self._options.without_savepoint
        if not found.is_running:
            self._tell(
                f"the job does not run ({found.why_not}): it goes on from its last checkpoint"
            )
            without_savepoint = True
        if without_savepoint:
            maps = HaMaps(self._steps.api, self._running.recorded(book))
            if maps.is_other:
                raise RefusedError(
                    "the plan of the job is stored where this command cannot drop it, so that it "
                    "would run again",
                    hint='set cluster.high_availability = "kubernetes"',
                )
            state = state or self._origins.states(self._running.recorded(book))[0].path
        self._runner.check(book, version, state)
        return self._runner.begin(
            command, book, found, version, without_savepoint=without_savepoint
        )

    def _to_savepoint_before(
        self, book: Book, found: Found, version: Version, number: int
    ) -> Result:
        current = book.current
        if current is None or not current.before or current.previous != number:
            raise RefusedError(
                f"no savepoint is recorded with which revision {number} was stopped last",
                hint="leave --to-savepoint-of-upgrade out, or name one: `flinksec recover "
                "--from-savepoint PATH`",
            )
        self._tell(f"all records since {current.before} are processed again")
        if found.job is not None:
            book = self._running.known(book, found, version)
        self._runner.check(book, version, current.before)
        if found.status is JobStatus.ACTIVE:
            return self._runner.begin(
                "rollback",
                book,
                found,
                version,
                without_savepoint=True,
                origin=current.before,
                way_back=False,
            )
        return self._runner.begin_from_rest("rollback", book, found, version, current.before)

    def _from_rest(self, command: str, book: Book, found: Found, version: Version) -> Result:
        """Start a version where no job runs."""
        if found.status is JobStatus.FAILED:
            raise RefusedError(
                f"the job has failed for good: {found.why_not}",
                hint="`flinksec recover` goes on from its newest checkpoint, with another version "
                "if you name its overlay",
            )
        origin = self._options.from_savepoint
        if not origin:
            current = book.current
            origin = self._origins.left_by(current, version) if current else version.named_origin
        self._runner.check(book, version, origin)
        return self._runner.begin_from_rest(command, book, found, version, origin)


__all__ = ["Commands", "Options", "Outcome", "Result"]
