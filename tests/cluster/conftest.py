# SPDX-License-Identifier: Apache-2.0
"""A Flink cluster of processes on the loopback interface, beside the servers of the sandbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.processes import FlinkCluster
from tests.servers.conftest import flights_in_kafka, sandbox

__all__ = ["flights_in_kafka", "sandbox"]


@pytest.fixture
def small_cluster(tmp_path: Path) -> Iterator[FlinkCluster]:
    """A cluster without any servers, for jobs that need none."""
    with FlinkCluster(tmp_path) as cluster:
        yield cluster
