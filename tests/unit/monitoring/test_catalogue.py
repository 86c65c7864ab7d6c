# SPDX-License-Identifier: Apache-2.0
"""The list of our metrics, against the sources in Java that register them."""

import re

from flinksec_jobs.monitoring.catalogue import GROUP, METRICS, label_in_rest, metric
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
    assert {one.name.rpartition(".")[2] for one in METRICS} == registered()


def test_each_name_is_there_once_and_says_what_it_is() -> None:
    names = [one.name for one in METRICS]
    assert len(set(names)) == len(names)
    for one in METRICS:
        assert one.unit, one.name
        assert not one.meaning.endswith("."), one.name


def test_the_groups_that_our_java_makes_are_those_of_the_names_in_flinks_rest() -> None:
    text = (_JAVA / "metrics/src/main/java/org/flinksec/metrics/OwnGauges.java").read_text("utf-8")
    assert f'GROUP = "{GROUP}"' in text
    groups = {one.name.rpartition(".")[0] for one in METRICS if one.labels}
    assert groups == set(re.findall(r'addGroup\("(\w+)", ', text))
    assert all(one.labels == (one.name.rpartition(".")[0],) for one in METRICS if one.labels)


def test_a_name_in_flinks_rest_has_the_label_and_no_other_metric_has_it() -> None:
    label = label_in_rest("kafka.ca_certs")
    name = metric("certificate.secondsLeft").in_rest(label)
    assert name == "flinksec.certificate.kafka_ca_certs.secondsLeft"
    assert {one.name: one.label_of(name) for one in METRICS if one.label_of(name) is not None} == {
        "certificate.secondsLeft": "kafka_ca_certs"
    }
    assert metric("failedUnseals").in_rest() == "flinksec.failedUnseals"
    assert metric("failedUnseals").label_of("flinksec.failedUnseals") == ""
    assert metric("key.inUse").label_of("flinksec.key..inUse") is None


def test_a_name_in_prometheus_has_flinks_scope() -> None:
    one = metric("certificate.secondsLeft")
    name = "flink_taskmanager_flinksec_certificate_secondsLeft"
    assert re.fullmatch(one.in_prometheus, name)
