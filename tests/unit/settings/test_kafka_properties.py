# SPDX-License-Identifier: Apache-2.0
"""[kafka.properties] is an allow-list: what is not known to weaken nothing is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.settings import KafkaSettings, load_settings, schema
from flinksec_jobs.settings.kafka_properties import kafka_properties
from flinksec_jobs.settings.secret_names import holds_secret
from flinksec_jobs.settings.weak import weaknesses

KERBEROS = {"principal": "flink@EXAMPLE.COM", "keytab": "file:/k"}


USER = {"username": "me", "password": "file:/password"}
TOKENS = {
    "sasl_mechanism": "OAUTHBEARER",
    "oauth_token_endpoint": "https://a/token",
    "oauth_client_id": "flights",
    "oauth_client_secret": "file:/secret",
}


def with_properties(properties: dict[str, Any], **kafka: Any) -> KafkaSettings:
    section = {"bootstrap_servers": ["k:1"], "properties": properties, **kafka}
    given_ = {"kerberos": KERBEROS, "kafka": section}
    return load_settings(overrides=given_, environ={}).need(KafkaSettings)


def refusal(name: str, value: str = "x") -> str:
    with pytest.raises(SettingsError) as caught:
        with_properties({name: value})
    assert caught.value.message.startswith(f"kafka.properties.{name} (argument): ")
    return caught.value.message


@pytest.mark.parametrize(
    "name",
    [
        "ssl.engine.factory.class",
        "ssl.trustmanager.algorithm",
        "ssl.keymanager.algorithm",
        "ssl.provider",
        "ssl.secure.random.implementation",
        "security.providers",
        "sasl.login.class",
        "sasl.login.callback.handler.class",
        "sasl.client.callback.handler.class",
        "sasl.kerberos.kinit.cmd",
        "sasl.oauthbearer.assertion.file",
        "sasl.oauthbearer.jwt.retriever.class",
        "interceptor.classes",
        "metric.reporters",
        "config.providers",
        "key.deserializer",
        "value.serializer",
        "partitioner.class",
        "enable.auto.commit",
        "auto.offset.reset",
    ],
)
def test_what_replaces_code_or_what_the_job_decides_cannot_be_set(name: str) -> None:
    assert "cannot be set: " in refusal(name)


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("Ssl.Truststore.Location", "ssl.truststore.location"),
        ("ssl.truststore.location ", "ssl.truststore.location"),
        ("max.pol.records", "max.poll.records"),
        ("config.providers.file.class", "config.providers"),
        ("auto.include.jmx.reporter", "metric.reporters"),
    ],
)
def test_an_unknown_name_is_refused_with_what_was_probably_meant(name: str, guess: str) -> None:
    assert "is no property of Kafka's clients" in (message := refusal(name))
    assert guess in message or name == "auto.include.jmx.reporter"


@pytest.mark.parametrize("name", ["client.id", "client.rack", "client.id.prefix"])
@pytest.mark.parametrize("value", ["${file:/etc/hostname:}", "a${env:HOME}", "${d:/etc:password}"])
def test_a_value_refers_to_nothing(name: str, value: str) -> None:
    message = refusal(name, value)
    assert "refers to a file or a variable by ${…}" in message
    assert value not in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ssl.protocol", "TLSv1"),
        ("ssl.protocol", "TLS"),
        ("ssl.enabled.protocols", "TLSv1.2,TLSv1.1"),
        ("ssl.cipher.suites", "TLS_RSA_WITH_AES_128_CBC_SHA"),
        ("ssl.cipher.suites", ""),
        ("ssl.endpoint.identification.algorithm", "ldaps"),
        ("ssl.endpoint.identification.algorithm", "HTTPS "),
        ("ssl.endpoint.identification.algorithm", " https "),
        ("ssl.endpoint.identification.algorithm", "https,"),
        ("ssl.endpoint.identification.algorithm", ","),
        ("ssl.endpoint.identification.algorithm", " "),
        ("isolation.level", "committed"),
    ],
)
def test_a_weak_or_unknown_value_is_refused(name: str, value: str) -> None:
    assert "holds a value that is weak or unknown; there are" in refusal(name, value)


def test_what_tunes_a_client_goes_through() -> None:
    properties = {
        "linger.ms": "5",
        "ssl.enabled.protocols": "TLSv1.3, TLSv1.2",
        "ssl.cipher.suites": "TLS_AES_256_GCM_SHA384",
        "partition.discovery.interval.ms": "1000",
        "sasl.kerberos.min.time.before.relogin": "60000",
    }
    assert with_properties(properties).properties == properties


@given(st.text(max_size=30), st.text(max_size=10))
def test_nothing_goes_through_but_what_the_list_allows(name: str, value: str) -> None:
    try:
        found = with_properties({name: value}).properties
    except SettingsError:
        return
    assert all(kafka_properties()[key].kind in {"free", "connector"} for key in found)


@pytest.mark.parametrize(
    ("name", "value", "effect"),
    [
        ("ssl.endpoint.identification.algorithm", "", "may have any host name"),
        (
            "client.dns.lookup",
            "resolve_canonical_bootstrap_servers_only",
            "may have the host name that the reverse DNS of its address gives",
        ),
        ("acks", "0", "may lose what was written"),
        ("acks", "1", "may lose what was written"),
        (
            "isolation.level",
            "read_uncommitted",
            "gives records of transactions that are aborted, or not yet committed",
        ),
    ],
)
def test_a_weaker_value_that_may_be_set_is_announced(name: str, value: str, effect: str) -> None:
    section = {"bootstrap_servers": ["k:1"], "properties": {name: value}}
    settings = load_settings(overrides={"kerberos": KERBEROS, "kafka": section}, environ={})
    (found,) = weaknesses(settings)
    assert (found.severity, found.where.setting) == ("warning", f"kafka.properties.{name}")
    assert found.why == f"with {value or repr('')}, Kafka at k:1 {effect}"


def test_the_list_names_settings_that_exist_and_calls_each_secret_one() -> None:
    names = {setting.name for setting in schema.settings()}
    for found in kafka_properties().values():
        if found.kind == "setting":
            assert found.why in names, found
        elif found.kind in {"free", "connector"}:
            assert not holds_secret(found.name), found
            assert not found.name.endswith((".class", ".classes", "providers", "reporters"))
        else:
            assert found.why, found


def test_zookeeper_is_announced_as_what_it_is() -> None:
    cluster = {"high_availability": "zookeeper", "zookeeper_quorum": ["z:2181"]}
    state = {"directory": "/s", "keys": "/k"}
    (line,) = weaknesses(load_settings(overrides={"cluster": cluster, "state": state}, environ={}))
    assert str(line) == (
        "cluster.high_availability (set by argument): with zookeeper, ZooKeeper at z:2181 is "
        "neither encrypted nor authenticated, and tells a JobManager which job and checkpoint are "
        "its own"
    )


@pytest.mark.parametrize(
    ("setting", "value", "login"),
    [
        ("kerberos_service_name", "kafka-eu", {"sasl_mechanism": "SCRAM-SHA-512", **USER}),
        ("username", "me", {}),
        ("password", "file:/password", {"security_protocol": "SSL"}),
        ("oauth_scope", "kafka", {"sasl_mechanism": "PLAIN", **USER}),
        ("kerberos_service_name", "kafka-eu", {"security_protocol": "PLAINTEXT"}),
    ],
)
def test_a_setting_of_a_login_that_is_not_chosen_is_refused(
    setting: str, value: str, login: dict[str, str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        with_properties({}, **login, **{setting: value})
    told = caught.value.message
    assert f"kafka.{setting} (argument): has no effect: it is for kafka.sasl_mechanism = " in told


@pytest.mark.parametrize(
    ("name", "login", "why"),
    [
        ("sasl.kerberos.min.time.before.relogin", {"security_protocol": "SSL"}, "not by Kerberos"),
        ("ssl.protocol", {"security_protocol": "SASL_PLAINTEXT"}, "there is no TLS"),
    ],
)
def test_a_property_of_what_is_not_used_is_refused(
    name: str, login: dict[str, str], why: str
) -> None:
    value = "TLSv1.3" if name.startswith("ssl.") else "1000"
    assert with_properties({name: value}).properties == {name: value}
    with pytest.raises(SettingsError, match=f"{name}.*has no effect.*{why}"):
        with_properties({name: value}, **login)


@pytest.mark.parametrize(
    ("setting", "value", "key"),
    [
        ("oauth_token_endpoint", "https://a/token?client_secret=hunter2", "client_secret"),
        ("oauth_token_endpoint", "https://a/token?v=1&code=hunter2", "code"),
        ("oauth_token_endpoint", "https://a/token?api%2Dkey=hunter2", "api-key"),
        ("oauth_extensions", {"password": "hunter2"}, "password"),
        ("oauth_extensions", {"idToken": "hunter2"}, "idToken"),
    ],
)
def test_no_setting_of_a_login_puts_a_secret_into_the_job(
    setting: str, value: Any, key: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        with_properties({}, **TOKENS | {setting: value})
    assert f"kafka.{setting} (argument): has a value for {key}, which would be a secret" in (
        caught.value.message
    )
    assert "hunter2" not in str(caught.value)


def test_an_address_with_parameters_and_extensions_without_secrets_are_taken() -> None:
    extensions = {"logicalCluster": "lkc-1", "identityPoolId": "pool-2"}
    url = "https://a/token?api-version=2018-02-01&resource=kafka"
    found = with_properties(
        {}, **TOKENS | {"oauth_token_endpoint": url}, oauth_extensions=extensions
    )
    assert found.model_dump()["oauth_token_endpoint"] == url


def test_the_options_of_oauth_lead_to_the_settings_of_the_library() -> None:
    name = "sasl.oauthbearer.token.endpoint.url"
    assert "use kafka.oauth_token_endpoint" in refusal(name, "https://a/token")


def test_what_renews_a_login_by_keytab_is_refused_where_the_login_is_by_tickets() -> None:
    tickets = {"principal": "flink@EXAMPLE.COM", "ticket_cache": "file:/tickets"}
    for name, known in kafka_properties().items():
        if name.startswith("sasl.kerberos.") and known.kind == "free":
            section = {"bootstrap_servers": ["k:1"], "properties": {name: "1"}}
            for given_, place in (
                ({"kafka": section, "kerberos": tickets}, "kafka"),
                (
                    {
                        "kafka": {"east": {**section, "kerberos": "mine"}},
                        "kerberos": {"mine": tickets},
                    },
                    "kafka.east",
                ),
            ):
                with pytest.raises(SettingsError) as caught:
                    load_settings(overrides=given_, environ={})
                assert f"{place}.properties.{name} (argument): has no effect" in str(caught.value)
