# SPDX-License-Identifier: Apache-2.0
"""How containers of the image end: failed as Flink does, and in time when they are told to."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exit_codes import (
    ENDED_BY_SIGTERM,
    FAILED_FOR_GOOD,
    TASKMANAGER_ENDED_BY_SIGTERM,
)
from tests.image.containers import UNKNOWN_USER, ImageCluster

COUNT = Path(__file__).parents[1] / "cluster" / "programs" / "count.py"
# Not 0 and not 163: Kubernetes would take the job for ended.
TOLD_TO_END = {"jobmanager": ENDED_BY_SIGTERM, "taskmanager-1": TASKMANAGER_ENDED_BY_SIGTERM}
NEVER = str(10**9)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ImageCluster]:
    with ImageCluster(tmp_path, None) as containers:
        shutil.copy(COUNT, containers.mounts.directory / "count.py")
        containers.mounts.read_only("count.py", "/opt/job/count.py")
        yield containers


def start(cluster: ImageCluster, fail_at: str) -> None:
    cluster.start_taskmanager(1)
    cluster.start_jobmanager("-Drestart-strategy.type=none", "/opt/job/count.py", fail_at)


def test_a_job_that_fails_ends_as_flink_does(cluster: ImageCluster) -> None:
    start(cluster, "50")
    assert cluster.exit_code("jobmanager") == FAILED_FOR_GOOD
    assert "told to fail at 50" in cluster.log("jobmanager")


def test_sigterm_ends_each_container_by_itself(cluster: ImageCluster) -> None:
    start(cluster, NEVER)
    cluster.wait_for_line("jobmanager", "switched from state CREATED to RUNNING")
    # A job that has lost its TaskManager and may not start again would end the JobManager.
    for role in ("jobmanager", "taskmanager-1"):
        code, seconds = cluster.terminate(role)
        sys.stderr.write(f"{role} ended with {code}, {seconds:.1f} s after SIGTERM\n")
        assert code in TOLD_TO_END[role]


def test_a_mount_that_is_missing_is_told_in_two_lines_before_flink_starts(
    cluster: ImageCluster,
) -> None:
    cluster.mounts.volumes = [one for one in cluster.mounts.volumes if "state-keys" not in one]
    start(cluster, NEVER)
    for role in ("jobmanager", "taskmanager-1"):
        assert cluster.exit_code(role) == 1
        error, hint = cluster.log(role).splitlines()
        assert error == (
            "error: state.keys /etc/flinksec/state-keys cannot be read: no such file or directory "
            "(set by /etc/flinksec/job/settings.toml) [key-ring-unusable]"
        )
        assert hint == f"hint: it must be a directory that user id {UNKNOWN_USER} may read"
