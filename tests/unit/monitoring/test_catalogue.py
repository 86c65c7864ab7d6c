# SPDX-License-Identifier: Apache-2.0
"""The list of our metrics, against the sources in Java that register them."""

import re

from flinksec_jobs.monitoring.catalogue import METRICS
from tests.pages import ROOT

_JAVA = ROOT / "connectors"
# .counter("name" and .gauge("name"; ours by gauge(group, "name", …).
_REGISTERED = re.compile(r"(?:\.(?:counter|gauge)\(\s*|gauge\(\w+, )\"(\w+)\"")
_LATE = re.compile(r'String LATE = "(\w+)"')
_FLINKS = {"numLateRecordsDropped"}


def registered() -> set[str]:
    found = set()
    for path in _JAVA.rglob("src/main/java/**/*.java"):
        text = path.read_text("utf-8")
        found |= set(_REGISTERED.findall(text)) | set(_LATE.findall(text))
    return found - _FLINKS


def test_every_metric_that_our_java_registers_is_listed_and_no_other() -> None:
    assert {metric.name.rpartition(".")[2] for metric in METRICS} == registered()


def test_each_name_is_there_once_and_says_what_it_is() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert metric.unit, metric.name
        assert not metric.meaning.endswith("."), metric.name


def test_a_name_in_prometheus_has_flinks_scope() -> None:
    (one,) = (metric for metric in METRICS if metric.name == "certificate.secondsLeft")
    name = "flink_taskmanager_flinksec_certificate_secondsLeft"
    assert re.fullmatch(one.in_prometheus, name)
