# SPDX-License-Identifier: Apache-2.0
"""What is documented, drawn and asked for is there, while the job runs well."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from flinksec_jobs.monitoring.catalogue import METRICS
from tests.monitoring.otel_receiver import Receiver
from tests.monitoring.prometheus import COMPONENT, Prometheus
from tests.monitoring.watched_cluster import WatchedCluster
from tests.servers.secrets_search import Seen, keytab_keys

DASHBOARD: dict[str, Any] = json.loads((COMPONENT / "dashboard.json").read_text())
# What this job does not have: a metric that is there with another sink alone.
ELSEWHERE = {metric.name for metric in METRICS if metric.only_with}


# Java's own, on its standard error, which no layout changes.
OF_JAVA = re.compile(r"WARNING: (A terminally|System::setSecurityManager|Please consider)")


def queries() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]


def filled_in(query: str) -> str:
    """With what Grafana puts in place of its variables."""
    return (
        query.replace("$__rate_interval", "30s")
        .replace("$namespace", ".*")
        .replace("$job_name", ".*")
    )


@pytest.mark.parametrize("query", list(queries()))
def test_every_query_of_the_dashboard_is_answered(prometheus: Prometheus, query: str) -> None:
    assert prometheus.wait_for(query, lambda: prometheus.query(filled_in(query)))


def test_the_variables_of_the_dashboard_have_values(prometheus: Prometheus) -> None:
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            found = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"])
            assert found
            metric, label = found.groups()
            assert all(one["metric"].get(label) for one in prometheus.query(metric))
            assert prometheus.query(metric)


@pytest.mark.parametrize(
    "metric", [one for one in METRICS if one.name not in ELSEWHERE], ids=lambda one: one.name
)
def test_every_metric_of_the_documentation_is_there(prometheus: Prometheus, metric: Any) -> None:
    pattern = metric.in_prometheus
    series = prometheus.wait_for(pattern, lambda: prometheus.query(f'{{__name__=~"{pattern}"}}'))
    for label in metric.labels:
        assert all(one["metric"].get(label) for one in series), label


def test_no_metric_of_ours_is_undocumented(prometheus: Prometheus) -> None:
    names = {
        one["metric"]["__name__"]
        for one in prometheus.wait_for(
            "ours", lambda: prometheus.query('{__name__=~"flink_.*_flinksec_.*"}')
        )
    }
    known = [re.compile(metric.in_prometheus) for metric in METRICS]
    assert [name for name in names if not any(one.fullmatch(name) for one in known)] == []


def test_each_line_of_a_log_is_an_object_and_those_of_the_job_have_its_id(
    cluster: WatchedCluster,
) -> None:
    cluster.wait_for_checkpoint()
    job = cluster.job_id()
    for name in ("jobmanager", "taskmanager-1"):
        lines = [line for line in cluster.log(name).splitlines() if not OF_JAVA.match(line)]
        assert [line for line in lines if not line.startswith("{")] == []
        objects = [json.loads(line) for line in lines]
        assert len(objects) > 30
        assert {"timestamp", "level", "logger", "message"} <= set.intersection(*map(set, objects))
        assert {one["job_id"] for one in objects if "job_id" in one} == {job}
    completed = [one for one in objects if "checkpoint" in one["message"].lower()]
    assert all(one["level"] for one in completed)


def test_a_collector_gets_what_prometheus_reads(prometheus: Prometheus, otel: Receiver) -> None:
    name = "flink.taskmanager.flinksec.certificate.secondsLeft"
    sent = prometheus.wait_for(name, lambda: otel.values(name))
    assert "watched" in otel.services
    of_internal = [
        value for labels, value in sent if labels["certificate"] == "cluster.tls.internal"
    ]
    query = 'flink_taskmanager_flinksec_certificate_secondsLeft{certificate="cluster.tls.internal"}'
    (read,) = prometheus.query(query)
    assert abs(of_internal[0] - float(read["value"][1])) < 3600
    for other in (
        "flink.jobmanager.job.flinksec.checkpointAge",
        "flink.taskmanager.job.task.operator.flinksec.transactionAge",
        "flink.jobmanager.job.numRestarts",
    ):
        prometheus.wait_for(other, lambda other=other: otel.values(other))


def test_no_secret_is_in_a_log_or_among_the_metrics(
    prometheus: Prometheus, cluster: WatchedCluster
) -> None:
    seen = Seen(lambda _: b"")
    seen.add_files("log", cluster.logs)
    for name in cluster.ports:
        seen.add("metrics", cluster.scrape(name))
    secrets = dict(_secrets(cluster))
    assert len(secrets) > 10
    harmless = {
        "key id": b"key-1",
        "setting": b"kafka.ca_certs",
        "keytab": str(cluster.keytab).encode(),
    }
    assert set(seen.find(harmless)) >= {
        ("key id", "metrics"),
        ("setting", "metrics"),
        ("keytab", "log"),
    }
    assert seen.find(secrets) == []


def _secrets(cluster: WatchedCluster) -> Iterator[tuple[str, bytes]]:
    for number, key in enumerate(keytab_keys(cluster.keytab.read_bytes())):
        yield f"key {number} of the keytab", key
    yield "key of state", (cluster.keys / "key-1").read_bytes()
    for directory in (cluster.tls, cluster.certificates):
        for path in directory.rglob("*"):
            if path.name == "password":
                yield str(path), path.read_bytes().strip()
            elif path.name == "tls.key":
                yield str(path), path.read_bytes().split(b"\n")[1]
