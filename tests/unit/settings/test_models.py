# SPDX-License-Identifier: Apache-2.0
"""What each section accepts, refuses and derives. Values reach it as `load` hands them on."""

import pickle
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.settings import (
    ElasticsearchSettings,
    HdfsSettings,
    KafkaSettings,
    KerberosSettings,
    PythonSettings,
    Settings,
    StateSettings,
    load_settings,
)

KERBEROS = {"principal": "flink@EXAMPLE.COM", "keytab": "file:/etc/flink.keytab"}
KAFKA = {"bootstrap_servers": ["kafka-0:9092"]}
ELASTICSEARCH = {"hosts": ["https://search:9200"]}
STATE = {"directory": "/mnt/state", "keys": "/etc/keys"}


def loaded(**sections: Any) -> Settings:
    return load_settings(overrides={"kerberos": KERBEROS, **sections}, environ={})


def refused(message: str, **sections: Any) -> None:
    with pytest.raises(SettingsError, match=message):
        loaded(**sections)


def test_without_anything_there_are_only_defaults() -> None:
    settings = load_settings(environ={})
    assert (settings.kerberos, settings.kafka, settings.state) == (None, None, None)
    assert settings.job.parallelism == 1
    assert settings.job.resume is None
    assert settings.python.execution_mode == "thread"
    assert settings.flink == {}


def test_the_short_way_is_the_secure_way() -> None:
    settings = loaded(
        kafka=KAFKA, elasticsearch=ELASTICSEARCH, state=STATE, hdfs={"uri": "hdfs://name:8020"}
    )
    assert settings.kerberos
    assert settings.kerberos.krb5_conf == Path("/etc/krb5.conf")
    assert settings.kafka
    assert settings.kafka.security_protocol == "SASL_SSL"
    assert settings.kafka.transaction_timeout == timedelta(minutes=15)
    assert settings.elasticsearch
    assert settings.elasticsearch.verification == "full"
    assert settings.hdfs
    assert (settings.hdfs.rpc_protection, settings.hdfs.data_transfer_protection) == (
        "privacy",
        "privacy",
    )
    assert settings.state
    assert settings.state.sealed is True
    assert settings.state.uri == "sealed+file:///mnt/state"
    assert settings.state.checkpoint_interval == timedelta(seconds=10)


def test_settings_are_frozen_and_can_be_pickled() -> None:
    settings = loaded(kafka=KAFKA)
    with pytest.raises(ValidationError):
        settings.job.parallelism = 2
    copy = pickle.loads(pickle.dumps(settings))
    assert copy == settings
    assert copy.origin("kafka.bootstrap_servers") == "argument"


def test_need_returns_a_section_and_names_one_that_is_missing() -> None:
    settings = loaded(kafka=KAFKA)
    assert settings.need(KafkaSettings) is settings.kafka
    assert settings.need(PythonSettings) is settings.python
    with pytest.raises(SettingsError, match=r"no section \[hdfs\]"):
        settings.need(HdfsSettings)


def test_kerberos_is_demanded_by_what_uses_it() -> None:
    for sections in ({"kafka": KAFKA}, {"hdfs": {"uri": "hdfs://name"}}):
        with pytest.raises(SettingsError, match=r"kerberos.*: is missing, and .* needs it"):
            load_settings(overrides=sections, environ={})
    load_settings(overrides={"kafka": {**KAFKA, "security_protocol": "SSL"}}, environ={})


@pytest.mark.parametrize("principal", ["flink", "flink@", "@R", "a b@R", "a@b@R", ""])
def test_a_principal_has_a_realm(principal: str) -> None:
    refused("kerberos.principal", kerberos={**KERBEROS, "principal": principal})


@pytest.mark.parametrize("server", ["kafka-0.example.com:9092", "10.0.0.1:1", "[::1]:9092"])
def test_a_bootstrap_server_is_host_and_port(server: str) -> None:
    kafka = loaded(kafka={"bootstrap_servers": [server]}).need(KafkaSettings)
    assert kafka.bootstrap_servers == (server,)


@pytest.mark.parametrize(
    "server",
    ["kafka", "kafka:0", "kafka:65536", "kafka:x", "a,b:1", ":9092", "u:p@h:1", "", "h:1/"],
)
def test_anything_else_is_refused_as_a_bootstrap_server(server: str) -> None:
    refused(r"kafka.bootstrap_servers\[1\]", kafka={"bootstrap_servers": ["a:1", server]})


def test_an_empty_list_of_servers_is_refused() -> None:
    refused("kafka.bootstrap_servers", kafka={"bootstrap_servers": []})
    refused("elasticsearch.hosts", elasticsearch={"hosts": []})


