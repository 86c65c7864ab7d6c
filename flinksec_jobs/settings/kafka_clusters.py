# SPDX-License-Identifier: Apache-2.0
"""Several clusters of Kafka in one job: which there are, who the job is there, what is wrong.

A cluster is named by ``[kafka.NAME]``, ``None`` for ``[kafka]``. It logs in by ``[kerberos]``, or
by the ``[kerberos.NAME]`` that its setting ``kerberos`` names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from flinksec_jobs.logins import chosen_login
from flinksec_jobs.settings.named_sections import wrong_names

if TYPE_CHECKING:
    from flinksec_jobs.settings.kafka import KafkaSettings
    from flinksec_jobs.settings.kerberos_login import KerberosSettings
    from flinksec_jobs.settings.models import Settings


def clusters(settings: Settings) -> tuple[str | None, ...]:
    """Return the clusters by their names, that of ``[kafka]`` first."""
    return (*((None,) if settings.kafka else ()), *settings.kafka_clusters)


def kerberos_sections(settings: Settings) -> dict[str, KerberosSettings]:
    """Return what says who the job is: ``kerberos``, ``kerberos.east``."""
    plain = {"kerberos": settings.kerberos} if settings.kerberos else {}
    return plain | {
        section_name("kerberos", name): found for name, found in settings.kerberos_logins.items()
    }


def section_name(section: str, name: str | None) -> str:
    """Return how a section is written: ``kafka``, ``kafka.east``."""
    return section if name is None else f"{section}.{name}"


def kafka_of(settings: Settings, cluster: str | None) -> KafkaSettings:
    """Return the section of one of `clusters`."""
    found = settings.kafka if cluster is None else settings.kafka_clusters[cluster]
    assert found is not None  # noqa: S101  `clusters` has it
    return found


def login_of(kafka: KafkaSettings) -> str | None:
    """Return which ``[kerberos.NAME]`` a cluster chooses; ``None`` for ``[kerberos]``."""
    name: str | None = getattr(kafka, "kerberos", None)
    return name


def contradictions(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield (setting, problem): names, logins that are chosen, logins that nothing chooses."""
    yield from wrong_names("kafka", settings.kafka_clusters)
    yield from wrong_names("kerberos", settings.kerberos_logins)
    chosen = set()
    for cluster in clusters(settings):
        login = login_of(kafka_of(settings, cluster))
        chosen.add(login)
        if login is not None and login not in settings.kerberos_logins:
            yield (
                f"{section_name('kafka', cluster)}.kerberos",
                f'is "{login}", and there is no section [kerberos.{login}]',
            )
            continue
        view = settings.on_kafka(cluster)
        for setting, problem in chosen_login(view).contradictions(view):
            yield view.spelling.setting(setting), view.spelling.text(problem)
    for name in settings.kerberos_logins:
        if name not in chosen:
            yield (
                f"kerberos.{name}",
                f'has no effect: set kerberos = "{name}" in a section [kafka.NAME]',
            )


def contradictions_in_a_cluster(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield what the processes of a Flink cluster cannot put together, as a local run does."""
    for section, found in kerberos_sections(settings).items():
        if found.ticket_cache is not None:
            yield (
                f"{section}.ticket_cache",
                "is for a person's own machine, and nobody renews its tickets in a cluster: set "
                f"{section}.keytab",
            )
    yield from _two_files_of_kdcs(kerberos_sections(settings))


def _two_files_of_kdcs(sections: Mapping[str, KerberosSettings]) -> Iterator[tuple[str, str]]:
    first = next(iter(sections), "")
    for section, found in sections.items():
        if found.krb5_conf != sections[first].krb5_conf:
            yield (
                f"{section}.krb5_conf",
                f"must name the same file as {first}.krb5_conf in a cluster, where each JVM reads "
                "one: put all realms into it, or a line `include` with the path of the other",
            )
