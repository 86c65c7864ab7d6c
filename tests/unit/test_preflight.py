# SPDX-License-Identifier: Apache-2.0
"""What a server's refusal means in terms of settings. The JVM is replaced by hand."""

from types import SimpleNamespace
from typing import Any

import pytest

from flinksec_jobs import elasticsearch, preflight
from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import ElasticsearchSettings, KafkaSettings, load


@pytest.fixture
def kafka() -> KafkaSettings:
    given = {"bootstrap_servers": ["a:1", "b:2"], "security_protocol": "SSL"}
    return load(overrides={"kafka": given}, environ={}).need(KafkaSettings)


@pytest.mark.parametrize(
    ("cause", "setting"),
    [
        ("LoginException: no key", "kerberos.keytab"),
        ("KrbException: Checksum failed", "kerberos.keytab"),
        ("KrbException: Server not found in Kerberos database", "kafka.kerberos_service_name"),
        ("SaslAuthenticationException: refused", "kerberos.keytab"),
        ("SslAuthenticationException: handshake failed", "kafka.ca_certs"),
        ("SSLHandshakeException: PKIX path building failed", "kafka.ca_certs"),
        ("UnknownTopicOrPartitionException: none", "topic"),
        ("TopicAuthorizationException: not authorized", "topic, or kerberos.principal"),
        ("GroupAuthorizationException: not authorized", "kerberos.principal"),
        ("TimeoutException: timed out", "kafka.bootstrap_servers"),
        ("ConfigException: No resolvable bootstrap urls given", "kafka.bootstrap_servers"),
    ],
)
def test_a_refusal_of_kafka_names_the_setting_and_the_way_out(
    kafka: KafkaSettings, cause: str, setting: str
) -> None:
    told = preflight._explained(JobError(f"Kafka: {cause}"), kafka)
    assert told.message == f"{setting}: Kafka at a:1,b:2 cannot be used. Kafka: {cause}"
    assert told.hint


def test_any_other_refusal_of_kafka_names_the_servers(kafka: KafkaSettings) -> None:
    told = preflight._explained(JobError("OddException: odd"), kafka)
    assert told.message == (
        "kafka.bootstrap_servers: Kafka at a:1,b:2 cannot be used. OddException: odd"
    )


@pytest.mark.parametrize("problem", [None, "elasticsearch.ca_certs: the certificate is unknown"])
def test_elasticsearch_is_asked_with_the_sink_s_own_options(
    monkeypatch: pytest.MonkeyPatch, problem: str | None
) -> None:
    asked: list[Any] = []

    def check(options: dict[str, str]) -> str | None:
        asked.append(options)
        return problem

    package = SimpleNamespace(ElasticsearchPreflight=SimpleNamespace(check=check))
    org = SimpleNamespace(flinksec=SimpleNamespace(elasticsearch=package))
    monkeypatch.setattr(jvm, "view", lambda: SimpleNamespace(org=org))
    monkeypatch.setattr(jvm, "string_map", dict)
    given = {"hosts": ["https://a:1"], "ca_certs": "/ca.pem"}
    settings = load(overrides={"elasticsearch": given}, environ={}).need(ElasticsearchSettings)
    if problem is None:
        preflight.check_elasticsearch(settings, ["flights"])
    else:
        with pytest.raises(JobError) as caught:
            preflight.check_elasticsearch(settings, ["flights"])
        assert caught.value.message == problem
    (options,) = asked
    assert options.items() >= elasticsearch.connection_options(settings).items()
    assert options["ca_certs"] == "/ca.pem"
    assert options["index"] == "flights"
