# SPDX-License-Identifier: Apache-2.0
"""The run of a job: the JVM that is kept for it, what refuses it, and how it ends."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from flinksec_jobs import left_out
from flinksec_jobs.errors import JobError
from flinksec_jobs.findings import announce
from flinksec_jobs.in_background import Background
from flinksec_jobs.resume import of_job
from flinksec_jobs.runtime import build_only, graph, jvm, local_jvm

if TYPE_CHECKING:
    from pyflink.common import JobClient, JobExecutionResult
    from pyflink.datastream import StreamExecutionEnvironment

    from flinksec_jobs.runtime.submitted import SubmittedJob
    from flinksec_jobs.session import Session
    from flinksec_jobs.uses import Uses

_log = logging.getLogger("flinksec_jobs")


class JobRun:
    """A job from the first that is built of it until it has run, once or several times.

    Args:
        session: what it is built in.
        uses: what it has registered.
        complete: registers what is known only when all is built.
        attach: adds to what is built, when it is about to be submitted.
    """

    def __init__(
        self,
        session: Session,
        uses: Uses,
        complete: Callable[[], None] = lambda: None,
        attach: Callable[[StreamExecutionEnvironment], None] = lambda _: None,
    ) -> None:
        self._session = session
        self._uses = uses
        self._complete = complete
        self._attach = attach
        self._submissions: Any = None
        self._background: Background | None = None
        self._held: local_jvm.Hold | None = None
        self._released: weakref.finalize[..., JobRun] | None = None
        self._in_block = False
        self._was_refused = False

    @property
    def env(self) -> StreamExecutionEnvironment:
        """PyFlink's environment; the session begins when it is first asked for.

        Raises:
            JobError: another job of this process has needed a JVM of its own since.
        """
        if self._session.env is not None:
            return self._session.require()
        self._hold()
        try:
            env = self._session.begin()
            for use in self._uses:
                self._session.ready(use)
        except BaseException:
            self._session.env = None
            self._let_go()
            raise
        if not jvm.runs_in_a_cluster():
            self._submissions = jvm.count_submissions(env)
        # What PyFlink's environment runs goes on from its state, and is on record, all the same.
        graph.run_by(env, self._session.name, self.to_end, self.start)
        return env

    def enter_block(self) -> None:
        """Begin the session, in a ``with`` block."""
        _ = self.env
        self._in_block = True

    def leave_block(self, *, fails: bool) -> None:
        """Run what is still to run, unless the block fails, and let other jobs have the JVM."""
        try:
            if not fails:
                self._end_block()
        finally:
            self._in_block = False
            self._let_go()

    def to_end(self) -> JobExecutionResult:
        """Run what is defined to its end, and return Flink's result."""
        with self._attempt() as env, self._accepted(env), self._explained():
            if jvm.runs_in_a_cluster():
                failed = f"the job {self._session.name} failed"
                with build_only.ended_when_taken(), jvm.translated(failed):
                    return type(env).execute(env, self._session.name)
            with left_out.told(self._session.name):
                return self._session.local_run.run_to_end(env)

    def start(self) -> JobClient:
        """Submit what is defined, and return Flink's client when Flink has taken it.

        In a cluster the job is Flink's from then on. In a local run a thread follows it, with the
        lock and the record of its state, until it ends.
        """
        name, run = self._session.name, self._session.local_run
        with self._attempt() as env, ExitStack() as stack:
            stack.enter_context(self._accepted(env))
            if jvm.runs_in_a_cluster():
                with build_only.ended_when_taken(), jvm.translated(f"the job {name} failed"):
                    return type(env).execute_async(env, name)
            stack.enter_context(left_out.told(name))
            submitted = run.submit(env)
            background = self._background = Background(
                name, lambda: self._follow(submitted), submitted.is_done, stack.pop_all()
            )
            if self._held is not None:
                self._held.goes_on = lambda: not background.is_over
            return submitted.client

    def _hold(self) -> None:
        """Keep the JVM from other jobs of this process, until `_let_go` or this object goes."""
        if self._released is None or not self._released.alive:
            self._held = local_jvm.hold(self._session.name)
            self._released = weakref.finalize(self, local_jvm.let_go, self._held)

    def _let_go(self) -> None:
        if self._released is None:
            return
        if self._background is None or self._background.is_over:
            self._released()
        else:
            self._background.then(self._released)

    @contextmanager
    def _attempt(self) -> Iterator[StreamExecutionEnvironment]:
        """Run what is defined, once: a block does not try again at its end what was refused."""
        name = self._session.name
        if self._background is not None and not self._background.is_over:
            raise JobError(
                f"the job {name} is running already",
                hint="wait for it: the client that execute_async returned has its result",
            )
        env = self.env
        if jvm.is_empty(env):
            raise graph.nothing_to_run(name)
        self._hold()
        self._was_refused = True
        try:
            self._complete()
            self._attach(env)
            yield env
            self._was_refused = False
        finally:
            if not self._in_block:
                self._let_go()

    @contextmanager
    def _accepted(self, env: StreamExecutionEnvironment) -> Iterator[None]:
        """Refuse what would deliver nothing, ask the servers, tell Flink where to go on from."""
        session, uses = self._session, self._uses
        bounded = graph.is_bounded(env)
        found = uses.check_delivery(session.name, graph.checkpointing(env), bounded=bounded)
        session.warn_of_hadoop()
        announce(found, _log)
        answers = uses.ask_the_servers()
        announce(answers, _log)
        if build_only.is_wanted():
            build_only.tell_job(session.name, [*found, *answers], bounded=bounded)
        where = "the console" if jvm.runs_in_a_cluster() else session.local_run.log_file
        _log.info("job %s starts; its log is %s", session.name, where)
        job = of_job.Job(session.name, session.settings, env, uses.names, bounded=bounded)
        with of_job.started(job):
            yield

    def _follow(self, submitted: SubmittedJob) -> JobExecutionResult:
        with self._explained():
            return self._session.local_run.follow(submitted)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say in terms of settings what a server has refused the running job for."""
        try:
            yield
        except JobError as error:
            told = self._uses.explained(error)
            if told is error:
                raise
            raise told from error

    def _end_block(self) -> None:
        if self._background is not None:
            self._background.wait()
        if jvm.is_empty(self.env):
            graph.refuse_if_nothing_ran(self._session.name, self._submissions)
        elif not self._was_refused:
            self.to_end()
