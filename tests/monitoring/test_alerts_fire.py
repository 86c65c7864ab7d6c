# SPDX-License-Identifier: Apache-2.0
"""Faults of a real job, each seen as an alert by a real Prometheus, one after the other."""

import json

import pytest

from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sealed import KeyRing
from tests.monitoring.conftest import THRESHOLDS
from tests.monitoring.prometheus import Prometheus, rules
from tests.monitoring.watched_cluster import WatchedCluster

# Promtool alone tests it: a mounted Secret is hardly ever unreadable.
NOT_PROVOKED = {"FlinkCertificateUnreadable"}
OLD = 1_700_000_000_000
_seen: set[str] = set()


def fires(prometheus: Prometheus, name: str) -> dict[str, str]:
    """Wait for an alert, and note that it was seen."""
    labels = prometheus.wait_until_fires(name)
    assert labels["namespace"] == "flights"
    _seen.add(name)
    return labels


def reading(name: str) -> str:
    return f"\t{name}\t{json.dumps({'id': name, 'at': OLD})}"


def test_prometheus_reads_every_process_by_mutual_tls(
    prometheus: Prometheus, cluster: WatchedCluster
) -> None:
    prometheus.wait_for("both", lambda: len(prometheus.query('up{job="flink"} == 1')) == 2)


@pytest.mark.parametrize(
    "client",
    ["no-certificate", "foreign-certificate", "ended-certificate", "certificate-of-rest"],
)
def test_nobody_else_reads_metrics(prometheus: Prometheus, client: str) -> None:
    (target,) = prometheus.wait_for(
        "answer",
        lambda: [one for one in prometheus.targets(client) if one["health"] != "unknown"],
    )
    assert target["health"] == "down"
    # Java hangs up; whatever listens on another port would refuse the connection.
    assert any(word in target["lastError"] for word in ("EOF", "tls: ", "connection reset"))


def test_the_same_certificate_opens_metrics_before_it_has_ended(prometheus: Prometheus) -> None:
    prometheus.wait_for("valid", lambda: prometheus.query('up{job="valid-certificate"} == 1'))


def test_a_certificate_that_ends_within_days_is_told_until_it_is_renewed(
    prometheus: Prometheus, cluster: WatchedCluster
) -> None:
    before = (cluster.client / "tls.crt").read_bytes()
    cluster.renew(days=2)
    assert (cluster.client / "tls.crt").read_bytes() != before
    found = fires(prometheus, "FlinkCertificateEndsSoon")
    assert found["certificate"].startswith("cluster.metrics.tls")
    fires(prometheus, "FlinkCertificateEndsNow")
    cluster.renew(days=300)
    prometheus.wait_until_silent("FlinkCertificateEndsNow")
    prometheus.wait_until_silent("FlinkCertificateEndsSoon")


def test_a_job_without_a_savepoint_is_told_until_it_has_one(
    prometheus: Prometheus, cluster: WatchedCluster
) -> None:
    fires(prometheus, "FlinkSavepointTooOld")
    before = prometheus.query("flink_jobmanager_job_flinksec_savepointAge")[0]["value"][1]
    cluster.savepoint("savepoints", {"cancel-job": False})

    def is_younger() -> bool:
        now = prometheus.query("flink_jobmanager_job_flinksec_savepointAge")[0]["value"][1]
        return float(now) < float(before)

    prometheus.wait_for("savepoint", is_younger)


def test_records_that_cannot_be_used_are_told(prometheus: Prometheus, sandbox: Sandbox) -> None:
    sandbox.produce("readings", ["\tx\tno JSON"])
    sandbox.produce("others", ["\tx\tno JSON"])
    assert fires(prometheus, "FlinkDeadLetters")["job_name"] == "watched"
    assert fires(prometheus, "FlinkRecordsLeftOut")["job_name"] == "watched"


