# SPDX-License-Identifier: Apache-2.0
"""Which hosts a diagnosis looks up: all that the settings name, the KDCs included."""

from __future__ import annotations

from pathlib import Path

import pytest

from flinksec_jobs.doctor.network_checks import endpoints, kdcs
from flinksec_jobs.settings import load_settings

KRB5_CONF = """
[libdefaults]
  default_realm = ELSEWHERE.TEST
[realms]
  ELSEWHERE.TEST = {
    kdc = other.test
  }
  REALM.TEST = {
    kdc = one.test:88
    kdc = tcp/two.test
    admin_server = admin.test
  }
"""


def test_every_server_of_the_settings_is_an_endpoint(tmp_path: Path) -> None:
    krb5_conf = tmp_path / "krb5.conf"
    krb5_conf.write_text(KRB5_CONF)
    sections = {
        "kerberos": {"principal": "a@REALM.TEST", "keytab": "/a", "krb5_conf": krb5_conf},
        "kafka": {"bootstrap_servers": ["one.kafka.test:9093", "[::1]:9093"]},
        "elasticsearch": {
            "hosts": ["https://search.test/prefix", "https://search.test:9201/prefix"]
        },
        "hdfs": {
            "uri": "hdfs://namenode.test:8020",
            "kms_urls": ["https://kms.test:9600/kms"],
            "archive": {"uri": "hdfs://cold", "namenodes": ["nn1.test:8021", "[::1]:8022"]},
        },
    }
    found = [
        (one.setting, str(one)) for one in endpoints(load_settings(overrides=sections, environ={}))
    ]
    assert found == [
        ("kerberos.krb5_conf", "one.test:88"),
        ("kerberos.krb5_conf", "two.test"),
        ("kafka.bootstrap_servers", "one.kafka.test:9093"),
        ("kafka.bootstrap_servers", "::1:9093"),
        ("elasticsearch.hosts", "search.test:443"),
        ("elasticsearch.hosts", "search.test:9201"),
        ("hdfs.uri", "namenode.test:8020"),
        ("hdfs.kms_urls", "kms.test:9600"),
        ("hdfs.archive.namenodes", "nn1.test:8021"),
        ("hdfs.archive.namenodes", "::1:8022"),
    ]


def test_behind_a_proxy_it_alone_is_an_endpoint() -> None:
    proxy = {"proxy": "http://proxy.test:3128"}
    sections = {
        "elasticsearch": {"hosts": ["https://search.test:9200"], **proxy},
        "schema_registry": {"urls": ["https://registry.test:8081"], **proxy},
    }
    found = [
        (one.setting, str(one)) for one in endpoints(load_settings(overrides=sections, environ={}))
    ]
    assert found == [
        ("elasticsearch.proxy", "proxy.test:3128"),
        ("schema_registry.proxy", "proxy.test:3128"),
    ]


def test_the_name_of_a_name_service_is_no_host() -> None:
    sections = {
        "kerberos": {"principal": "a@REALM.TEST", "keytab": "/a", "krb5_conf": "/absent"},
        "hdfs": {"uri": "hdfs://cluster"},
    }
    assert list(endpoints(load_settings(overrides=sections, environ={}))) == []


@pytest.mark.parametrize("text", ["", "[realms]\n", "include /etc/krb5.conf.d\n"])
def test_a_krb5_conf_without_the_realm_names_no_kdc(tmp_path: Path, text: str) -> None:
    (tmp_path / "krb5.conf").write_text(text)
    assert list(kdcs(tmp_path / "krb5.conf", "a@REALM.TEST")) == []


def test_who_gives_tokens_is_an_endpoint_too(tmp_path: Path) -> None:
    kafka = {
        "bootstrap_servers": ["one.test:9093"],
        "sasl_mechanism": "OAUTHBEARER",
        "oauth_token_endpoint": "https://login.test/token",
        "oauth_client_id": "flink",
        "oauth_client_secret": f"file:{tmp_path}/secret",
    }
    found = [str(one) for one in endpoints(load_settings(overrides={"kafka": kafka}, environ={}))]
    assert found == ["one.test:9093", "login.test:443"]
