# SPDX-License-Identifier: Apache-2.0
"""Asks Kafka, before a job is submitted, whether it lets the job in, and do what it will do.

The question goes through the client, and the JVM, that the job itself will use: another client
would prove little about TLS or Kerberos.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flinksec_jobs import refusals
from flinksec_jobs.errors import JobError
from flinksec_jobs.findings import Finding
from flinksec_jobs.kafka import offsets, permissions
from flinksec_jobs.runtime import jvm

if TYPE_CHECKING:
    from flinksec_jobs.logins import Login

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
# A broker that has answered may still have to make its topics of offsets and transactions, as one
# does that has never had a group or a transaction.
_COORDINATOR_SECONDS = 45
_COORDINATOR_LIMITS = {
    "request.timeout.ms": "5000",
    "default.api.timeout.ms": "40000",
    "max.block.ms": "40000",
}


@dataclass(frozen=True)
class Clients:
    """With what Kafka is asked.

    Attributes:
        properties: with which the job's clients connect.
        producer: those of its producers.
        login: who the job is.
        transaction_timeout: for people.
    """

    properties: Mapping[str, str]
    producer: Mapping[str, str]
    login: Login
    transaction_timeout: str


def ask(clients: Clients, about: Sequence[str]) -> list[Finding]:
    """Log in to Kafka, look up topics, and ask for the job's rights.

    Args:
        clients: with what.
        about: topics, and what is done with what, as `permissions.Use` writes it; none asks for the
            login alone.

    Returns:
        The rights that are missing, and limits that are too low.

    Raises:
        JobError: it cannot be reached, refuses the login or the certificate, or lacks a topic.
    """
    uses = [permissions.Use.parse(text) for text in about]
    with _explained(clients):
        with _admin(clients, CLIENT_LIMITS) as admin:
            found = list(_of_topics(admin, clients, uses))
            found += offsets.of_places(admin, _places(uses), _answered)
        if groups := [use for use in uses if use.kind in {"group", "committed"}]:
            with _admin(clients, _COORDINATOR_LIMITS) as admin:
                for use in groups:
                    found += permissions.of_group(admin, use, clients.login, _seconds(longer=True))
                    found += offsets.of_group(admin, use.name, _ends(uses, use.name), _answered)
        for use in uses:
            if use.kind == "transactions":
                producer = dict(clients.producer) | _limits(_COORDINATOR_LIMITS)
                timeout = clients.transaction_timeout
                found += permissions.of_transactions(producer, use, clients.login, timeout)
        return found


@contextmanager
def _admin(clients: Clients, limits: dict[str, str]) -> Iterator[Any]:
    admins = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin
    with jvm.translated("Kafka"):
        given = jvm.properties(dict(clients.properties) | _limits(limits))
        admin = admins.AdminClient.create(given)
    try:
        yield admin
    finally:
        admin.close(jvm.view().java.time.Duration.ZERO)


def _limits(limits: dict[str, str]) -> dict[str, str]:
    return {} if jvm.runs_in_a_cluster() else limits


def _of_topics(admin: Any, clients: Clients, uses: Sequence[permissions.Use]) -> Iterator[Finding]:
    if not uses:
        _answered(lambda: admin.describeCluster().nodes(), "Kafka")
    wanted: dict[str, list[str]] = {}
    for use in uses:
        if use.kind in {"READ", "WRITE", "topic"}:
            wanted.setdefault(use.name, []).append(use.kind)
    for topic, kinds in wanted.items():
        allowed = _allowed(admin, [topic], f"the Kafka topic {topic}")[topic]
        if asked := [kind for kind in kinds if kind != "topic"]:
            yield from permissions.of_topic(topic, asked, allowed, clients.login)
    for use in uses:
        if use.kind == "pattern":
            found = _allowed(
                admin, _matching(admin, use.name), f"the topics that {use.name} matches"
            )
            yield from permissions.of_pattern(use.name, found, clients.login)
    written = [topic for topic, kinds in wanted.items() if "WRITE" in kinds]
    yield from permissions.of_sizes(admin, written, clients.properties, _seconds())


def _places(uses: Sequence[permissions.Use]) -> list[offsets.Place]:
    return [
        *(offsets.Place.parse("start", use.name) for use in uses if use.kind == "start"),
        *(offsets.Place.parse("stop", use.name) for use in uses if use.kind == "stop"),
    ]


def _ends(uses: Sequence[permissions.Use], group: str) -> dict[str, set[offsets.Argument]]:
    """Return the topics that are read from a group's offsets on, or up to them."""
    found: dict[str, set[offsets.Argument]] = {}
    arguments: dict[str, offsets.Argument] = {"start-committed": "start", "stop-committed": "stop"}
    for use in uses:
        topic, _, of = use.name.partition(" ")
        if use.kind in arguments and of == group:
            found.setdefault(topic, set()).add(arguments[use.kind])
    return found


def _allowed(admin: Any, topics: Sequence[str], what: str) -> dict[str, frozenset[str]]:
    """Return what the job may do with topics that exist; brokers say it since Kafka 2.3."""
    if not topics:
        return {}
    admins = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka.clients.admin
    options = admins.DescribeTopicsOptions().includeAuthorizedOperations(True)
    names = jvm.string_list(topics)
    answer = _answered(lambda: admin.describeTopics(names, options).allTopicNames(), what)
    return {
        topic: frozenset(str(one.name()) for one in answer.get(topic).authorizedOperations() or ())
        for topic in topics
    }


def _matching(admin: Any, pattern: str) -> list[str]:
    """Return the topics that the job may describe whose whole names match, as Flink looks."""
    what = f"the topics that {pattern} matches"
    names = _answered(lambda: admin.listTopics().names(), what)
    with jvm.translated(what):
        matches = jvm.view().java.util.regex.Pattern.compile(pattern).asMatchPredicate()
        return sorted(names.stream().filter(matches).toList())


def _answered(asked: Any, what: str) -> Any:
    seconds = jvm.view().java.util.concurrent.TimeUnit.SECONDS
    with jvm.translated(what):
        return asked().get(_seconds(), seconds)


def _seconds(*, longer: bool = False) -> int:
    if jvm.runs_in_a_cluster():
        return _WAIT_IN_A_CLUSTER_SECONDS
    return _COORDINATOR_SECONDS if longer else _WAIT_SECONDS


@contextmanager
def _explained(clients: Clients) -> Iterator[None]:
    try:
        yield
    except JobError as error:
        servers = clients.properties["bootstrap.servers"]
        raise explained(error, servers, clients.login.causes) from error


# What only a login, rights or TLS can have to do with; anything else may be of the job's own.
_OF_KAFKA = re.compile(
    r"\b(?:(?:Sasl|Ssl)AuthenticationException|\w*AuthorizationException|SSLHandshakeException"
    r"|UnsupportedSaslMechanismException)\b"
    r"|\bkafka\.(?:[\w-]+\.)?(?:password|oauth_\w+|client_\w+|ca_certs\w*): "
    r"|\bkerberos\.(?:[\w-]+\.)?ticket_cache: "
    rf"|\b(?:Login|GSS)Exception: {refusals.KDC_AWAY.part}"
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
        f"Kafka at {servers} cannot be used by the running job:",
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
