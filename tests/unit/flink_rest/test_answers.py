# SPDX-License-Identifier: Apache-2.0
"""Flink's answers as types: what of them counts for whoever stops or starts a job."""

from typing import Any

import pytest

from flinksec_jobs.flink_rest.answers import (
    Checkpoints,
    Job,
    JobException,
    JobState,
    Operation,
    Progress,
)

STOPPING = (
    "java.util.concurrent.CompletionException: org.apache.flink.runtime.scheduler."
    "stopwithsavepoint.StopWithSavepointStoppingException: A savepoint has been created at: "
    "{path}, but the corresponding job 1 failed during stopping. The savepoint is consistent, but "
    "might have uncommitted transactions.\n\tat x.y(Z.java:1)\nCaused by: a.B: a sink is gone\n"
)


def vertex(status: str) -> dict[str, Any]:
    return {
        "id": "a" * 32,
        "name": "Source: x -> y",
        "parallelism": 2,
        "maxParallelism": 128,
        "status": status,
    }


def job(state: str, *vertices: str) -> Job:
    return Job.of(
        {
            "jid": "1" * 32,
            "name": "orders",
            "state": state,
            "start-time": 5,
            "timestamps": {"RUNNING": 7, "INITIALIZING": 5},
            "vertices": [vertex(status) for status in vertices],
        }
    )


def test_a_job_runs_when_all_of_its_tasks_do() -> None:
    assert job("RUNNING", "RUNNING", "FINISHED").is_running
    assert not job("RUNNING", "RUNNING", "INITIALIZING").is_running
    assert not job("RESTARTING", "RUNNING").is_running
    assert job("RUNNING", "RUNNING").since == 7
    assert job("FAILED").since == 5


def test_three_states_are_an_end_for_good() -> None:
    ends = {state for state in JobState if state.is_terminal}
    assert ends == {JobState.FAILED, JobState.CANCELED, JobState.FINISHED}


@pytest.mark.parametrize("path", ["sealed+file:/mnt/state/sp-1", "file:/a, b/but, the/ü x"])
def test_a_savepoint_of_a_stop_that_failed_is_told_beside_the_failure(path: str) -> None:
    cause = {"class": "java.lang.X", "stack-trace": STOPPING.format(path=path)}
    answer = {"status": {"id": "COMPLETED"}, "operation": {"failure-cause": cause}}
    assert Operation.of(answer) == Operation(Progress.FAILED, path, "a.B: a sink is gone")


def test_completed_is_not_success() -> None:
    operation = {"failure-cause": {"class": "x.Y", "stack-trace": "x.Y: no space\n\tat a"}}
    failed = {"status": {"id": "COMPLETED"}, "operation": operation}
    assert Operation.of(failed) == Operation(Progress.FAILED, reason="x.Y: no space")
    empty: dict[str, Any] = {"status": {"id": "COMPLETED"}, "operation": {}}
    assert Operation.of(empty) == Operation(Progress.FAILED, reason="no reason given")
    done = {"status": {"id": "COMPLETED"}, "operation": {"location": "file:/x"}}
    assert Operation.of(done) == Operation(Progress.DONE, location="file:/x")
    assert Operation.of({"status": {"id": "IN_PROGRESS"}}) == Operation(Progress.IN_PROGRESS)


def test_a_job_without_checkpoints_has_none() -> None:
    latest = dict.fromkeys(("completed", "savepoint", "failed", "restored"))
    counts = {"restored": 0, "total": 0, "in_progress": 0, "completed": 0, "failed": 0}
    assert Checkpoints.of({"counts": counts, "latest": latest}) == Checkpoints(0, 0, 0)


def test_an_exception_is_told_by_its_root_cause() -> None:
    text = "org.apache.flink.X: recovery\n\tat a\nCaused by: b.C: out\n\tat b\nCaused by: d.E: in\n"
    entry = {"timestamp": 3, "exceptionName": "org.apache.flink.X", "stacktrace": text}
    assert JobException.of(entry).cause == "d.E: in"
    assert JobException.of(entry | {"stacktrace": ""}).cause == "org.apache.flink.X"
