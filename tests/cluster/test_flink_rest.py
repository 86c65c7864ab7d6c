# SPDX-License-Identifier: Apache-2.0
"""The typed client on a real JobManager: a stop that is asked for twice is one stop."""

import secrets
from pathlib import Path

import pytest

from flinksec_jobs.deploy.own_figures import OwnFigures, own_figures
from flinksec_jobs.flink_rest.answers import JobState, Operation, Progress
from flinksec_jobs.flink_rest.client_files import client_files
from flinksec_jobs.flink_rest.flink_rest import FlinkRest
from flinksec_jobs.runtime.rest import RestRefusedError, RestUnreachableError
from flinksec_jobs.sealed import KeyRing
from tests.cluster.processes import HOST, FlinkCluster
from tests.exit_codes import FINISHED

COUNT = Path(__file__).parent / "programs" / "count.py"


def test_what_flink_tells_is_understood_and_a_stop_asked_for_again_is_the_same(
    small_cluster: FlinkCluster,
) -> None:
    cluster = small_cluster
    cluster.start_taskmanager("taskmanager")
    cluster.start_jobmanager(COUNT, str(10**9))
    cluster.wait_for_checkpoint()
    address = f"https://{HOST}:{cluster.rest_port}"
    rest = FlinkRest(client_files(cluster.tls / "cli"), address)

    ((job_id, state),) = rest.jobs().items()
    assert state is JobState.RUNNING
    job = rest.job(job_id)
    assert job is not None
    assert (job.id, job.name, job.is_running) == (job_id, "count", True)
    assert {vertex.parallelism for vertex in job.vertices} == {1}
    assert {vertex.max_parallelism for vertex in job.vertices} == {1, 128}
    seen = rest.checkpoints(job_id)
    assert seen.last is not None
    assert seen.last.path.startswith(f"sealed+file:{cluster.state}/")
    assert seen.last.completed - seen.last.triggered <= seen.last.duration
    assert (seen.last_savepoint, seen.restored) == (None, None)
    assert rest.checkpoint_interval_ms(job_id) == 300
    assert rest.exceptions(job_id) == []
    restarts = cluster.wait_for("metric", lambda: rest.job_metrics(job_id, ["numRestarts", "x"]))
    assert restarts == {"numRestarts": 0.0}
    vertex = job.vertices[0].id
    # The JobManager fetches them when it is asked, and answers with what it had before.
    cluster.wait_for(
        "metric", lambda: "backPressuredTimeMsPerSecond" in rest.metric_names(job_id, vertex)
    )
    waits = rest.vertex_metrics(job_id, vertex, ["backPressuredTimeMsPerSecond"], "max")
    assert 0 <= waits["backPressuredTimeMsPerSecond"] <= 1000
    assert len(rest.taskmanagers()) == 1
    _assert_processes_tell(cluster, rest)
    assert rest.configuration()["rest.port"] == str(cluster.rest_port)
    assert rest.operation(job_id, "0" * 32) == Operation(Progress.UNKNOWN)
    assert rest.required(job_id) == {vertex.id: 1 for vertex in job.vertices}
    with pytest.raises(RestRefusedError, match="missing job vertex"):
        rest.require(job_id, {vertex: 1})

    directory = f"sealed+file://{cluster.state}/savepoints"
    trigger = secrets.token_hex(16)
    for _ in range(2):
        rest.take_savepoint(job_id, trigger, directory)
    taken = cluster.wait_for("savepoint", lambda: _done(rest, job_id, trigger))
    assert taken.progress is Progress.DONE
    # What it tells of a job may be three seconds old (web.refresh-interval).
    found = cluster.wait_for("savepoint", lambda: rest.checkpoints(job_id).last_savepoint)
    assert (found.path, found.is_savepoint) == (taken.location, True)

    trigger = secrets.token_hex(16)
    for _ in range(2):
        rest.stop_with_savepoint(job_id, trigger, directory, "NATIVE")
    stopped = cluster.wait_for("savepoint", lambda: _done(rest, job_id, trigger))
    assert stopped.progress is Progress.DONE
    assert Path(stopped.location.removeprefix("sealed+file:"), "_metadata").exists()
    savepoints = Path(cluster.state, "savepoints").glob("savepoint-*")
    assert len(list(savepoints)) == 2
    assert cluster.exit_code("jobmanager") == FINISHED
    with pytest.raises(RestUnreachableError):
        rest.jobs()


def _assert_processes_tell(cluster: FlinkCluster, rest: FlinkRest) -> None:
    own = cluster.wait_for("metric of ours", lambda: _of_processes(rest))
    ring = KeyRing.open(cluster.directory / "state-keys")
    assert [(one.id, one.jobmanager, one.taskmanagers) for one in own.keys] == [
        (ring.primary_id, True, 1)
    ]
    used = {"cluster.tls.internal", "cluster.tls.rest"}
    assert {one.setting for one in own.certificates} == used | {f"{one} (trusted)" for one in used}
    assert all(one.readable and (one.seconds_left or 0) > 0 for one in own.certificates)
    assert own.logins == ()


def _of_processes(rest: FlinkRest) -> OwnFigures | None:
    """The key in use is told only when something was sealed."""
    found = own_figures(rest, workers=True)
    whole = found.jobmanager and found.taskmanagers and found.keys
    return found if whole and found.keys[0].taskmanagers else None


def _done(rest: FlinkRest, job_id: str, trigger: str) -> Operation | None:
    found = rest.operation(job_id, trigger)
    return found if found.progress in {Progress.DONE, Progress.FAILED} else None
