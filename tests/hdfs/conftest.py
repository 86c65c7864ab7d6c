# SPDX-License-Identifier: Apache-2.0
"""Files on HDFS, written and read by jobs, on servers of these tests' own."""

from collections.abc import Iterator

import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.servers.conftest import flights_in_kafka, quick_jobs, start_job

__all__ = ["flights_in_kafka", "quick_jobs", "start_job"]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Kafka and HDFS, with the topic of flights."""
    with Sandbox(only=["kafka", "hdfs"]) as servers:
        servers.create_topics({"flights": 2})
        yield servers
