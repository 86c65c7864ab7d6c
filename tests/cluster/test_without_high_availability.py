# SPDX-License-Identifier: Apache-2.0
"""A cluster that remembers nothing: how its processes end, and where the job goes on."""

import re
from pathlib import Path

from tests.cluster.processes import FlinkCluster
from tests.exit_codes import (
    ENDED_BY_SIGTERM,
    FAILED_FOR_GOOD,
    FINISHED,
    TASKMANAGER_ENDED_BY_SIGTERM,
)

COUNT = Path(__file__).parent / "programs" / "count.py"
NEVER = str(10**9)


def test_a_job_goes_on_after_sigterm_and_after_a_stop_and_each_end_has_its_exit_code(
    small_cluster: FlinkCluster,
) -> None:
    small_cluster.start_taskmanager("taskmanager")
    small_cluster.start_jobmanager(COUNT, NEVER)
    small_cluster.wait_for_checkpoint()
    assert small_cluster.terminate("jobmanager") in ENDED_BY_SIGTERM  # the job is not finished
    small_cluster.start_jobmanager(COUNT, NEVER)
    small_cluster.wait_for_checkpoint()
    assert "job count goes on from the checkpoint" in small_cluster.log("jobmanager")
    savepoint = small_cluster.savepoint("stop", {"drain": False})
    assert "sealed+file:" in savepoint
    assert small_cluster.exit_code("jobmanager") == FINISHED
    small_cluster.start_jobmanager(COUNT, NEVER)
    small_cluster.wait_for_checkpoint()
    path = savepoint.removeprefix("sealed+file:")
    assert f"job count goes on from the savepoint {path} " in small_cluster.log("jobmanager")
    assert small_cluster.terminate("jobmanager") in ENDED_BY_SIGTERM
    options = ("--from-savepoint", savepoint, "-Drestart-strategy.type=none")
    small_cluster.start_jobmanager(COUNT, "1", options=options)
    assert small_cluster.exit_code("jobmanager") == FAILED_FOR_GOOD
    log = small_cluster.log("jobmanager")
    counted = re.search(r"told to fail at (\d+)", log)
    assert counted
    assert int(counted[1]) > 1
    assert small_cluster.terminate("taskmanager") in TASKMANAGER_ENDED_BY_SIGTERM


def test_a_program_that_cannot_start_says_why_in_two_lines_at_the_end(
    small_cluster: FlinkCluster,
) -> None:
    path = small_cluster.settings
    path.write_text(path.read_text().replace("state-keys", "no-keys"))
    small_cluster.start_jobmanager(COUNT, NEVER)
    assert small_cluster.exit_code("jobmanager") != 0
    log = small_cluster.log("jobmanager")
    assert "no-keys" in log


def test_a_job_of_sql_alone_is_the_program_of_a_jobmanager(small_cluster: FlinkCluster) -> None:
    small_cluster.start_taskmanager("taskmanager")
    small_cluster.start_jobmanager(COUNT.with_suffix(".sql"))
    assert small_cluster.exit_code("jobmanager") == FINISHED
    log = small_cluster.log("jobmanager")
    assert re.search(r"Job count \(\w+\) switched from state RUNNING to FINISHED", log)
