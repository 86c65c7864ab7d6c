# SPDX-License-Identifier: Apache-2.0
"""When a job runs, how often, and what is kept for it meanwhile. Flink is replaced by hand."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from flinksec_jobs import SecureJob, load_settings, record
from flinksec_jobs.errors import JobError, ResumeError
from flinksec_jobs.job_run import JobRun
from flinksec_jobs.kafka import source, watermarks
from flinksec_jobs.resume import of_job
from flinksec_jobs.runtime import at_once, graph, jvm, local_jvm
from flinksec_jobs.runtime.graph import Checkpointing
from flinksec_jobs.settings import Settings
from flinksec_jobs.uses import Uses


@record
class Event:
    id: str


class Flink:
    """What of Flink a run touches: one environment, and the jobs that it was given."""

    def __init__(self) -> None:
        self.defined: list[str] = []
        self.ran: list[str] = []
        self.records: list[str] = []
        self.refusal: Exception | None = None
        self.failure: Exception | None = None
        self.may_end = threading.Event()
        self.may_end.set()
        self.is_done = False

    def count(self) -> int:
        return len(self.ran)

    def submit(self, _env: Any) -> Any:
        self.ran += self.defined
        self.defined.clear()
        return SimpleNamespace(client="the client", is_done=lambda: self.is_done)

    def follow(self, _submitted: Any) -> str:
        assert self.may_end.wait(30)
        if self.failure:
            raise self.failure
        return "the result"

    def run_to_end(self, env: Any) -> str:
        return self.follow(self.submit(env))

    @contextmanager
    def started(self, job: of_job.Job) -> Iterator[None]:
        if self.refusal:
            raise self.refusal
        self.records.append("locked")
        try:
            yield
            self.records.append("ended well")
        finally:
            self.records.append("unlocked")


@pytest.fixture
def flink(monkeypatch: pytest.MonkeyPatch) -> Flink:
    made = Flink()
    monkeypatch.delenv("PYFLINK_GATEWAY_PORT", raising=False)
    monkeypatch.setattr(local_jvm, "_holds", [])
    monkeypatch.setattr(jvm, "is_empty", lambda _: not made.defined)
    monkeypatch.setattr(jvm, "count_submissions", lambda _: made)
    monkeypatch.setattr(at_once, "install", lambda: None)
    monkeypatch.setattr(graph, "is_bounded", lambda _: True)
    monkeypatch.setattr(graph, "checkpointing", lambda _: Checkpointing(enabled=False))
    monkeypatch.setattr(of_job, "started", made.started)
    monkeypatch.setattr("flinksec_jobs.left_out._counts", lambda _: {})
    return made


class FakeSession:
    """A session without a JVM."""

    def __init__(self, flink: Flink) -> None:
        self.name = "job"
        self.settings = Settings()
        self.local_run = SimpleNamespace(
            log_file="/log", submit=flink.submit, follow=flink.follow, run_to_end=flink.run_to_end
        )
        self.env: Any = None
        self.begun = 0
        self.refusal: Exception | None = None

    def begin(self) -> Any:
        self.begun += 1
        if self.refusal:
            raise self.refusal
        self.env = SimpleNamespace(from_source=lambda source, *_: source)
        return self.env

    def require(self) -> Any:
        return self.env

    def ready(self, _: Any) -> None:
        pass

    def warn_of_hadoop(self) -> None:
        pass


def run_of(flink: Flink) -> tuple[JobRun, FakeSession]:
    session: Any = FakeSession(flink)
    return JobRun(session, Uses()), session


def job(flink: Flink) -> SecureJob:
    made = SecureJob("job", settings=Settings())
    made._run, _ = run_of(flink)
    return made


def test_a_block_runs_the_job_at_its_end(flink: Flink) -> None:
    with job(flink):
        flink.defined.append("a")
        assert flink.ran == []
        assert [held.job_name for held in local_jvm._holds] == ["job"]
    assert flink.ran == ["a"]
    assert flink.records == ["locked", "ended well", "unlocked"]
    assert local_jvm._holds == []


def test_what_a_block_has_run_is_not_run_again_at_its_end(flink: Flink) -> None:
    with job(flink) as made:
        flink.defined.append("a")
        result: Any = made.execute()
        assert result == "the result"
    assert flink.ran == ["a"]


def test_what_is_defined_after_it_runs_at_the_end_of_the_block(flink: Flink) -> None:
    with job(flink) as made:
        flink.defined.append("a")
        made.execute()
        flink.defined.append("b")
    assert flink.ran == ["a", "b"]


def test_a_block_that_fails_runs_nothing(flink: Flink) -> None:
    with pytest.raises(ZeroDivisionError), job(flink):
        flink.defined.append("a")
        raise ZeroDivisionError
    assert flink.ran == []
    assert local_jvm._holds == []


def test_what_was_refused_is_not_tried_again_at_the_end_of_the_block(flink: Flink) -> None:
    with job(flink) as made:
        flink.defined.append("a")
        flink.refusal = ResumeError("it is not clear")
        with pytest.raises(ResumeError):
            made.execute()
        flink.refusal = None
    assert flink.ran == []


def test_a_job_is_built_and_run_without_a_block(flink: Flink) -> None:
    made = job(flink)
    assert made._run._session.env is None
    assert made.env is made.env
    flink.defined.append("a")
    result: Any = made.execute()
    assert (result, flink.ran) == ("the result", ["a"])
    assert local_jvm._holds == []


def test_what_reads_a_topic_begins_the_session_before_it_makes_a_source(
    flink: Flink, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"bootstrap_servers": ["a:1"], "security_protocol": "SSL"}
    made = SecureJob("job", settings=load_settings(overrides={"kafka": given}, environ={}))
    made._run, session = run_of(flink)
    monkeypatch.setattr(source, "source", lambda *_: ("a source", session.begun))
    monkeypatch.setattr(watermarks, "of_source", lambda *_: "none")
    stream: Any = made.from_kafka("t", Event)
    assert stream == ("a source", 1)


def test_a_job_that_defines_nothing_is_refused_however_it_is_run(flink: Flink) -> None:
    made = job(flink)
    with pytest.raises(JobError, match="the job job defines nothing that could run"):
        made.execute()
    with pytest.raises(JobError, match="the job job defines nothing that could run"):
        made.execute_async()
    with pytest.raises(JobError, match="the job job defines nothing that could run"), job(flink):
        pass


def test_a_session_that_does_not_begin_lets_others_have_the_jvm(flink: Flink) -> None:
    run, session = run_of(flink)
    session.refusal = JobError("there is no JVM")
    with pytest.raises(JobError, match="there is no JVM"):
        _ = run.env
    assert local_jvm._holds == []
    session.refusal = None
    _ = run.env
    assert session.begun == 2


def test_a_job_that_is_given_up_lets_others_have_the_jvm(flink: Flink) -> None:
    run, _ = run_of(flink)
    _ = run.env
    assert [held.job_name for held in local_jvm._holds] == ["job"]
    del run, _
    gc.collect()
    assert local_jvm._holds == []


def test_another_job_does_not_wait_for_one_that_was_given_up(flink: Flink) -> None:
    run, _ = run_of(flink)
    _ = run.env
    assert local_jvm._others("another") == ["job"]
    del run, _
    assert local_jvm._others("another") == []


def test_a_job_goes_on_while_its_program_does_something_else(flink: Flink) -> None:
    made = job(flink)
    flink.defined.append("a")
    flink.may_end.clear()
    _ = made.env
    client: Any = made.execute_async()
    assert client == "the client"
    assert flink.ran == ["a"]
    # Locked, and not ended; no other job takes its JVM, and it does not run twice.
    assert flink.records == ["locked"]
    assert [held.job_name for held in local_jvm._holds] == ["job"]
    flink.defined.append("b")
    with pytest.raises(JobError, match="the job job is running already"):
        made.execute()
    flink.may_end.set()
    background = made._run._background
    assert background
    background.wait()
    assert flink.records == ["locked", "ended well", "unlocked"]
    assert local_jvm._holds == []


def test_a_job_that_runs_keeps_its_jvm_even_from_the_same_job_built_anew(flink: Flink) -> None:
    made = job(flink)
    flink.defined.append("a")
    flink.may_end.clear()
    made.execute_async()
    assert local_jvm._others("job") == ["job"]
    flink.may_end.set()
    assert made._run._background
    made._run._background.wait()
    assert local_jvm._others("job") == []


def test_a_job_whose_jvm_cannot_be_asked_has_ended(flink: Flink) -> None:
    made = job(flink)
    flink.defined.append("a")
    flink.may_end.clear()
    flink.failure = JobError("the JVM has ended")
    made.execute_async()
    background = made._run._background
    assert background

    def unreachable() -> bool:
        flink.may_end.set()
        raise ConnectionError

    background._has_ended = unreachable
    assert background.is_over


def test_a_block_waits_for_its_job_and_tells_how_it_failed(flink: Flink) -> None:
    flink.failure = JobError("the job job failed: ValueError: 5")
    with pytest.raises(JobError, match="ValueError: 5"), job(flink) as made:
        flink.defined.append("a")
        flink.may_end.clear()
        made.execute_async()
        flink.may_end.set()
    assert flink.records == ["locked", "unlocked"]
    assert local_jvm._holds == []


def test_a_failure_that_nobody_waits_for_is_logged(
    flink: Flink, caplog: pytest.LogCaptureFixture
) -> None:
    made = job(flink)
    flink.defined.append("a")
    flink.failure = JobError("the job job failed: ValueError: 5", hint="See the log.")
    made.execute_async()
    assert made._run._background
    made._run._background._thread.join()
    assert caplog.record_tuples == [
        (
            "flinksec_jobs",
            logging.ERROR,
            "the job job failed: ValueError: 5\n  hint: See the log.",
        )
    ]


def test_a_program_that_ends_puts_a_job_on_record_that_has_ended_just_before(
    flink: Flink, caplog: pytest.LogCaptureFixture
) -> None:
    made = job(flink)
    flink.defined.append("a")
    flink.may_end.clear()
    made.execute_async()
    assert made._run._background
    flink.is_done = True
    threading.Timer(0.05, flink.may_end.set).start()  # the thread learns of it a moment later
    made._run._background.end_of_program()
    assert flink.records == ["locked", "ended well", "unlocked"]
    assert caplog.messages == []


def test_a_program_that_ends_before_its_job_says_how_that_goes_on(
    flink: Flink, caplog: pytest.LogCaptureFixture
) -> None:
    made = job(flink)
    flink.defined.append("a")
    flink.may_end.clear()
    made.execute_async()
    assert made._run._background
    made._run._background.end_of_program()
    assert flink.records == ["locked"]
    (warning,) = caplog.messages
    assert "its next run goes on from its last checkpoint" in warning
    flink.may_end.set()


def test_a_job_whose_jvm_was_taken_by_another_is_not_built_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from flinksec_jobs.session import Session

    session = Session("job", Settings())
    gone: Any = SimpleNamespace(is_current=False)
    session.env, session._jvm = gone, gone
    with pytest.raises(JobError, match="the JVM of the job job has ended") as told:
        session.require()
    assert told.value.hint == 'make a new SecureJob("job"), and build it anew'