@pytest.mark.parametrize("section", [("kafka", KAFKA), ("elasticsearch", ELASTICSEARCH)])
def test_client_certificate_and_key_go_together(section: tuple[str, dict[str, Any]]) -> None:
    name, given = section
    refused(f"{name}.client_key.*client_cert needs it", **{name: {**given, "client_cert": "/c"}})
    refused(
        f"{name}.client_cert.*client_key needs it", **{name: {**given, "client_key": "file:/k"}}
    )
    loaded(**{name: {**given, "client_cert": "/c", "client_key": "file:/k"}})


@pytest.mark.parametrize(
    "key",
    ["ssl.keystore.password", "sasl.jaas.config", "ssl.keystore.key", "X.PASSWORD", "a.secret"],
)
def test_kafka_properties_hold_no_secret(key: str) -> None:
    with pytest.raises(SettingsError, match=f"kafka.properties.{key}.*secret") as caught:
        loaded(kafka={**KAFKA, "properties": {key: "hunter2"}})
    assert "hunter2" not in str(caught.value)


def test_kafka_properties_do_not_repeat_a_setting() -> None:
    refused(
        "kafka.properties.security.protocol.*use kafka.security_protocol",
        kafka={**KAFKA, "properties": {"security.protocol": "PLAINTEXT"}},
    )


def test_kafka_properties_become_text_and_nested_tables_dotted_names() -> None:
    properties = {
        "max": {"poll": {"records": 5}},
        "enable.metrics.push": False,
        "sasl.kerberos.ticket.renew.jitter": 0.5,
    }
    kafka = loaded(kafka={**KAFKA, "properties": properties}).need(KafkaSettings)
    assert kafka.properties == {
        "max.poll.records": "5",
        "enable.metrics.push": "false",
        "sasl.kerberos.ticket.renew.jitter": "0.5",
    }


@pytest.mark.parametrize("uri", ["hdfs://name:8020", "hdfs://nameservice", "hdfs://name:8020/"])
def test_an_hdfs_uri_names_a_file_system(uri: str) -> None:
    assert loaded(hdfs={"uri": uri}).need(HdfsSettings).uri == uri.rstrip("/")


@pytest.mark.parametrize("uri", ["name:8020", "hdfs:///flights", "hdfs://name/flights", "http://n"])
def test_anything_else_is_refused_as_an_hdfs_uri(uri: str) -> None:
    refused("hdfs.uri", hdfs={"uri": uri})


@pytest.mark.parametrize(
    ("directory", "uri"),
    [
        ("/mnt/a b", "sealed+file:///mnt/a b"),
        ("file:///mnt/state/", "sealed+file:///mnt/state"),
        ("file:/mnt/state", "sealed+file:///mnt/state"),
        ("sealed+file:///mnt/state", "sealed+file:///mnt/state"),
        ("hdfs://name:8020/state", "sealed+hdfs://name:8020/state"),
    ],
)
def test_state_goes_to_a_sealed_uri(directory: str, uri: str) -> None:
    assert loaded(state={**STATE, "directory": directory}).need(StateSettings).uri == uri


@pytest.mark.parametrize("directory", ["", "s3://bucket/x", "file://mnt/state", "hdfs://name", "/"])
def test_anything_else_is_refused_as_a_state_directory(directory: str) -> None:
    refused("state.directory", state={**STATE, "directory": directory})


def test_a_native_cipher_is_named_and_its_directory_is_for_it_alone() -> None:
    assert loaded(state=STATE).need(StateSettings).cipher == "jdk"
    native = {**STATE, "cipher": "conscrypt", "native_directory": "/run/native"}
    assert loaded(state=native).need(StateSettings).native_directory == Path("/run/native")
    refused("state.cipher", state={**STATE, "cipher": "accp"})
    refused(
        'state.native_directory.*is for state.cipher = "conscrypt"',
        state={**STATE, "native_directory": "/run/native"},
    )


def test_sealed_state_needs_keys_and_unsealed_state_is_spelled_out() -> None:
    refused("state.keys.*is missing", state={"directory": "/mnt/state"})
    plain = {"directory": "/mnt/state", "sealed": False}
    assert loaded(state=plain).need(StateSettings).uri == "file:///mnt/state"
    refused("state.sealed", state={"directory": "sealed+file:///a", "sealed": False, "keys": "/k"})


@pytest.mark.parametrize("interval", ["0 s", 0, "0.1 ms"])
def test_a_checkpoint_interval_is_positive(interval: str | int) -> None:
    refused("state.checkpoint_interval", state={**STATE, "checkpoint_interval": interval})


def test_flink_options_pass_through() -> None:
    options = {
        "rest": {"port": 8081},
        "security.delegation.tokens.enabled": False,
        "python.fn-execution.bundle.size": "50",
        "a.ratio": 0.5,
    }
    assert loaded(flink=options).flink == {
        "rest.port": 8081,
        "security.delegation.tokens.enabled": False,
        "python.fn-execution.bundle.size": "50",
        "a.ratio": 0.5,
    }


