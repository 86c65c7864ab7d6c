# SPDX-License-Identifier: Apache-2.0
"""What the servers of the sandbox are told leaves no way in without credentials."""

import re
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.sandbox import hdfs_nodes, job_settings, kafka_broker, kafka_logins, realm
from flinksec_jobs.sandbox.layout import Layout
from flinksec_jobs.sandbox.test_ca import Authority, Variant, write_certificates
from flinksec_jobs.settings import load_settings

NAMES = [
    "kdc",
    *kafka_broker.LISTENERS,
    kafka_broker.CONTROLLER,
    kafka_logins.TOKENS,
    *hdfs_nodes.PORTS,
    "elasticsearch",
]
PORTS = {name: 10000 + number for number, name in enumerate(NAMES)}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "box")
    made.make()
    return made


def test_every_listener_of_kafka_asks_who_is_there(layout: Layout) -> None:
    told = kafka_broker.server_properties(layout, PORTS)
    protocols = dict(one.split(":") for one in told["listener.security.protocol.map"].split(","))
    assert set(protocols.values()) == {"SASL_PLAINTEXT", "SASL_SSL", "SSL"}
    assert told["listener.name.ssl.ssl.client.auth"] == "required"
    assert told["allow.everyone.if.no.acl.found"] == "false"
    assert told["super.users"] == "User:kafka"
    assert re.findall(r"//([^:]+):", told["listeners"]) == ["127.0.0.1"] * 4
    assert re.findall(r"//([^:]+):", told["advertised.listeners"]) == ["localhost"] * 3


def test_a_listener_without_tls_offers_nothing_that_would_show_a_password_or_a_token(
    layout: Layout,
) -> None:
    told = kafka_broker.server_properties(layout, PORTS)
    clear = told["listener.name.saslplaintext.sasl.enabled.mechanisms"]
    assert clear == "GSSAPI,SCRAM-SHA-256,SCRAM-SHA-512"
    encrypted = told["listener.name.saslssl.sasl.enabled.mechanisms"]
    assert encrypted == f"{clear},PLAIN,OAUTHBEARER"


def test_there_are_settings_for_each_login_and_their_secrets_stay_from_start_to_start(
    layout: Layout, tmp_path: Path
) -> None:
    kafka_logins.write_secrets(layout)
    before = kafka_logins.password(layout, "flink").read_text()
    kafka_logins.write_secrets(layout)
    assert kafka_logins.password(layout, "flink").read_text() == before
    assert kafka_logins.password(layout, "flink").stat().st_mode & 0o777 == 0o600
    for login in kafka_logins.LOGINS:
        path = tmp_path / "settings.toml"
        path.write_text(job_settings.settings_toml(layout, PORTS, ["kafka"], login=login))
        assert before not in path.read_text()
        kafka = load_settings(path, environ={}).kafka
        assert kafka is not None
        assert kafka.uses_tls


def test_hadoop_encrypts_calls_and_data_with_aes(layout: Layout) -> None:
    hdfs_nodes.write_configuration(layout, PORTS, "store-password")
    site = (layout.hadoop_conf / "hdfs-site.xml").read_text()
    client = (layout.hadoop_client_conf / "hdfs-site.xml").read_text()
    for text in (site, client):
        assert "<name>hadoop.rpc.protection</name><value>privacy</value>" in text
        assert "<name>dfs.data.transfer.protection</name><value>privacy</value>" in text
        assert "<value>AES/CTR/NoPadding</value>" in text
        assert "store-password" not in text
    assert "<value>HTTPS_ONLY</value>" in site


def test_tickets_may_be_made_short(layout: Layout) -> None:
    assert realm.kdc_properties(layout, 88, 60)["kdc.ticket.seconds"] == "60"
    assert "kdc.ticket.seconds" not in realm.kdc_properties(layout, 88, None)


def test_krb5_conf_asks_no_dns_and_no_udp(layout: Layout) -> None:
    realm.write_krb5_conf(layout, 10088)
    text = layout.krb5_conf.read_text()
    for line in ("dns_lookup_kdc = false", "rdns = false", "udp_preference_limit = 1"):
        assert f"  {line}\n" in text
    assert "kdc = localhost:10088" in text


