# SPDX-License-Identifier: Apache-2.0
"""Formats of records in Kafka's topics and a schema registry, on servers of these tests' own."""

from collections.abc import Iterator

import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.formats.registry_client import Registry
from tests.servers.conftest import quick_jobs

__all__ = ["quick_jobs"]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Servers for all tests whose topics and subjects have names of their own."""
    with Sandbox(only=["kafka", "hdfs", "schema-registry"]) as servers:
        yield servers


@pytest.fixture(scope="session")
def registry(sandbox: Sandbox) -> Registry:
    """The registry among them."""
    return Registry(sandbox)
