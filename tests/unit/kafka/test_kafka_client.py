# SPDX-License-Identifier: Apache-2.0
"""The properties with which Kafka's clients connect, as the settings say. No JVM is started."""

from datetime import timedelta
from typing import Any

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.kafka import client, watermarks
from flinksec_jobs.records import record
from flinksec_jobs.settings import Settings, load_settings

KERBEROS = {"principal": "flink@EXAMPLE.COM", "keytab": "file:/etc/flink.keytab"}


@record
class Event:
    id: str
    at: int


def loaded(**options: Any) -> Settings:
    given = {"bootstrap_servers": ["a:1", "b:2"], **options}
    return load_settings(overrides={"kerberos": KERBEROS, "kafka": given}, environ={})


def properties(**options: Any) -> dict[str, str]:
    return client.client_properties(loaded(**options))


def test_by_default_clients_log_in_by_keytab_and_encrypt() -> None:
    made = properties(ca_certs="/etc/ca.pem")
    jaas = made.pop("sasl.jaas.config")
    assert made == {
        "bootstrap.servers": "a:1,b:2",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "GSSAPI",
        "sasl.kerberos.service.name": "kafka",
        "ssl.engine.factory.class": "org.flinksec.logins.ReloadingSslEngineFactory",
        "flinksec.ssl.section": "kafka",
        "ssl.truststore.location": "/etc/ca.pem",
    }
    assert jaas.startswith("com.sun.security.auth.module.Krb5LoginModule required ")
    assert 'keyTab="/etc/flink.keytab" principal="flink@EXAMPLE.COM";' in jaas


@pytest.mark.parametrize(
    ("protocol", "has_sasl", "has_tls"),
    [
        ("SASL_SSL", True, True),
        ("SASL_PLAINTEXT", True, False),
        ("SSL", False, True),
        ("PLAINTEXT", False, False),
    ],
)
def test_each_protocol_has_its_own_properties_and_no_others(
    protocol: str, has_sasl: bool, has_tls: bool
) -> None:
    made = properties(security_protocol=protocol, ca_certs="/etc/ca.pem")
    assert made["security.protocol"] == protocol
    assert any(name.startswith("sasl.") for name in made) is has_sasl
    assert any(name.startswith("ssl.") for name in made) is has_tls


def test_the_name_of_the_brokers_service_is_a_setting() -> None:
    made = properties(kerberos_service_name="broker")
    assert made["sasl.kerberos.service.name"] == "broker"


def test_more_properties_go_through_under_kafka_s_names() -> None:
    made = properties(properties={"linger.ms": 5, "client.id": "me"})
    assert (made["linger.ms"], made["client.id"]) == ("5", "me")


def test_a_job_reads_what_is_committed_unless_the_settings_say_otherwise() -> None:
    made = client.consumer_properties(loaded())
    assert made.pop("isolation.level") == "read_committed"
    assert made == client.client_properties(loaded())
    otherwise = loaded(properties={"isolation.level": "read_uncommitted"})
    assert client.consumer_properties(otherwise)["isolation.level"] == "read_uncommitted"


def test_a_producer_s_transactions_end_before_the_brokers_limit() -> None:
    assert client.producer_properties(loaded())["transaction.timeout.ms"] == "900000"
    shorter = loaded(transaction_timeout="1 min")
    made = client.producer_properties(shorter)
    assert made.pop("transaction.timeout.ms") == "60000"
    assert made.pop("batch.size") == "65536"
    assert made == client.client_properties(shorter)


def test_a_producer_fills_larger_batches_than_kafka_s_own_unless_the_settings_say_else() -> None:
    assert client.producer_properties(loaded())["batch.size"] == "65536"
    assert "batch.size" not in client.consumer_properties(loaded())
    otherwise = loaded(properties={"batch.size": "1024"})
    assert client.producer_properties(otherwise)["batch.size"] == "1024"


def test_an_event_time_that_is_no_field_is_refused_with_the_fields() -> None:
    time = watermarks.EventTime("when", timedelta(seconds=5), timedelta(minutes=1))
    with pytest.raises(SettingsError, match="event_time='when' is not a field of Event") as caught:
        watermarks.of_source(Event, time)
    assert caught.value.hint == (
        'its fields are id, at; in from_kafka, "kafka-timestamp" is the timestamp of the record'
    )


@pytest.mark.parametrize(("out_of_orderness", "idleness"), [(-1, 60), (5, 0), (5, -1)])
def test_times_that_make_no_watermarks_are_refused(out_of_orderness: int, idleness: int) -> None:
    with pytest.raises(SettingsError, match=r"out_of_orderness=.*, idleness=.*: the first must"):
        watermarks.EventTime("at", timedelta(seconds=out_of_orderness), timedelta(seconds=idleness))
