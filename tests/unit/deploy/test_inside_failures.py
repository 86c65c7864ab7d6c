# SPDX-License-Identifier: Apache-2.0
"""A look from within the cluster that cannot look: each way to fail is told by its cause."""

from __future__ import annotations

from typing import Any

import pytest

from flinksec_jobs.deploy.check_job import pod_of_look
from flinksec_jobs.deploy.inside import LookTimes
from flinksec_jobs.deploy.kube_errors import KubeUnreachableError
from flinksec_jobs.errors import DeployError, FlinkSecError
from tests.unit.deploy.looks import Cluster, answer, objects


def waiting(reason: str) -> dict[str, Any]:
    state = {"waiting": {"reason": reason, "message": "not found"}}
    return {"phase": "Pending", "containerStatuses": [{"image": "job:2", "state": state}]}


def ended(**state: Any) -> dict[str, Any]:
    return {"phase": "Failed", "containerStatuses": [{"state": {"terminated": state}}]}


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"])
def test_an_image_that_cannot_be_pulled_is_named(reason: str) -> None:
    cluster = Cluster(status=waiting(reason))
    with pytest.raises(DeployError, match=r"the image job:2 cannot be pulled \(.*not found\)"):
        cluster.inside().check(objects(), state=None)
    assert cluster.there == {}


def test_a_missing_secret_is_told_from_it() -> None:
    cluster = Cluster(status=waiting("CreateContainerConfigError"))
    with pytest.raises(DeployError, match="cannot start") as told:
        cluster.inside().check(objects(), state=None)
    assert "Secret" in str(told.value.hint)


def test_a_pod_that_no_node_takes_is_waited_for_and_then_told() -> None:
    condition = {"type": "PodScheduled", "reason": "Unschedulable", "message": "0/3 nodes"}
    cluster = Cluster(status={"phase": "Pending", "conditions": [condition]})
    with pytest.raises(DeployError, match=r"no node takes the pod .*: 0/3 nodes"):
        cluster.inside().check(objects(), state=None)
    assert cluster.now > 100


def test_a_job_without_a_pod_says_who_may_have_refused_it() -> None:
    with pytest.raises(DeployError, match="makes no pod") as told:
        Cluster(makes_pods=False).inside().check(objects(), state=None)
    assert "admission policy" in str(told.value.hint)


def test_one_that_nobody_ends_is_not_waited_for_longer_than_a_command_may() -> None:
    cluster = Cluster(status={"phase": "Running"})
    with pytest.raises(DeployError, match="did not end in 30 s") as told:
        cluster.inside(LookTimes.within(30)).check(objects(), state=None)
    assert "--timeout" in str(told.value.hint)
    assert 30 < cluster.now < 120


def test_one_that_does_not_end_is_told_by_its_time() -> None:
    failed = {"type": "Failed", "reason": "DeadlineExceeded"}
    cluster = Cluster(status={"phase": "Running"}, conditions=[failed])
    with pytest.raises(DeployError, match="did not end in 900 s"):
        cluster.inside().check(objects(), state=None)


def test_one_that_ran_out_of_memory_says_so() -> None:
    cluster = Cluster(status=ended(reason="OOMKilled", exitCode=137))
    with pytest.raises(DeployError, match="out of memory"):
        cluster.inside().check(objects(), state=None)


def test_one_of_an_older_image_says_what_it_said() -> None:
    cluster = Cluster("error: no such command 'check'", status=ended(exitCode=2))
    with pytest.raises(DeployError, match="ended with 2: no such command 'check'"):
        cluster.inside().check(objects(), state=None)


def test_where_the_api_server_goes_away_that_is_what_is_told() -> None:
    for call in ("delete", "apply", "create", "list"):
        cluster = Cluster(answer())
        cluster.unreachable_at = call
        with pytest.raises(KubeUnreachableError):
            cluster.inside().check(objects(), state=None)


def test_all_its_errors_are_ours() -> None:
    with pytest.raises(FlinkSecError):
        pod_of_look([], "check", [], seconds=1)
