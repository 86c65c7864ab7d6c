# SPDX-License-Identifier: Apache-2.0
"""A JobManager with high availability that is started again with other settings or another job."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.sandbox.ports import free_ports
from flinksec_jobs.sealed import KeyRing, SealedFileError
from flinksec_jobs.sealed.reader import open_sealed
from tests.cluster import fake_elasticsearch
from tests.cluster.fake_elasticsearch import FakeElasticsearch
from tests.cluster.processes import FlinkCluster

JOB = Path(__file__).parent / "programs" / "to_elasticsearch.py"
REPLACED = "takes its place"
# So soon ZooKeeper takes a JobManager that was killed for gone.
SOON = ("-Dhigh-availability.zookeeper.client.session-timeout=12 s",)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[FakeElasticsearch, FakeElasticsearch]]:
    directory = tmp_path / "elasticsearch"
    directory.mkdir()
    with fake_elasticsearch.two(directory) as both:
        yield both


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[FlinkCluster]:
    (zookeeper,) = free_ports(1)
    more = f'high_availability = "zookeeper"\nzookeeper_quorum = ["127.0.0.1:{zookeeper}"]'
    with FlinkCluster(tmp_path, cluster=more) as running:
        running.start_zookeeper(zookeeper)
        running.start_taskmanager("taskmanager")
        yield running


def _stored_plans(cluster: FlinkCluster) -> list[bytes]:
    """The execution plans in the storage of high availability, unsealed."""
    ring = KeyRing.open(cluster.directory / "state-keys")
    found = []
    for path in (cluster.state / "high-availability").rglob("*"):
        if path.is_file() and "xecutionPlan" in path.name:
            try:
                with open_sealed(path, ring) as file:
                    found.append(file.read())
            except SealedFileError:
                continue  # of a process that was killed
    return found


def test_what_runs_is_what_settings_say_and_loses_nothing_with_a_jobmanager_or_a_taskmanager(
    cluster: FlinkCluster, servers: tuple[FakeElasticsearch, FakeElasticsearch], tmp_path: Path
) -> None:
    settings, (first, second) = cluster.settings.read_text(), servers
    before = f'[elasticsearch]\nhosts = ["{first.url}"]\nverification = "none"\n'
    ca = tmp_path / "elasticsearch" / "ca.pem"
    after = f'[elasticsearch]\nhosts = ["{second.url}"]\nverification = "full"\nca_certs = "{ca}"\n'

    cluster.settings.write_text(before + settings)
    cluster.start_jobmanager(JOB, "counts", options=SOON)
    cluster.wait_for_checkpoint()
    cluster.wait_for("document", lambda: first.documents)
    cluster.kill("jobmanager")

    # It may be told to refuse.
    refuse = settings.replace("[cluster]", '[cluster]\non_changed_job = "refuse"')
    cluster.settings.write_text(after + refuse)
    cluster.start_jobmanager(JOB, "counts", options=SOON)
    assert cluster.exit_code("jobmanager") == 1
    error, hint = cluster.log("jobmanager").splitlines()[-2:]
    changed = "elasticsearch.ca_certs, elasticsearch.hosts, elasticsearch.verification"
    assert error.startswith("error: the job ")
    assert error.endswith(f"was made from other inputs: {changed}")
    assert hint.startswith("hint: undo the change; or set cluster.on_changed_job")
    assert second.documents == []

    # By default the job as it is now takes over.
    cluster.settings.write_text(after + settings)
    cluster.start_jobmanager(JOB, "counts", options=SOON)
    cluster.wait_for_checkpoint()
    cluster.wait_for("document", lambda: second.documents)
    assert cluster.log("jobmanager").count(REPLACED) == 1
    assert "from Checkpoint" in cluster.log("jobmanager")
    assert second.documents[0]["count"] > 1
    assert json.loads(cluster.ask("/jobs/overview"))["jobs"][0]["state"] == "RUNNING"
    (plan,) = _stored_plans(cluster)
    assert second.url.encode() in plan
    assert first.url.encode() not in plan
    assert b"FULL" in plan
    assert b"NONE" not in plan.partition(b"org.flinksec.tls.Verification")[2][:200]
    cluster.kill("jobmanager")

    # Not at the price of state that nothing would take.
    cluster.start_jobmanager(JOB, "another-id", options=SOON)
    assert cluster.exit_code("jobmanager") == 1
    error, hint = cluster.log("jobmanager").splitlines()[-2:]
    assert "has nothing that takes the state of: " in error
    assert "counts" in error
    assert "savepoint" in hint

    # And nothing was lost by that.
    taken = len(second.documents)
    cluster.start_jobmanager(JOB, "counts", options=SOON)
    cluster.wait_for_checkpoint()
    cluster.wait_for("document", lambda: second.documents[taken:])
    assert second.documents[taken]["count"] > 1
    assert cluster.log("jobmanager").count("Successfully recovered 1 persisted job graphs") == 1

    _lose_the_taskmanager(cluster, second)


def _lose_the_taskmanager(cluster: FlinkCluster, server: FakeElasticsearch) -> None:
    """What a TaskManager that is killed alone took with it comes again, by the same ids."""
    begun = len(server.documents)
    cluster.kill("taskmanager")
    cluster.start_taskmanager("taskmanager")
    cluster.wait_for_checkpoint()
    cluster.wait_for("document", lambda: len(server.documents) > begun + 100)
    assert cluster.log("jobmanager").count("Successfully recovered 1 persisted job graphs") == 1
    counts = [document["count"] for document in server.documents]
    assert [int(one) for one in server.ids] == counts
    assert set(counts) == set(range(min(counts), max(counts) + 1))  # none is left out
