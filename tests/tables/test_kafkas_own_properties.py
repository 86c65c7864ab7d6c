# SPDX-License-Identifier: Apache-2.0
"""Kafka's own tables against ours."""

import zipfile

from flinksec_jobs.runtime import artifacts
from flinksec_jobs.settings.kafka_properties import kafka_properties
from tests.tables.conftest import Rows


def test_every_property_of_kafkas_clients_is_classified_and_no_other(tables: Rows) -> None:
    known = {name for name, _ in tables["kafka"]}
    ours = {name for name, found in kafka_properties().items() if found.kind != "connector"}
    assert known - ours == set(), "new in this release of Kafka: add them to kafka_properties.tsv"
    assert ours - known == set(), "gone in this release of Kafka: remove them"
    assert len(known) > 100


def test_no_class_and_no_password_may_be_set(tables: Rows) -> None:
    for name, kind in tables["kafka"]:
        if kind in {"CLASS", "PASSWORD"}:
            assert kafka_properties()[name].kind not in {"free", "connector"}, name


def test_the_properties_of_the_connector_stand_in_its_code() -> None:
    code = bytearray()
    for jar in artifacts.jars("flink-kafka"):
        with zipfile.ZipFile(jar) as content:
            for name in content.namelist():
                if name.startswith("org/apache/flink/connector/kafka/s"):
                    code += content.read(name)
    for name, found in kafka_properties().items():
        if found.kind == "connector":
            assert name.encode() in code, name
