# SPDX-License-Identifier: Apache-2.0
"""The reporters of metrics that a process of a cluster starts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.certs import metrics_pair
from flinksec_jobs.certs.issue import Making
from flinksec_jobs.cluster import flink_conf, reporters
from flinksec_jobs.errors import FlinkSecError, SettingsError
from flinksec_jobs.settings import Settings, load_settings
from flinksec_jobs.settings.weak import weaknesses

GAUGES, PROMETHEUS = "metrics.reporter.flinksec-gauges", "metrics.reporter.flinksec-prometheus"


def settings(**metrics: Any) -> Settings:
    given = {"state": {"directory": "/mnt/state", "keys": "/keys"}, "cluster": {"metrics": metrics}}
    return load_settings(overrides=given, environ={})


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("metrics") / "pair"
    metrics_pair.write(directory, metrics_pair.make(Making(key_bits=2048)))
    return directory


def test_every_process_has_metrics_of_ours_and_opens_no_port_by_itself() -> None:
    found = reporters.at_start(settings(), "taskmanager", {})
    assert found[f"{GAUGES}.factory.class"] == "org.flinksec.metrics.OwnGaugesFactory"
    assert "savepoints\tsealed+file:///mnt/state/savepoints" in str(found[f"{GAUGES}.watched"])
    assert not any(key.startswith(PROMETHEUS) for key in found)


def test_prometheus_is_answered_by_mutual_tls_on_the_address_of_the_process(pair: Path) -> None:
    told = settings(prometheus="mutual-tls", tls=str(pair / "metrics"))
    found = reporters.at_start(told, "jobmanager", {})
    assert found[f"{PROMETHEUS}.factory.class"] == "org.flinksec.metrics.SecurePrometheusFactory"
    assert found[f"{PROMETHEUS}.port"] == "9249"
    assert found[f"{PROMETHEUS}.tls"] == str(pair / "metrics")
    assert found[f"{PROMETHEUS}.host"] == "0.0.0.0"
    assert weaknesses(told) == []
    home = flink_conf.flink_home()
    assert [Path(jar).name for jar in reporters.jars(told, home)] == [
        "flink-metrics-prometheus-2.2.1.jar"
    ]
    assert "metrics-prometheus" in reporters.not_as_plugins(told)


def test_a_flink_without_its_reporter_is_named(tmp_path: Path) -> None:
    with pytest.raises(FlinkSecError, match="metrics-prometheus has no jar"):
        reporters.jars(settings(prometheus="mutual-tls"), tmp_path)


def test_what_the_command_line_says_wins() -> None:
    given: flink_conf.Config = {f"{PROMETHEUS}.port": "1234", f"{GAUGES}.interval": "1 s"}
    found = reporters.at_start(settings(prometheus="mutual-tls"), "jobmanager", given)
    assert f"{PROMETHEUS}.port" not in found


def test_a_list_of_reporters_gets_ours_and_keeps_its_own() -> None:
    given: flink_conf.Config = {"metrics.reporters": "otel, flinksec-gauges"}
    found = reporters.at_start(settings(prometheus="mutual-tls"), "jobmanager", given)
    assert found["metrics.reporters"] == "otel,flinksec-gauges,flinksec-prometheus"


def test_metrics_in_clear_are_flinks_own_and_warned_of() -> None:
    told = settings(prometheus="plain")
    found = reporters.at_start(told, "jobmanager", {})
    assert str(found[f"{PROMETHEUS}.factory.class"]).startswith("org.apache.flink.")
    assert f"{PROMETHEUS}.tls" not in found
    (warning,) = weaknesses(told)
    assert warning.id == "metrics-not-encrypted"
    assert warning.where.setting == "cluster.metrics.prometheus"
    assert reporters.jars(told, flink_conf.flink_home()) == []
    assert list(reporters.check(told)) == []


def test_the_certificate_is_judged_before_java_reads_it(pair: Path, tmp_path: Path) -> None:
    told = settings(prometheus="mutual-tls", tls=str(pair / "metrics"))
    assert list(reporters.check(told)) == []
    later = datetime.now(UTC) + timedelta(days=360)
    assert {found.id for found in reporters.check(told, later)} == {"certificate-ends-soon"}
    ended = datetime.now(UTC) + timedelta(days=400)
    assert {found.id for found in reporters.check(told, ended)} == {"certificate-expired"}
    for name in ("tls.crt", "ca.crt"):
        (tmp_path / name).write_bytes((pair / "metrics" / name).read_bytes())
    mixed = settings(prometheus="mutual-tls", tls=str(tmp_path))
    (found,) = reporters.check(mixed)
    assert found.id == "metrics-certificate-unusable"
    key = tmp_path / "tls.key"
    key.write_bytes((pair / "prometheus" / "tls.key").read_bytes())
    key.chmod(0o600)
    (found,) = reporters.check(mixed)
    assert "another certificate's" in found.why


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ({"prometheus": "mutual-tls", "port": 8081}, "given twice"),
        ({"prometheus": "tls"}, "cluster.metrics.prometheus"),
    ],
)
def test_a_port_that_is_taken_and_an_unknown_way_are_refused(
    metrics: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        settings(**metrics)
    assert settings(port=8081).cluster  # no port is opened
