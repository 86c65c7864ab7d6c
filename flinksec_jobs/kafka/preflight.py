# SPDX-License-Identifier: Apache-2.0
"""Asks Kafka, before a job is submitted, whether it lets the job in and has its topics.

The question goes through the client, and the JVM, that the job itself will use: another client
would prove little about TLS or Kerberos.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flinksec_jobs import refusals
from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import jvm

_WAIT_SECONDS = 15
# Nobody waits before a terminal for a JobManager, and a container that starts may be slow: there
# the limits are Kafka's own, a minute.
_WAIT_IN_A_CLUSTER_SECONDS = 75
CLIENT_LIMITS = {
    "request.timeout.ms": "5000",
    "default.api.timeout.ms": "10000",
    "socket.connection.setup.timeout.ms": "3000",
    "socket.connection.setup.timeout.max.ms": "5000",
    "retries": "2",
}


def ask(
    properties: Mapping[str, str], topics: Sequence[str], login: Sequence[refusals.Cause]
) -> None:
    """Log in to Kafka and look up the topics.

    Args:
        properties: with which the job's clients connect.
        topics: none asks for the login alone.
        login: what refusals of the login mean.

    Raises:
        JobError: it cannot be reached, refuses the login or the certificate, or lacks a topic.
    """
    servers = properties["bootstrap.servers"]
    given = dict(properties)
    if not jvm.runs_in_a_cluster():
        given |= CLIENT_LIMITS
    clients = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin
    try:
        with jvm.translated("Kafka"):
            admin = clients.AdminClient.create(jvm.properties(given))
    except JobError as error:
        raise explained(error, servers, login) from error
    try:
        if not topics:
            _answered(lambda: admin.describeCluster().nodes(), "Kafka", servers, login)
        for topic in topics:
            _answered(
                lambda topic=topic: admin.describeTopics(jvm.string_list([topic])).allTopicNames(),
                f"the Kafka topic {topic}",
                servers,
                login,
            )
    finally:
        admin.close(jvm.view().java.time.Duration.ZERO)


def _answered(asked: Any, what: str, servers: str, login: Sequence[refusals.Cause]) -> None:
    seconds = jvm.view().java.util.concurrent.TimeUnit.SECONDS
    wait = _WAIT_IN_A_CLUSTER_SECONDS if jvm.runs_in_a_cluster() else _WAIT_SECONDS
    try:
        with jvm.translated(what):
            asked().get(wait, seconds)
    except JobError as error:
        raise explained(error, servers, login) from error


# What only a login, rights or TLS can have to do with; anything else may be of the job's own.
_OF_KAFKA = re.compile(
    r"\b(?:(?:Sasl|Ssl)AuthenticationException|\w*AuthorizationException|SSLHandshakeException"
    r"|UnsupportedSaslMechanismException)\b"
    r"|\bkafka\.(?:[\w-]+\.)?(?:password|oauth_\w+|client_\w+|ca_certs\w*): "
)


def while_it_runs(
    error: JobError, servers: str, login: Sequence[refusals.Cause]
) -> JobError | None:
    """Return why a job failed in terms of settings, if a client of Kafka was refused.

    Returns:
        ``None`` if it failed of something else.
    """
    if not _OF_KAFKA.search(error.message):
        return None
    return refusals.explained(
        error,
        f"Kafka at {servers} refuses the running job:",
        (*login, *refusals.KAFKA),
        otherwise="kafka.bootstrap_servers",
    )


def explained(error: JobError, servers: str, login: Sequence[refusals.Cause]) -> JobError:
    """Return what a client of Kafka said in terms of settings."""
    return refusals.explained(
        error,
        f"Kafka at {servers} cannot be used.",
        (*login, *refusals.KAFKA),
        otherwise="kafka.bootstrap_servers",
    )
