# SPDX-License-Identifier: Apache-2.0
"""Kafka with a KDC, a cluster of processes with a job, and a Prometheus that watches it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.jvms import quick_jvms
from tests.monitoring.otel_receiver import Receiver
from tests.monitoring.prometheus import Prometheus, impatient
from tests.monitoring.strangers import strangers
from tests.monitoring.watched_cluster import TICKETS, WatchedCluster

# What is lowered so that a fault is seen within seconds; all other thresholds are as they are.
THRESHOLDS = {
    "FlinkCheckpointTooOld": ("> 900", "> 8"),
    "FlinkSavepointTooOld": ("> 7 * 86400", "> 5"),
    "FlinkLagGrows": ("> 10000", "> 100"),
    "FlinkRestarts": ("> 3", "> 1"),
    "FlinkTransactionTooOld": ("0.5 *", "0.1 *"),
}
TOPICS = {"readings": 1, "others": 1, "copies": 1, "letters": 1}


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with quick_jvms("1g"), Sandbox(only=["kafka"], ticket_lifetime=TICKETS) as servers:
        servers.create_topics(TOPICS)
        yield servers


@pytest.fixture(scope="session")
def otel() -> Iterator[Receiver]:
    """What takes metrics as a collector of OpenTelemetry does."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def cluster(
    sandbox: Sandbox, otel: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WatchedCluster]:
    """A JobManager and a TaskManager with the running job."""
    with WatchedCluster(tmp_path_factory.mktemp("watched"), sandbox, otel.port) as running:
        running.start("jobmanager")
        running.start("taskmanager-1")
        sandbox.produce("readings", ['\ta\t{"id": "a", "at": 1700000000000}'])
        sandbox.produce("others", ['\tb\t{"id": "b", "at": 1700000000000}'])
        running.wait_for_checkpoint()
        yield running


@pytest.fixture(scope="session")
def prometheus(
    cluster: WatchedCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """It scrapes every second, as itself and as some who must not get in."""
    directory: Path = tmp_path_factory.mktemp("prometheus")
    addresses = {name: f"127.0.0.1:{port}" for name, port in cluster.ports.items()}
    others = strangers(directory / "strangers", cluster)
    one = {"jobmanager": addresses["jobmanager"]}
    targets = {"flink": addresses} | dict.fromkeys(others, one)
    clients = {"flink": cluster.client, **others}
    ca = cluster.client / "ca.crt"
    groups = impatient(THRESHOLDS)
    with Prometheus(directory / "server", targets, clients, ca, groups) as running:
        yield running
