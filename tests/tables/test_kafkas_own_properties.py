# SPDX-License-Identifier: Apache-2.0
"""Kafka's own tables against ours."""

import re
import zipfile

from flinksec_jobs.runtime import artifacts
from flinksec_jobs.settings import schema
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


# Lists whose items are no classes; any other that Kafka has is refused until somebody looks at it.
LISTS_OF_PLAIN_VALUES = {"ssl.cipher.suites", "ssl.enabled.protocols"}
NAMES_OF_CODE = re.compile(r"(\.class(es)?|reporters?|providers?|interceptors?|\.algorithm|\.cmd)$")
# All of these weaken nothing, or are limited to values that are known, or are told of at start.
OF_TLS_AND_LOGINS = {
    "sasl.kerberos.min.time.before.relogin",
    "sasl.kerberos.ticket.renew.jitter",
    "sasl.kerberos.ticket.renew.window.factor",
    "ssl.cipher.suites",
    "ssl.enabled.protocols",
    "ssl.endpoint.identification.algorithm",
    "ssl.protocol",
}


def free(tables: Rows) -> dict[str, str]:
    """The types of those that may be set."""
    kinds = kafka_properties()
    return {name: kind for name, kind in tables["kafka"] if kinds[name].kind == "free"}


def test_no_list_of_classes_and_nothing_that_names_code_may_be_set(tables: Rows) -> None:
    found = free(tables)
    assert {name for name, kind in found.items() if kind == "LIST"} == LISTS_OF_PLAIN_VALUES
    of_code = {name for name in found if NAMES_OF_CODE.search(name)}
    assert of_code == {"ssl.endpoint.identification.algorithm"}


def test_of_tls_and_logins_only_a_named_few_may_be_set(tables: Rows) -> None:
    assert {
        name for name in free(tables) if name.startswith(("ssl.", "sasl."))
    } == OF_TLS_AND_LOGINS


OF_BROKERS = "it is for brokers, which judge tokens"
SETTING = re.compile(r"\b(?:kafka|kerberos)\.[a-z_]+")


def test_whatever_is_refused_names_settings_that_there_are_or_says_why_there_is_none(
    tables: Rows,
) -> None:
    kinds = dict(tables["kafka"])
    for name, found in kafka_properties().items():
        if found.kind in {"free", "connector"}:
            continue
        named = SETTING.findall(found.why)
        for setting in named:
            assert schema.find(schema.place_of(setting)) is not None, name
        if found.kind in {"setting", "secret"} or kinds[name] == "PASSWORD":
            assert named, name
        # What a login or TLS is made of has a setting, but for what belongs to brokers.
        elif name.startswith(("sasl.", "ssl.")):
            assert named or found.why == OF_BROKERS, name
        else:
            assert found.why, name
