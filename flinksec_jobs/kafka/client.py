# SPDX-License-Identifier: Apache-2.0
"""What any Kafka client of a job is told by the settings, and what a job needs for one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from flinksec_jobs import kafka_tls, logins
from flinksec_jobs.errors import JobError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.findings import Finding
from flinksec_jobs.kafka import preflight
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.settings import KafkaSettings, format_duration
from flinksec_jobs.uses import Question, Use

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings

# Kafka's own 16 KiB make so many requests, each with its TLS, that client and broker work half as
# much again for a small record; none waits longer for that than linger.ms, which stays.
_BATCH_SIZE = str(64 * 1024)
_ON_LOST_OFFSETS = "flinksec.on.lost.offsets"  # read by org.flinksec.kafka.LosslessSource


def clients(settings: Settings, jar_sets: Iterable[str] = ()) -> Use:
    """Return what a job needs for Kafka clients of its own, whatever they read or write.

    Args:
        settings: of one cluster, as `Settings.on_kafka` gives them.
        jar_sets: those that the records' formats need.
    """
    kafka = settings.need(KafkaSettings)
    login = logins.of(settings)
    sections = {"kafka", *login.sections}
    needed = ["flink-kafka", *jar_sets]

    def explain(error: JobError) -> JobError | None:
        servers = ",".join(kafka.bootstrap_servers)
        told = preflight.while_it_runs(error, servers, login.causes)
        if told is not None and settings.spelling.sections:
            found = list(settings.spelling.findings(told.findings))
            text = settings.spelling.text
            told = JobError(text(told.message), hint=text(told.hint or ""), findings=found)
        return told

    return Use(
        f"Kafka{of_cluster(settings)}",
        jars=lambda: [jar for name in needed for jar in artifacts.jars(name)],
        files=lambda: check_files(settings, sections=sections),
        explain=explain,
    )


def of_all_clusters(settings: Settings) -> Use:
    """Return what Kafka clients need, whichever of the settings' clusters they ask."""
    return clients(settings.on_kafka(next(iter(settings.clusters), None)))


def of_cluster(settings: Settings) -> str:
    """Return what follows the name of a topic that is not of ``[kafka]``: `` of east``.

    No topic's name has a blank, so in names of operators and in checkpoints two clusters' topics
    are two.
    """
    return f" of {settings.kafka_cluster}" if settings.kafka_cluster else ""


def question(settings: Settings, *about: str) -> Question:
    """Return the question whether Kafka lets the job in, and do what it will do there.

    Args:
        settings: of one cluster, as `Settings.on_kafka` gives them.
        about: topics; or what is done with what, as `permissions.Use` writes it.
    """

    def ask(about: Sequence[str]) -> Iterable[Finding]:
        kafka = settings.need(KafkaSettings)
        with settings.spelling.told():
            clients = preflight.Clients(
                client_properties(settings),
                producer_properties(settings),
                logins.of(settings),
                format_duration(kafka.transaction_timeout),
            )
            return list(settings.spelling.findings(preflight.ask(clients, about)))

    cluster = settings.kafka_cluster
    return Question(
        id=f"kafka-topics-{cluster}" if cluster else "kafka-topics",
        label=f"Kafka{of_cluster(settings)} lets the job in, and has its topics",
        setting=settings.spelling.setting("kafka.bootstrap_servers"),
        ask=ask,
        about=about,
    )


def client_properties(settings: Settings) -> dict[str, str]:
    """Return the properties with which any Kafka client of the job connects; they hold no secret.

    Raises:
        SettingsError: a section that is needed is missing.
    """
    kafka = settings.need(KafkaSettings)
    properties = dict(kafka.properties)
    properties["bootstrap.servers"] = ",".join(kafka.bootstrap_servers)
    properties["security.protocol"] = kafka.security_protocol
    section = settings.spelling.setting("kafka")
    with settings.spelling.told():
        properties |= logins.of(settings).properties()
        if kafka.uses_tls:
            properties |= kafka_tls.connector_properties(kafka, section)
    return properties


def consumer_properties(settings: Settings) -> dict[str, str]:
    """Return the properties of a client that reads what is committed, unless the settings say else.

    Kafka's own default gives out what transactions wrote that were aborted since: of a job that
    writes exactly once, and of a replay of dead letters, that is twice.
    """
    given = {"isolation.level": "read_committed"} | client_properties(settings)
    if settings.need(KafkaSettings).on_lost_offsets == "earliest":
        given[_ON_LOST_OFFSETS] = "earliest"
    return given


def producer_properties(settings: Settings) -> dict[str, str]:
    """Return the properties of a client that also writes in transactions."""
    # Flink's own default of one hour is beyond what a broker allows (15 minutes).
    timeout = settings.need(KafkaSettings).transaction_timeout // timedelta(milliseconds=1)
    given = {"batch.size": _BATCH_SIZE} | client_properties(settings)
    return given | {"transaction.timeout.ms": str(timeout)}