def test_a_job_that_is_too_slow_is_told(
    prometheus: Prometheus, cluster: WatchedCluster, sandbox: Sandbox
) -> None:
    fires(prometheus, "FlinkWatermarkLags")
    with cluster.telling("slow"):
        for _ in range(4):
            sandbox.produce("readings", [reading("r" * 400)] * 4000)
        seen = {"FlinkLagGrows", "FlinkBackPressure"}

        def both() -> bool:
            sandbox.produce("readings", [reading("r" * 400)] * 100)
            _seen.update(seen & set(prometheus.alerts()))
            return seen <= _seen

        prometheus.wait_for("lag and back-pressure", both)
    cluster.wait_for_checkpoint()


def test_checkpoints_that_fail_are_told_and_the_transactions_that_wait_for_them(
    prometheus: Prometheus, cluster: WatchedCluster, sandbox: Sandbox
) -> None:
    prometheus.wait_until_silent("FlinkCheckpointTooOld")
    directory = cluster.state / "watched"
    away = cluster.state / "away"
    directory.rename(away)
    directory.touch()
    sandbox.produce("readings", [reading("a")])
    try:
        for name in ("FlinkCheckpointsFail", "FlinkCheckpointTooOld", "FlinkTransactionTooOld"):
            assert fires(prometheus, name)["job_name"] == "watched"
    finally:
        directory.unlink()
        away.rename(directory)
    cluster.wait_for_checkpoint()
    prometheus.wait_until_silent("FlinkTransactionTooOld")
    prometheus.wait_until_silent("FlinkCheckpointTooOld")


def test_a_job_that_crashes_is_told_and_state_that_was_altered_meanwhile(
    prometheus: Prometheus, cluster: WatchedCluster, sandbox: Sandbox
) -> None:
    with cluster.telling("crash"):
        sandbox.produce("readings", [reading("a")])
        assert fires(prometheus, "FlinkRestarts")["job_name"] == "watched"
        fires(prometheus, "FlinkJobNotRunning")
        files = [
            path
            for path in (cluster.state / "watched").glob("*/chk-*/*")
            if path.name != "_metadata"
        ]
        assert files
        whole = {path: path.read_bytes() for path in files}
        for path, content in whole.items():
            path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        try:
            assert fires(prometheus, "FlinkUnsealFails")["pod"] == "taskmanager-1"
        finally:
            for path, content in whole.items():
                path.write_bytes(content)
    cluster.wait_for_checkpoint()


def test_a_keytab_that_is_gone_is_told_and_the_logins_that_fail(
    prometheus: Prometheus, cluster: WatchedCluster
) -> None:
    away = cluster.keytab.with_suffix(".away")
    cluster.keytab.rename(away)
    try:
        for name in ("FlinkKeytabUnusable", "FlinkLoginFails", "FlinkTicketEndsSoon"):
            assert fires(prometheus, name)["login"] == "kerberos"
    finally:
        away.rename(cluster.keytab)
    prometheus.wait_until_silent("FlinkKeytabUnusable")


def test_a_taskmanager_that_is_gone_is_told_and_one_with_the_wrong_keys(
    prometheus: Prometheus, cluster: WatchedCluster
) -> None:
    cluster.wait_for_checkpoint()
    cluster.kill("taskmanager-1")
    fires(prometheus, "FlinkTaskManagersMissing")
    assert fires(prometheus, "FlinkMetricsUnreachable")["pod"] == "taskmanager-1"
    first = KeyRing.open(cluster.keys).primary_id
    KeyRing.open(cluster.keys).add("another")
    kept = (cluster.keys / first).read_bytes()
    (cluster.keys / first).unlink()
    try:
        cluster.start("taskmanager-1")
        assert fires(prometheus, "FlinkUnwrapFails")["pod"] == "taskmanager-1"
        fires(prometheus, "FlinkStateKeysDiffer")
    finally:
        (cluster.keys / first).write_bytes(kept)
        (cluster.keys / first).chmod(0o600)


def test_a_jobmanager_that_is_gone_is_told(prometheus: Prometheus, cluster: WatchedCluster) -> None:
    cluster.kill("jobmanager")
    fires(prometheus, "FlinkJobManagerGone")


def test_each_alert_has_been_seen_but_those_that_are_named() -> None:
    names = {rule["alert"] for group in rules()["groups"] for rule in group["rules"]}
    assert names - _seen == NOT_PROVOKED
    assert set(THRESHOLDS) <= names
