# SPDX-License-Identifier: Apache-2.0
"""What the client of a local run knows of its job, and Flink's own does not."""

from types import SimpleNamespace
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError
from pyflink.common import JobStatus

from flinksec_jobs.runtime import jvm, submitted
from flinksec_jobs.runtime.submitted import LocalJobClient, SubmittedJob


def client(*, fails: bool) -> LocalJobClient:
    stop = SimpleNamespace(isCompletedExceptionally=lambda: fails)
    j_client: Any = SimpleNamespace(
        stopWithSavepoint=lambda *_: stop, getJobExecutionResult=lambda: "the future"
    )
    return LocalJobClient(j_client)


@pytest.mark.parametrize(("fails", "stopped"), [(False, True), (True, False)])
def test_a_client_remembers_that_it_has_stopped_its_job(
    monkeypatch: pytest.MonkeyPatch, fails: bool, stopped: bool
) -> None:
    monkeypatch.setattr(submitted, "_form", lambda: "CANONICAL")
    made = client(fails=fails)
    job = SubmittedJob(made)
    assert not job.was_stopped()
    made.stop_with_savepoint(False)
    assert job.was_stopped() is stopped


class Ended:
    """The future of a result of a job that has ended."""

    def __init__(self, cause: str | None) -> None:
        self.cause = cause

    def isDone(self) -> bool:  # noqa: N802
        return True

    def get(self) -> None:
        if self.cause is not None:
            error = Py4JJavaError.__new__(Py4JJavaError)
            kind = SimpleNamespace(getSimpleName=lambda: self.cause)
            cause = SimpleNamespace(getClass=lambda: kind)
            error.java_exception = SimpleNamespace(getCause=lambda: cause)
            raise error


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (None, JobStatus.FINISHED),
        ("JobCancellationException", JobStatus.CANCELED),
        ("JobExecutionException", JobStatus.FAILED),
    ],
)
def test_the_state_of_a_job_is_told_when_its_mini_cluster_is_shut_down(
    monkeypatch: pytest.MonkeyPatch, cause: str | None, status: JobStatus
) -> None:
    names = SimpleNamespace(**{one.name: SimpleNamespace(name=lambda one=one: one.name)
                               for one in JobStatus})  # fmt: skip
    future = SimpleNamespace(completedFuture=lambda value: SimpleNamespace(get=lambda: value))
    common = SimpleNamespace(JobStatus=names)
    view = SimpleNamespace(
        org=SimpleNamespace(
            apache=SimpleNamespace(flink=SimpleNamespace(api=SimpleNamespace(common=common)))
        ),
        java=SimpleNamespace(
            util=SimpleNamespace(concurrent=SimpleNamespace(CompletableFuture=future))
        ),
    )
    monkeypatch.setattr(jvm, "view", lambda: view)
    j_client: Any = SimpleNamespace(getJobExecutionResult=lambda: Ended(cause))
    assert LocalJobClient(j_client).get_job_status().result() is status