@pytest.mark.parametrize(
    "servers", [["kafka", "hdfs", "elasticsearch"], ["kafka"], ["elasticsearch"], []]
)
def test_the_settings_have_a_section_for_each_server(
    layout: Layout, tmp_path: Path, servers: list[str]
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(job_settings.settings_toml(layout, PORTS, servers))
    loaded = load_settings(path, environ={})
    for name in ("kafka", "hdfs", "elasticsearch"):
        assert (getattr(loaded, name) is not None) == (name in servers)
    assert loaded.kerberos and loaded.kerberos.principal == "flink@SANDBOX.LOCAL"
    assert loaded.state and loaded.state.uri == f"sealed+file://{layout.state}"


@pytest.mark.parametrize(
    ("variant", "name", "trusted", "valid"),
    [
        ("good", "localhost", True, True),
        ("wrong-name", "search.example.com", True, True),
        ("unknown-ca", "localhost", False, True),
        ("expired", "localhost", True, False),
    ],
)
def test_elasticsearch_s_certificate_is_wrong_as_asked_for(
    layout: Layout, variant: Variant, name: str, trusted: bool, valid: bool
) -> None:
    write_certificates(layout, "store-password", variant)
    pem = layout.certificate("elasticsearch.pem").read_bytes()
    ca = x509.load_pem_x509_certificate(layout.certificate("ca.pem").read_bytes())
    certificate = x509.load_pem_x509_certificate(pem)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [name]
    assert (certificate.issuer == ca.subject) == trusted
    assert (certificate.not_valid_after_utc > datetime.now(UTC)) == valid


def test_the_client_certificate_and_its_key_belong_together(layout: Layout) -> None:
    write_certificates(layout, "store-password", "good")
    context = ssl.create_default_context()
    context.load_cert_chain(layout.certificate("flink.pem"), layout.certificate("flink.key"))


def test_no_key_of_an_authority_is_written(layout: Layout) -> None:
    write_certificates(layout, "store-password", "good")
    assert b"PRIVATE KEY" not in layout.certificate("ca.pem").read_bytes()
    assert b"PRIVATE KEY" not in layout.certificate("rogue-ca.pem").read_bytes()
    assert b"PRIVATE KEY" not in Authority.create("another").pem


def test_what_clients_are_told_has_the_host_s_name_and_what_is_bound_the_address(
    tmp_path: Path,
) -> None:
    elsewhere = Layout(tmp_path / "box", "servers.example", "192.0.2.1")
    elsewhere.make()
    broker = kafka_broker.server_properties(elsewhere, PORTS)
    assert set(re.findall(r"//([^:]+):", broker["listeners"])) == {"192.0.2.1"}
    assert set(re.findall(r"//([^:]+):", broker["advertised.listeners"])) == {"servers.example"}
    assert realm.kdc_properties(elsewhere, 88, None)["kdc.host"] == "192.0.2.1"
    settings = job_settings.settings_toml(elsewhere, PORTS, ["kafka", "hdfs", "elasticsearch"])
    assert "localhost" not in settings
    assert 'namenode_principal = "hdfs/servers.example@SANDBOX.LOCAL"' in settings
    write_certificates(elsewhere, "store-password", "good")
    certificate = x509.load_pem_x509_certificate(
        elsewhere.certificate("elasticsearch.pem").read_bytes()
    )
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["servers.example"]
    assert names.get_values_for_type(x509.IPAddress) == []


@pytest.mark.parametrize("host", ["192.0.2.1", "Servers", "a:9093", "", "-a", "a/b", "é"])
def test_what_cannot_stand_in_a_certificate_and_a_principal_is_refused(
    tmp_path: Path, host: str
) -> None:
    with pytest.raises(SandboxError, match="cannot be called") as refusal:
        Layout(tmp_path, host)
    assert "--host" in str(refusal.value.hint)


def test_a_name_is_no_address_to_listen_on(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="cannot listen on 'localhost'") as refusal:
        Layout(tmp_path, bind="localhost")
    assert "--bind" in str(refusal.value.hint)
