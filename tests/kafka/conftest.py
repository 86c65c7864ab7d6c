# SPDX-License-Identifier: Apache-2.0
"""One cluster of three brokers for all tests of faults, and jobs that go through them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.kafka.administrator import Administrator
from tests.kafka.brokers import Brokers
from tests.kafka.copies import Copy

# As in tests/servers: for jobs that live for a minute.
JVM_ARGUMENTS = "-Xmx1g -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# Everybody logs in again and again.
TICKET_SECONDS = 30


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A KDC and certificates."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JVM_ARGS", JVM_ARGUMENTS)
        directory = tmp_path_factory.mktemp("sandbox") / "box"
        with Sandbox(directory, only=[], ticket_lifetime=TICKET_SECONDS) as box:
            yield box


@pytest.fixture(scope="session")
def cluster(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    """The three brokers."""
    with Brokers(sandbox, tmp_path_factory.mktemp("brokers")) as running:
        yield running


@pytest.fixture
def brokers(cluster: Brokers) -> Iterator[Brokers]:
    """The three brokers, all up and reachable when the test has ended."""
    yield cluster
    cluster.mend()


@pytest.fixture(scope="session")
def administrator(sandbox: Sandbox, cluster: Brokers) -> Iterator[Administrator]:
    """The brokers' superuser."""
    with pytest.MonkeyPatch.context() as patch:
        # It would tell the JVM in passing, over a connection whose thread knows no Kafka.
        patch.setattr("py4j.java_gateway._garbage_collect_object", lambda *_: None)
        client = Administrator(sandbox, cluster)
        yield client
        client.close()


CopyOf = Callable[..., Copy]


@pytest.fixture
def copy_of(brokers: Brokers, administrator: Administrator, tmp_path: Path) -> Iterator[CopyOf]:
    """Make copying jobs by name; what still runs at the end is killed."""
    made: list[Copy] = []

    def make(name: str, **options: Any) -> Copy:
        made.append(Copy(brokers, administrator, tmp_path, name, **options))
        return made[-1]

    yield make
    for one in made:
        one.kill()
