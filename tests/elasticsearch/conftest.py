# SPDX-License-Identifier: Apache-2.0
"""Documents in Elasticsearch and OpenSearch, on servers of these tests' own."""

from collections.abc import Iterator

import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.servers.conftest import flights_in_kafka, quick_jobs, start_job

__all__ = ["flights_in_kafka", "quick_jobs", "start_job"]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Kafka and Elasticsearch, with the topic of flights."""
    with Sandbox(only=["kafka", "elasticsearch"]) as servers:
        servers.create_topics({"flights": 2})
        yield servers
