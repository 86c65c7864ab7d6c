# SPDX-License-Identifier: Apache-2.0
"""What the connectors ask their servers, and the rights on what a job would use there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from flinksec_jobs.doctor.checks import Answer, Check, NotAskedError
from flinksec_jobs.doctor.kerberos_checks import id_of
from flinksec_jobs.doctor.network_checks import endpoints
from flinksec_jobs.doctor.patient import Patient
from flinksec_jobs.doctor.servers import Server
from flinksec_jobs.doctor.wanted import Wanted, split
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.findings import Where
from flinksec_jobs.refusals import REFUSED
from flinksec_jobs.settings import Settings
from flinksec_jobs.uses import Question


def checks(server: Server, patient: Patient) -> Iterator[Check]:
    """Yield whether a server lets the job in, and to what it is to use there."""
    settings, wanted = patient.settings, patient.wanted
    if server.section != "kafka":
        if getattr(settings, server.section) is None:
            raise NotAskedError(f"the settings have no section [{server.section}]")
        yield from _of(server, patient, settings, wanted)
        return
    if not settings.clusters:
        raise NotAskedError("the settings have no section [kafka]")
    for cluster in settings.clusters:
        yield from _of(server, patient, settings.on_kafka(cluster), wanted.of_cluster(cluster))
    for topic in wanted.unknown_clusters(settings.clusters):
        _, cluster = split(topic)
        about = f"the cluster of the topic {topic}"
        yield Check("kafka-cluster", about, partial(_no_cluster, settings, cluster), REFUSED)


def _no_cluster(settings: Settings, cluster: str | None) -> Answer:
    settings.on_kafka(cluster)
    raise AssertionError("it is there")


def _of(server: Server, patient: Patient, settings: Settings, wanted: Wanted) -> Iterator[Check]:
    name = settings.kafka_cluster if server.section == "kafka" else None
    before = [f"files-{settings.spelling.setting(server.section)}"]
    if server.needs_ticket(settings):
        before.append(
            id_of("kerberos-login", settings.spelling.setting("kerberos").partition(".")[2])
        )
    connect = id_of(f"{server.section}-connect", name)
    question = server.question(settings, *server.any)
    yield _check(server, patient, connect, question, before, named=())
    for item in server.wanted(wanted):
        yield _check(
            server,
            patient,
            id_of(f"{server.section}-{server.item}", name),
            server.question(settings, item),
            [*before, connect],
            then=partial(server.rights, settings, wanted, item),
        )
    for other in server.others(settings, wanted):
        yield _check(server, patient, id_of(other.id, name), other, [*before, connect])
    for kind, label, about in server.more(settings, wanted):
        yield _check(
            server,
            patient,
            id_of(f"{server.section}-{kind}", name),
            replace(server.question(settings, about), label=label),
            [*before, connect],
            named=(),
        )


def _check(
    server: Server,
    patient: Patient,
    name: str,
    question: Question,
    before: Sequence[str],
    *,
    named: Sequence[str] | None = None,
    then: Callable[[], Answer] = Answer,
) -> Check:
    """Make a check of a connector's question.

    Args:
        server: is asked.
        patient: has the JVM.
        name: the id of the check.
        question: what is asked.
        before: the checks without which it is not asked.
        named: what is shown to be asked about, if it is not what is asked about.
        then: asks for the rights, if the question has a good answer.
    """

    def ask() -> Answer:
        patient.jvm()
        _refuse_unreachable(patient, question.setting)
        if server.needs_hadoop(patient.settings):
            patient.hadoop_login()
        if named is None:
            _refuse_names(server, question.about)
        found = tuple(question.ask(question.about))
        return Answer(findings=found) if found else then()

    shown = ", ".join(question.about if named is None else named)
    label = f"{question.label}: {shown}" if shown else question.label
    return Check(name, label, ask, REFUSED, question.setting, tuple(before))


def _refuse_names(server: Server, names: Sequence[str]) -> None:
    """Judge names as a job does, whose servers may have never heard of them."""
    for name in names:
        try:
            server.check_name(name)
        except SettingsError as error:
            where = Where(object=f"{server.item} {name}")
            found = [server.wrong_name.of(error, where)]
            raise SettingsError(error.message, hint=error.hint, findings=found) from error


def _refuse_unreachable(patient: Patient, setting: str) -> None:
    """Do not wait for servers of which none takes a connection."""
    servers = [one for one in endpoints(patient.settings) if one.setting == setting]
    if servers and patient.unreached[setting.rpartition(".")[0]] == len(servers):
        raise NotAskedError("tls.endpoint failed")
