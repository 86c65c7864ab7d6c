# SPDX-License-Identifier: Apache-2.0
"""What the metrics of a process watch, by its settings."""

from typing import Any

from flinksec_jobs.monitoring import watched
from flinksec_jobs.monitoring.catalogue import label_in_rest
from flinksec_jobs.settings import Settings, load_settings


def settings(**sections: Any) -> Settings:
    return load_settings(overrides=sections, environ={})


KAFKA = {"bootstrap_servers": ["kafka:9093"]}
KERBEROS = {"principal": "flink@EXAMPLE.COM", "keytab": "file:/etc/flink.keytab"}


def test_all_certificates_and_logins_that_the_settings_name_are_watched() -> None:
    told = settings(
        kerberos=KERBEROS,
        kafka=KAFKA | {"ca_certs": "/ca.p12", "ca_certs_password": "file:/password"},
        elasticsearch={
            "hosts": ["https://search:9200"],
            "ca_certs": "/search.pem",
            "client_cert": "/own.pem",
            "client_key": "file:/own.key",
        },
        hdfs={"uri": "hdfs://namenode:8020"},
    )
    assert list(watched.of_job(told)) == [
        "trusted\tkafka.ca_certs\t/ca.p12\t/password",
        "trusted\telasticsearch.ca_certs\t/search.pem\t",
        "own\telasticsearch.client_cert\t/own.pem\t",
        "keytab\tkerberos\tflink@EXAMPLE.COM\t/etc/flink.keytab",
    ]


def test_each_cluster_of_kafka_is_watched_under_its_own_name() -> None:
    told = settings(
        kerberos=KERBEROS,
        kafka=KAFKA | {"ca_certs": "/one.pem", "east": KAFKA | {"ca_certs": "/east.pem"}},
    )
    lines = list(watched.of_job(told))
    assert "trusted\tkafka.ca_certs\t/one.pem\t" in lines
    assert "trusted\tkafka.east.ca_certs\t/east.pem\t" in lines


def test_each_label_is_found_again_in_the_name_that_flinks_rest_makes_of_it() -> None:
    east = KERBEROS | {"principal": "east@EXAMPLE.COM"}
    told = settings(
        kerberos=KERBEROS | {"a_b": east},
        kafka=KAFKA
        | {
            "ca_certs": "/one.pem",
            "a_b": KAFKA
            | {
                "kerberos": "a_b",
                "ca_certs": "/b.pem",
                "client_cert": "/c.pem",
                "client_key": "file:/c.key",
            },
        },
        elasticsearch={"hosts": ["https://search:9200"], "ca_certs": "/search.pem"},
        schema_registry={"urls": ["https://registry:8081"], "ca_certs": "/registry.pem"},
        hdfs={
            "uri": "hdfs://namenode:8020",
            "ca_certs": "/hdfs.pem",
            "kms_urls": ["https://kms:9600/kms"],
        },
        cluster={"metrics": {"prometheus": "mutual-tls"}},
    )
    lines = [*watched.of_job(told), *watched.of_process(told, "jobmanager")]
    labels = {line.split("\t")[1] for line in lines}
    assert {"kafka.a_b.client_cert", "kerberos.a_b", "cluster.tls.internal (trusted)"} <= labels
    assert len(labels) > 10
    for label in labels:
        assert watched.setting_of(label_in_rest(label)) == label


def test_what_is_not_used_is_not_watched() -> None:
    told = settings(
        kafka=KAFKA | {"security_protocol": "PLAINTEXT", "ca_certs": "/ca.pem"},
        elasticsearch={
            "hosts": ["http://search:9200"],
            "verification": "none",
            "ca_certs": "/search.pem",
        },
    )
    assert list(watched.of_job(told)) == []


def test_only_the_jobmanager_watches_the_certificate_of_rest() -> None:
    told = settings(cluster={"metrics": {"prometheus": "mutual-tls"}})
    of_rest = [line for line in watched.of_process(told, "jobmanager") if "tls.rest" in line]
    assert len(of_rest) == 2
    lines = list(watched.of_process(told, "taskmanager"))
    assert not any("tls.rest" in line for line in lines)
    assert "own\tcluster.metrics.tls\t/etc/flinksec/tls/metrics/tls.crt\t" in lines
    internal = "/etc/flinksec/tls/internal"
    assert f"own\tcluster.tls.internal\t{internal}/keystore.p12\t{internal}/password" in lines
    plain = settings(cluster={"metrics": {"prometheus": "plain"}})
    assert not any("metrics" in line for line in watched.of_process(plain, "taskmanager"))


def test_tickets_of_a_person_are_watched_in_a_local_run() -> None:
    told = settings(
        kerberos={"principal": "flink@EXAMPLE.COM", "ticket_cache": "file:/tmp/krb5cc_1"},
        kafka=KAFKA,
    )
    assert "tickets\tkerberos\tflink@EXAMPLE.COM\t/tmp/krb5cc_1" in list(watched.of_job(told))