@pytest.mark.parametrize(
    "key", ["security.ssl.rest.key-password", "my.secret", "fs.s3a.access.token", "x.apikey"]
)
def test_flink_options_hold_no_secret(key: str) -> None:
    with pytest.raises(SettingsError, match=f"flink.{re.escape(key)}.*secret") as caught:
        loaded(flink={key: "hunter2"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "setting"),
    [
        ("execution.checkpointing.dir", "state.directory"),
        ("state.checkpoints.dir", "state.directory"),
        ("flinksec.sealed.keys", "state.keys"),
        ("security.kerberos.login.keytab", "kerberos.keytab"),
        ("parallelism.default", "job.parallelism"),
    ],
)
def test_flink_options_do_not_repeat_a_setting(key: str, setting: str) -> None:
    refused(f"flink.{re.escape(key)}.*use {setting}", flink={key: "x"})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("execution.checkpointing.file-merging.enabled", True),
        ("execution.checkpointing.file-merging.enabled", "TRUE"),
        ("execution.checkpointing.savepoint-dir", "file:///mnt/savepoints"),
        ("high-availability.storageDir", "file:///mnt/ha"),
    ],
)
def test_flink_options_do_not_go_past_the_seal(key: str, value: object) -> None:
    refused(f"flink.{re.escape(key)}", state=STATE, flink={key: value})
    loaded(state={"directory": "/mnt/state", "sealed": False}, flink={key: value})


def test_flink_options_may_name_other_sealed_directories() -> None:
    loaded(
        state=STATE,
        flink={
            "execution.checkpointing.file-merging.enabled": False,
            "high-availability.storageDir": "sealed+file:///mnt/ha",
        },
    )


@pytest.mark.parametrize(
    ("section", "setting"),
    [
        ({"kerberos": {**KERBEROS, "keytab": "hunter2"}}, "kerberos.keytab"),
        ({"kafka": {**KAFKA, "client_key": "hunter2"}}, "kafka.client_key"),
        ({"elasticsearch": {**ELASTICSEARCH, "api_key": "hunter2"}}, "elasticsearch.api_key"),
        ({"elasticsearch": {**ELASTICSEARCH, "password": 12345}}, "elasticsearch.password"),
        ({"kafka": {**KAFKA, "group_id": ["hunter2"]}}, "kafka.group_id"),
        ({"kafka": "hunter2"}, "kafka"),
        ({"flink": {"a": ["hunter2"]}}, "flink.a"),
    ],
)
def test_no_error_repeats_what_may_be_a_secret(section: dict[str, Any], setting: str) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(**section)
    assert setting in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "12345" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_secrets_are_shown_as_references_only() -> None:
    settings = loaded(
        elasticsearch={**ELASTICSEARCH, "username": "u", "password": "file:/run/password"}
    )
    assert "<SECRET file:/run/password>" in repr(settings)
    assert settings.dump()["elasticsearch"]["password"] == "<SECRET file:/run/password>"
    found = settings.need(ElasticsearchSettings)
    assert found.password == SecretFile(Path("/run/password"))


def test_a_dump_is_plain_data() -> None:
    assert loaded(state=STATE, flink={"a": 1}).dump() == {
        "kerberos": {
            "principal": "flink@EXAMPLE.COM",
            "keytab": "<SECRET file:/etc/flink.keytab>",
            "krb5_conf": "/etc/krb5.conf",
        },
        "state": {
            "directory": "file:///mnt/state",
            "keys": "/etc/keys",
            "sealed": True,
            "checkpoint_interval": "10 s",
            "backend": "hashmap",
            "cipher": "jdk",
        },
        "python": {
            "execution_mode": "thread",
            "batch_records": 1000,
            "batch_bytes": 1024 * 1024,
            "batch_wait": "5 ms",
        },
        "job": {
            "parallelism": 1,
            "accept": [],
            "max_skipped_in_a_row": 100,
            "max_dead_letters": 1000,
            "dead_letter_window": "1 h",
        },
        "sql": {"connectors": []},
        "flink": {"a": 1},
    }


def test_a_section_can_be_given_as_a_model() -> None:
    kerberos = KerberosSettings(principal="a@R", keytab=SecretFile(Path("/k")))
    assert load_settings(overrides={"kerberos": kerberos}, environ={}).kerberos == kerberos


@pytest.mark.parametrize("mechanism", ["SKEY", "CRAM-MD5", "gssapi", 1])
def test_another_mechanism_of_sasl_is_said_not_to_be_supported(mechanism: Any) -> None:
    refused(
        r"kafka.sasl_mechanism.*must be .*GSSAPI.*: no other mechanism of SASL is supported\. "
        r'.*security_protocol = "SSL"',
        kafka=KAFKA | {"sasl_mechanism": mechanism},
    )
