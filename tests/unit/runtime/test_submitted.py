# SPDX-License-Identifier: Apache-2.0
"""A job that its own client stops has not come to its own end."""

from types import SimpleNamespace
from typing import Any

import pytest

from flinksec_jobs.runtime import submitted
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
