# SPDX-License-Identifier: Apache-2.0
"""What ``elasticsearch.setup`` plans, asked of the servers by the client of the job's sink."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from flinksec_jobs import parsing, refusals
from flinksec_jobs.elasticsearch.connection import connection_options
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.findings import Finding, note, warning
from flinksec_jobs.index_setup.applying import bring_about, difference
from flinksec_jobs.index_setup.planned import SETTING, Planned, read
from flinksec_jobs.index_setup.setup_requests import Answer, Servers
from flinksec_jobs.index_setup.survey import Found, survey
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import ElasticsearchSettings
from flinksec_jobs.uses import Question

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings

_MISSING = note("elasticsearch-setup-missing", "a job makes something when it starts")
_CHANGES = warning("elasticsearch-setup-changes", "a job changes something when it starts")


def questions(settings: Settings) -> tuple[Question, ...]:
    """Return the question whether the servers have what the settings plan; none if they do not."""
    section = settings.elasticsearch
    if section is None or section.setup is None:
        return ()
    question = Question(
        id="elasticsearch-setup",
        label="Elasticsearch has what elasticsearch.setup says",
        setting=SETTING,
        ask=partial(_ask, settings),
    )
    return (question,)


def comparison(settings: Settings) -> tuple[Question, ...]:
    """Return the same question of who changes nothing, such as the doctor."""
    return tuple(replace(one, ask=partial(_compare, settings)) for one in questions(settings))


def applied(settings: Settings, *, overwrite: bool) -> list[tuple[Planned, str]]:
    """Make what is missing on the servers; see `bring_about`.

    Raises:
        SettingsError: no such files are named, or one cannot be used.
        JobError: something differs, or the servers refuse.
    """
    planned = _planned(settings)
    with _asked(settings) as servers:
        return bring_about(servers, planned, overwrite=overwrite)


def compared(settings: Settings) -> list[Found]:
    """Look at what the servers have, and change nothing.

    Raises:
        SettingsError: no such files are named, or one cannot be used.
        JobError: the servers refuse.
    """
    planned = _planned(settings)
    with _asked(settings) as servers:
        return survey(servers, planned)


def _ask(settings: Settings, _: Sequence[str]) -> Iterable[Finding]:
    overwrite = settings.need(ElasticsearchSettings).on_difference == "apply"
    applied(settings, overwrite=overwrite)
    return ()


def _compare(settings: Settings, _: Sequence[str]) -> Iterator[Finding]:
    changes = settings.need(ElasticsearchSettings).on_difference == "apply"
    for found in compared(settings):
        if not found.is_there:
            yield _MISSING.at(
                found.planned.where,
                f"the {found.planned} is not on the servers",
                fix="start the job, which makes it, or run `flinksec elasticsearch apply`",
            )
        elif found.differences:
            told = difference(found)
            yield _CHANGES.at(told.where, told.why, fix=told.fix) if changes else told


def _planned(settings: Settings) -> list[Planned]:
    directory = settings.need(ElasticsearchSettings).setup
    if directory is None:
        raise SettingsError(
            f"the settings do not say {SETTING}",
            hint=f'set {SETTING} = "elasticsearch/", a directory with files such as '
            "index-template.flights.json",
        )
    return read(directory)


@contextmanager
def _asked(settings: Settings) -> Iterator[Servers]:
    with jvm.translated("Elasticsearch cannot be asked"):
        requests = jvm.view().org.flinksec.elasticsearch.connection.Requests.of(
            jvm.string_map(connection_options(settings))
        )
    try:
        yield Servers(partial(_send, requests))
    finally:
        requests.close()


def _send(requests: Any, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
    try:
        with jvm.translated(""):
            sent = "" if body is None else json.dumps(body)
            status, said = map(str, requests.send(method, path, sent))
    except JobError as error:
        told = error.message.removeprefix(": ")
        raise refusals.named(
            told, refusals.ELASTICSEARCH, otherwise="elasticsearch.hosts"
        ) from error
    try:
        return Answer(int(status), parsing.json_value(said))
    except parsing.ParseError:
        return Answer(int(status), None)
