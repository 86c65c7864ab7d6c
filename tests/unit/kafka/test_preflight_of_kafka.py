# SPDX-License-Identifier: Apache-2.0
"""What Kafka's refusal means in terms of settings."""

import pytest

from flinksec_jobs import logins
from flinksec_jobs.errors import JobError
from flinksec_jobs.kafka import preflight
from flinksec_jobs.settings import load_settings

GSSAPI = logins.mechanism("GSSAPI").causes


@pytest.mark.parametrize(
    ("cause", "setting"),
    [
        ("LoginException: no key", "kerberos.keytab"),
        ("LoginException: no KDC answers (ConnectException: refused)", "kerberos.krb5_conf"),
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
def test_a_refusal_of_kafka_names_the_setting_and_the_way_out(cause: str, setting: str) -> None:
    told = preflight.explained(JobError(f"Kafka: {cause}"), "a:1,b:2", GSSAPI)
    (found,) = told.findings
    assert str(found) == f"{setting}: Kafka at a:1,b:2 cannot be used. Kafka: {cause}"
    assert told.hint


def test_any_other_refusal_of_kafka_names_the_servers() -> None:
    told = preflight.explained(JobError("OddException: odd"), "a:1,b:2", GSSAPI)
    assert told.message == (
        "kafka.bootstrap_servers: Kafka at a:1,b:2 cannot be used. OddException: odd [refused]"
    )


@pytest.mark.parametrize(
    ("said", "setting"),
    [
        ("SaslAuthenticationException: Authentication failed", "kafka.password"),
        ("kafka.password: there is no file /p", "kafka.password"),
        ("SSLHandshakeException: Received fatal alert: certificate_expired", "kafka.client_cert"),
        ("TopicAuthorizationException: Not authorized", "topic, or kafka.username"),
        ("ValueError: a password: SaslException, Timeout, expired", None),
        ("TimeoutException: the job's own", None),
    ],
)
def test_a_running_job_that_kafka_refuses_is_told_by_setting_and_no_other_failure_is(
    said: str, setting: str | None
) -> None:
    causes = logins.mechanism("PLAIN").causes
    told = preflight.while_it_runs(JobError(f"the job t failed: {said}"), "a:1", causes)
    assert (told and told.message.partition(": ")[0]) == setting


def test_a_running_job_without_a_good_ticket_is_told_by_the_cache() -> None:
    said = "the job t failed: LoginException: kerberos.ticket_cache: the file /t holds no ticket"
    settings = load_settings(
        overrides={
            "kerberos": {"principal": "a@R", "ticket_cache": "/t"},
            "kafka": {"bootstrap_servers": ["a:1"]},
        },
        environ={},
    )
    told = preflight.while_it_runs(JobError(said), "a:1", logins.of(settings).causes)
    assert told is not None
    assert told.message.startswith(
        "kerberos.ticket_cache: Kafka at a:1 cannot be used by the running job"
    )
    assert told.message.count("kerberos.ticket_cache") == 1


@pytest.mark.parametrize("login", [{"keytab": "file:/k"}, {"ticket_cache": "/t"}])
@pytest.mark.parametrize(
    "said",
    [
        "LoginException: no KDC answers (ConnectException: Connection refused)",
        "GSSException: no KDC answers (SocketTimeoutException: Receive timed out)",
    ],
)
def test_a_running_job_whose_kdc_is_away_is_told_where_the_kdc_is_named(
    login: dict[str, str], said: str
) -> None:
    settings = load_settings(
        overrides={
            "kerberos": {"principal": "a@R"} | login,
            "kafka": {"bootstrap_servers": ["a:1"]},
        },
        environ={},
    )
    causes = logins.of(settings).causes
    told = preflight.while_it_runs(JobError(f"the job t failed: {said}"), "a:1", causes)
    assert told is not None
    assert told.message.startswith("kerberos.krb5_conf: ") and said in told.message
    assert "[kdc-not-reached]" in told.message
    assert "the realm of kerberos.principal" in (told.hint or "")
