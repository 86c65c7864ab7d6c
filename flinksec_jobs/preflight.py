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
from flinksec_jobs import refusals
from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import jvm

if TYPE_CHECKING:
    from flinksec_jobs.settings import (
        ElasticsearchSettings,
        HdfsSettings,
        KafkaSettings,
        KerberosSettings,
    )

_WAIT_SECONDS = 15
# Nobody waits before a terminal for a JobManager, and a container that starts may be slow: there
# the limits are Kafka's own, a minute.
_WAIT_IN_A_CLUSTER_SECONDS = 75
_CLIENT_LIMITS = {
    "request.timeout.ms": "5000",
    "default.api.timeout.ms": "10000",
    "socket.connection.setup.timeout.ms": "3000",
    "socket.connection.setup.timeout.max.ms": "5000",
    "retries": "2",
}


def check_kafka(
    settings: KafkaSettings, kerberos: KerberosSettings | None, topics: Collection[str]
) -> None:
    """Log in to Kafka and look up the topics.

    Raises:
        JobError: it cannot be reached, refuses the login or the certificate, or lacks a topic.
    """
    properties = kafka_.client_properties(settings, kerberos)
    if not jvm.runs_in_a_cluster():
        properties = properties | _CLIENT_LIMITS
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
    wait = _WAIT_IN_A_CLUSTER_SECONDS if jvm.runs_in_a_cluster() else _WAIT_SECONDS
    try:
        with jvm.translated(f"the Kafka topic {topic}"):
            described = admin.describeTopics(jvm.string_list([topic])).allTopicNames()
            described.get(wait, seconds)
    except JobError as error:
        raise _explained(error, settings) from error


def _explained(error: JobError, settings: KafkaSettings) -> JobError:
    servers = ",".join(settings.bootstrap_servers)
    return refusals.explained(
        error,
        f"Kafka at {servers} cannot be used.",
        refusals.KAFKA,
        otherwise="kafka.bootstrap_servers",
    )


def check_elasticsearch(settings: ElasticsearchSettings, indices: Collection[str]) -> None:
    """Connect to Elasticsearch, check its certificate, log in, and ask for the indices.

    Raises:
        JobError: it cannot be reached or refuses us, or its certificate is refused.
    """
    for index in sorted(indices):
        with jvm.translated("Elasticsearch cannot be asked"):
            check = jvm.view().org.flinksec.elasticsearch.ElasticsearchPreflight.check
            options = elasticsearch_.connection_options(settings) | {"index": index}
            problem = str(check(jvm.string_map(options)) or "")
        if problem:
            raise JobError(problem, hint=refusals.hint_for(problem, refusals.ELASTICSEARCH))


def check_hdfs(settings: HdfsSettings, paths: Collection[str]) -> None:
    """Look up, as the job's principal, the directories that the job writes to.

    Raises:
        JobError: the NameNode cannot be reached or refuses us.
    """
    flink = jvm.view().org.apache.flink.core.fs
    for path in sorted(paths):
        location = flink.Path(settings.uri + path)
        try:
            with jvm.translated(path):
                location.getFileSystem().exists(location)
        except JobError as error:
            raise refusals.explained(
                error,
                f"HDFS at {settings.uri} cannot be used.",
                refusals.HDFS,
                otherwise=f"to_hdfs({path!r}), or hdfs.uri",
            ) from error


def login(settings: KerberosSettings, configuration: Any) -> None:
    """Log the JVM in, as Hadoop's client wants it.

    Raises:
        JobError: the KDC refuses, or cannot be found.
    """
    try:
        jvm.login_to_kerberos(configuration)
    except JobError as error:
        raise refusals.explained(
            error,
            f"no ticket for {settings.principal} with {settings.keytab.path}.",
            refusals.KERBEROS,
            otherwise="kerberos.keytab",
        ) from error
