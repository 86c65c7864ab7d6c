# SPDX-License-Identifier: Apache-2.0
"""What the connectors ask their servers, and the rights on what a job would use there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from flinksec_jobs.doctor.checks import Answer, Check, NotAskedError
from flinksec_jobs.doctor.network_checks import endpoints
from flinksec_jobs.doctor.patient import Patient
from flinksec_jobs.doctor.servers import Server
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.findings import Where
from flinksec_jobs.refusals import REFUSED
from flinksec_jobs.uses import Question


def checks(server: Server, patient: Patient) -> Iterator[Check]:
    """Yield whether a server lets the job in, and to what it is to use there."""
    settings = patient.settings
    if getattr(settings, server.section) is None:
        raise NotAskedError(f"the settings have no section [{server.section}]")
    before = [f"files-{server.section}"]
    if server.needs_ticket(settings):
        before.append("kerberos-login")
    connect = f"{server.section}-connect"
    question = server.question(settings, *server.any)
    yield _check(server, patient, connect, question, before, named=())
    for name in server.wanted(patient.wanted):
        yield _check(
            server,
            patient,
            f"{server.section}-{server.item}",
            server.question(settings, name),
            [*before, connect],
            then=partial(server.rights, settings, patient.wanted, name),
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
    if servers and patient.unreached[setting.partition(".")[0]] == len(servers):
        raise NotAskedError("tls.endpoint failed")
