# SPDX-License-Identifier: Apache-2.0
"""A running job gets more tasks and fewer, in place, on a real cluster of processes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from flinksec_jobs.deploy.outside import ApiServer, KubeObject, Ref
from flinksec_jobs.deploy.rescale import Rescaled, rescale
from flinksec_jobs.deploy.workload import TASKMANAGERS
from flinksec_jobs.errors import DeployError
from flinksec_jobs.flink_rest.client_files import client_files
from flinksec_jobs.flink_rest.flink_rest import FlinkRest
from flinksec_jobs.runtime.rest import RestUnreachableError
from tests.cluster.processes import HOST, FlinkCluster
from tests.exit_codes import FINISHED
from tests.patience import PATIENCE

COUNT = Path(__file__).parent / "programs" / "count.py"


class StatefulSet:
    """Processes in place of pods: as many TaskManagers as there shall be."""

    namespace = "here"

    def __init__(self, cluster: FlinkCluster) -> None:
        self._cluster = cluster
        self.replicas = 0
        self.patch(TASKMANAGERS, {"spec": {"replicas": 1}})

    def get(self, what: Ref) -> KubeObject:
        assert what == TASKMANAGERS
        return {"spec": {"replicas": self.replicas}}

    def patch(self, what: Ref, changes: Mapping[str, Any]) -> None:
        assert what == TASKMANAGERS
        wanted = changes["spec"]["replicas"]
        for number in range(self.replicas, wanted):
            self._cluster.start_taskmanager(f"taskmanager-{number}")
        for number in range(wanted, self.replicas):
            self._cluster.terminate(f"taskmanager-{number}")
        self.replicas = wanted


def test_a_job_gets_more_tasks_and_fewer_from_a_checkpoint_and_too_many_are_refused(
    small_cluster: FlinkCluster,
) -> None:
    cluster = small_cluster
    path = cluster.settings
    quick = '"jobmanager.adaptive-scheduler.executing.cooldown-after-rescaling" = "1 s"'
    path.write_text(path.read_text().replace("[flink]", f"[flink]\n{quick}"))
    pods = StatefulSet(cluster)
    cluster.start_jobmanager(COUNT, str(10**9))
    cluster.wait_for_checkpoint()
    address = f"https://{HOST}:{cluster.rest_port}"
    rest = FlinkRest(client_files(cluster.tls / "cli"), address)
    (job_id,) = rest.jobs()
    told: list[str] = []

    def to(parallelism: int) -> Rescaled:
        api = cast(ApiServer, pods)
        return rescale(api, rest, job_id, parallelism, timeout=PATIENCE, tell=told.append)

    def tasks() -> list[int]:
        job = rest.job(job_id)
        assert job is not None
        return [vertex.parallelism for vertex in job.vertices]

    more = to(2)
    assert (more.before, more.after, more.taskmanagers) == (1, 2, 2)
    assert tasks() == [1, 2]  # its source reads a collection, by one task
    first = rest.checkpoints(job_id).restored
    assert first is not None
    assert not first.is_savepoint
    assert told[0] == "2 TaskManagers in place of 1"

    again = to(2)
    assert (again.before, again.after, again.seconds) == (2, 2, 0.0)

    fewer = to(1)
    assert (fewer.before, fewer.after, pods.replicas) == (2, 1, 1)
    assert tasks() == [1, 1]
    second = rest.checkpoints(job_id).restored
    assert second is not None
    assert second.id > first.id

    with pytest.raises(DeployError, match=r"more than the state can be spread over: Keyed .*: 128"):
        to(129)
    assert tasks() == [1, 1]
    cluster.wait_for_checkpoint()
    cluster.savepoint("stop", {"drain": False})
    assert cluster.exit_code("jobmanager") == FINISHED
    assert "told to fail" not in cluster.log("jobmanager")
    with pytest.raises(RestUnreachableError, match="does not answer"):
        to(1)
