# SPDX-License-Identifier: Apache-2.0
"""Ask each server, before the job is submitted, whether it will take what the job is to send.

The questions go through the clients, and the JVM, that the job itself will use: a check with
another client would prove little about TLS or Kerberos.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from flinksec_jobs import elasticsearch as elasticsearch_
from flinksec_jobs import kafka as kafka_
from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import jvm

if TYPE_CHECKING:
    from flinksec_jobs.settings import (
        ElasticsearchSettings,
        HdfsSettings,
        KafkaSettings,
        KerberosSettings,
    )

_SHADED = "org.apache.flink.kafka.shaded.org.apache.kafka"
_WAIT_SECONDS = 15
_CLIENT_LIMITS = {
    "request.timeout.ms": "5000",
    "default.api.timeout.ms": "10000",
    "socket.connection.setup.timeout.ms": "3000",
    "socket.connection.setup.timeout.max.ms": "5000",
    "retries": "2",
}

# What the Kafka client's exceptions mean in terms of settings: part of the exception's text, the
# setting, what to do.
_KAFKA_CAUSES = (
    (
        "LoginException",
        "kerberos.keytab",
        "Check principal and keytab with klist -k, and that "
        "the KDC in kerberos.krb5_conf can be reached.",
    ),
    (
        "Checksum failed",
        "kerberos.keytab",
        "The keytab's key is not the principal's: export it again from the KDC.",
    ),
    (
        "Server not found in Kerberos",
        "kafka.kerberos_service_name",
        "The KDC knows no service of this name on the broker's host.",
    ),
    (
        "SaslAuthenticationException",
        "kerberos.keytab",
        "The broker refused the ticket; its log says why.",
    ),
    (
        "SslAuthenticationException",
        "kafka.ca_certs",
        "The broker's certificate is not signed by "
        "a CA in this file, has expired, or names another host.",
    ),
    (
        "SSLHandshakeException",
        "kafka.ca_certs",
        "The broker's certificate is not signed by a CA "
        "in this file, has expired, or names another host.",
    ),
    ("UnknownTopicOrPartition", "topic", "Create it first: the library creates no topics."),
    (
        "AuthorizationException",
        "kerberos.principal",
        "The principal has a ticket but not the "
        "rights: it needs READ or WRITE and DESCRIBE on the topic.",
    ),
    (
        "Timeout",
        "kafka.bootstrap_servers",
        "Is the broker up, and is this the listener of kafka.security_protocol?",
    ),
    ("No resolvable bootstrap urls", "kafka.bootstrap_servers", "A host name cannot be resolved."),
)


def check_kafka(
    settings: KafkaSettings, kerberos: KerberosSettings | None, topics: Collection[str]
) -> None:
    """Log in to Kafka and look up the topics.

    Raises:
        JobError: it cannot be reached, refuses the login or the certificate, or lacks a topic.
    """
    properties = kafka_.client_properties(settings, kerberos) | _CLIENT_LIMITS
    clients = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin
    try:
        with jvm.translated("Kafka"):
            admin = clients.AdminClient.create(jvm.properties(properties))
    except JobError as error:
        raise _explained(error, settings) from error
    try:
        for topic in sorted(topics):
            _describe(admin, topic, settings)
    finally:
        admin.close(jvm.view().java.time.Duration.ZERO)


def _describe(admin: Any, topic: str, settings: KafkaSettings) -> None:
    seconds = jvm.view().java.util.concurrent.TimeUnit.SECONDS
    try:
        with jvm.translated(f"the Kafka topic {topic}"):
            described = admin.describeTopics(jvm.string_list([topic])).allTopicNames()
            described.get(_WAIT_SECONDS, seconds)
    except JobError as error:
        raise _explained(error, settings) from error


def _explained(error: JobError, settings: KafkaSettings) -> JobError:
    servers = ",".join(settings.bootstrap_servers)
    for part, setting, hint in _KAFKA_CAUSES:
        if part in error.message:
            return JobError(
                f"{setting}: Kafka at {servers} cannot be used. {error.message}", hint=hint
            )
    return JobError(f"kafka.bootstrap_servers: {servers} cannot be used. {error.message}")


def check_elasticsearch(settings: ElasticsearchSettings) -> None:
    """Connect to Elasticsearch, check its certificate, and log in.

    Raises:
        JobError: it cannot be reached or refuses us, or its certificate is refused.
    """
    with jvm.translated("Elasticsearch cannot be asked"):
        check = jvm.view().org.flinksec.elasticsearch.ElasticsearchPreflight.check
        # The connection is asked about, but the sink's settings want an index too.
        options = elasticsearch_.connection_options(settings) | {"index": "any"}
        problem = check(jvm.string_map(options))
    if problem:
        raise JobError(str(problem))


def check_hdfs(settings: HdfsSettings, paths: Collection[str]) -> None:
    """Look up, as the job's principal, the directories that the job writes to.

    Raises:
        JobError: the NameNode cannot be reached or refuses us.
    """
    flink = jvm.view().org.apache.flink.core.fs
    for path in sorted(paths):
        location = flink.Path(settings.uri + path)
        with jvm.translated(f"hdfs.uri: {settings.uri}{path} cannot be used as kerberos.principal"):
            location.getFileSystem().exists(location)
