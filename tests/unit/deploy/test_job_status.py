# SPDX-License-Identifier: Apache-2.0
"""The state of a job in a cluster: what is wrong is told, and what is not known is no figure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flinksec_jobs.cli import status_screen
from flinksec_jobs.deploy import job_health
from flinksec_jobs.deploy.job_look import JobLook, look
from flinksec_jobs.deploy.status import Status
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.flink_rest.answers import (
    Failed,
    JobException,
    JobState,
)
from flinksec_jobs.runtime.rest import RestRefusedError, RestUnreachableError
from tests.unit.deploy.fakes import version
from tests.unit.deploy.looked_at import GOOD, JOB_ID, START, Api, Flink, job, pod, seen


def ids(found: Status) -> list[str]:
    """Flink's part again at the time of these tests, and Kubernetes' as it is."""
    told = [] if found.look is None else job_health.of_job(found.look, 2, found.at)
    of_kubernetes = {"job-has-failed", "job-has-ended", "pod-does-not-start"}
    of_kubernetes |= {"job-does-not-answer", "job-not-known"}
    kept = [one for one in found.findings if one.id in of_kubernetes]
    return [one.id for one in sorted([*told, *kept])]


def test_a_job_that_is_well_has_its_figures_and_no_findings() -> None:
    found = seen()
    assert ids(found) == []
    text = "\n".join(status_screen.lines(found))
    assert text == (
        "flights in flights: RUNNING since 1 min (2001-09-09 01:46:40 UTC)\n"
        f"  job id        {JOB_ID}\n"
        "  restarts      0 since this JobManager has it\n"
        "  checkpoint    9 s ago, 1 MiB in 0.2 s, one every 10 s; 7 completed, 0 failed\n"
        "  went on from  sealed+file:/s/sp\n"
        "  lag           12 records not read yet, watermark 1 s behind the clock\n"
        "  back-pressure 2% at most, of Sink\n"
        "  busiest       43%, Sink\n"
        "  TaskManagers  2 of 2 ready, 2 registered\n"
        "  image         registry.example.com/flights@sha256:12\n"
        f"  settings      {version().settings_hash[:12]} of revision 1\n"
        "  state key     2026-11\n"
        "  certificates  30 d left of cluster.tls.rest (trusted), more of 1 others\n"
        "  login         kerberos: ticket 50 min left, key version 3 in the keytab"
    )
    told = status_screen.as_dict(found)
    assert (told["state"], told["lag"], told["watermark_lag"]) == ("RUNNING", 12, 1500)


def test_a_figure_that_flink_does_not_have_is_none_and_not_zero() -> None:
    found = seen(flink=Flink(metrics={"a": {}, "b": {"numRecordsIn": 1.0}}))
    told = status_screen.as_dict(found)
    assert (told["lag"], told["watermark_lag"]) == (None, None)
    assert {one["busy"] for one in told["vertices"]} == {None}
    assert "lag" not in "\n".join(status_screen.lines(found))


FAILURE = JobException(START, "x.Y", "x.Y: a\nCaused by: b.C: the disk is full\n", "Sink")


@pytest.mark.parametrize(
    ("flink", "expected"),
    [
        (Flink(checkpoints_=replace(GOOD, last=None, completed=0)), []),  # it has just begun
        (Flink(registered=1), ["taskmanagers-missing"]),
        (Flink(restarts=3, failures=[FAILURE]), ["job-was-restarted"]),
        (
            Flink(checkpoints_=replace(GOOD, last_failed=Failed(START + 55_000, "expired"))),
            ["checkpoint-has-failed"],
        ),
        (Flink(checkpoints_=replace(GOOD, last_failed=Failed(START + 5, "expired"))), []),
        (
            Flink(metrics={"a": {"backPressuredTimeMsPerSecond": 700.0}, "b": {}}),
            ["job-back-pressured"],
        ),
        (Flink(job_=None), ["job-not-known"]),
    ],
    ids=str,
)
def test_what_flink_tells_that_is_wrong_is_a_finding(flink: Flink, expected: list[str]) -> None:
    assert ids(seen(flink=flink)) == expected


@pytest.mark.parametrize("state", [JobState.RESTARTING, JobState.FAILING, JobState.CREATED])
def test_a_job_that_does_not_run_is_a_problem_with_its_cause(state: JobState) -> None:
    one = Flink().job_
    assert one is not None
    found = seen(flink=Flink(job_=replace(one, state=state, is_running=False), failures=[FAILURE]))
    assert "job-not-running" in ids(found)
    assert not found.is_well
    (told,) = [one for one in found.findings if one.id == "job-not-running"]
    assert "b.C: the disk is full" in told.why


def test_a_checkpoint_that_is_overdue_is_a_problem_and_says_flinks_reason() -> None:
    overdue = Flink(checkpoints_=replace(GOOD, last_failed=Failed(START + 55_000, "volume full")))
    found = replace(seen(flink=overdue), at=START + 50_200 + 3 * 10_000 + 60_001)
    assert ids(found) == ["checkpoint-overdue"]
    assert ids(replace(found, at=found.at - 2)) == ["checkpoint-has-failed"]


def test_a_checkpoint_is_due_from_the_start_of_the_jobmanager_on() -> None:
    never = Flink(checkpoints_=replace(GOOD, last=None, completed=0))
    assert ids(replace(seen(flink=never), at=START + 90_001)) == ["checkpoint-overdue"]


@pytest.mark.parametrize(
    "refusal",
    [RestUnreachableError("nobody answers"), RestRefusedError("Flink refuses", 500)],
    ids=["silent", "refusing"],
)
def test_flink_that_does_not_answer_is_a_problem_and_kubernetes_is_told_all_the_same(
    refusal: FlinkSecError,
) -> None:
    found = seen(flink=refusal)
    assert ids(found) == ["job-does-not-answer"]
    assert not found.is_well
    assert status_screen.as_dict(found)["state"] is None
    assert "its JobManager is Running" in next(status_screen.lines(found))


def test_a_job_that_has_ended_is_not_asked() -> None:
    ended = Api(job({"type": "Complete", "status": "True"}))
    found = seen(ended, AssertionError("asked"))
    assert ids(found) == ["job-has-ended"]
    assert not found.is_well


def test_a_job_that_has_failed_for_good_is_told_with_the_way_to_recover_it() -> None:
    failed = Api(
        job({"type": "Failed", "status": "True", "reason": "PodFailurePolicy"}),
        pods=[pod("flink-jobmanager-x", "jobmanager", terminated={"exitCode": 163})],
    )
    found = seen(failed, AssertionError("asked"))
    assert ids(found) == ["job-has-failed"]
    assert "Failed: PodFailurePolicy, exit code 163" in found.findings[0].why
    assert "flinksec recover" in found.findings[0].fix


def test_a_pod_that_cannot_get_its_image_is_told_with_kubernetes_reason() -> None:
    waiting = {"reason": "ImagePullBackOff", "message": "no such image"}
    api = Api(pods=[pod("flink-jobmanager-x", "jobmanager", waiting=waiting)])
    found = seen(api, RestUnreachableError("nobody"))
    assert ids(found) == ["job-does-not-answer", "pod-does-not-start"]
    assert "ImagePullBackOff: no such image" in found.findings[1].why


def test_a_pod_that_begins_is_no_problem_and_one_without_a_node_or_an_init_container_is() -> None:
    begins = pod("flink-jobmanager-x", "jobmanager", waiting={"reason": "ContainerCreating"})
    assert ids(seen(Api(pods=[begins]))) == []
    waits = pod("flink-jobmanager-x", "jobmanager")
    stuck = {"reason": "CreateContainerConfigError", "message": "no such Secret"}
    waits["status"]["initContainerStatuses"] = [{"state": {"waiting": stuck}}]
    nowhere = pod("flink-taskmanager-0", "taskmanager")
    full = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "full"}
    nowhere["status"]["conditions"] = [full]
    found = [one.why for one in seen(Api(pods=[waits, nowhere])).findings]
    assert "it waits: CreateContainerConfigError: no such Secret" in found
    assert "it waits: Unschedulable: full" in found


def test_a_namespace_without_a_job_says_so() -> None:
    with pytest.raises(FlinkSecError, match="no Job/flink-jobmanager in the namespace flights"):
        seen(Api(None))


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        *((0, "0 s"), (200, "0.2 s"), (1000, "1 s"), (61_000, "1 min 1 s"), (-5, "0 s")),
        *((7_380_000, "2 h 3 min"), (86_400_000, "1 d"), (90_061_000, "1 d 1 h")),
        *((3_600_500, "1 h"), (3_660_000, "1 h 1 min")),
    ],
)
def test_a_span_is_told_by_its_two_largest_units(milliseconds: int, text: str) -> None:
    assert status_screen.span(milliseconds) == text


def test_a_look_asks_for_nothing_of_a_job_that_is_not_known() -> None:
    assert look(Flink(job_=None), JOB_ID) is None
    assert isinstance(look(Flink(), JOB_ID), JobLook)
