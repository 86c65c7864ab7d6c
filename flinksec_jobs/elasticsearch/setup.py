# SPDX-License-Identifier: Apache-2.0
"""What ``elasticsearch.setup`` plans, asked of the servers by the client of the job's sink."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from flinksec_jobs.elasticsearch.asking import asked
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.findings import Finding, note, warning
from flinksec_jobs.index_setup.applying import bring_about, difference
from flinksec_jobs.index_setup.planned import SETTING, Planned, read
from flinksec_jobs.index_setup.setup_requests import Servers
from flinksec_jobs.index_setup.survey import Found, survey
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
    with asked(settings) as ask:
        return bring_about(Servers(ask), planned, overwrite=overwrite)


def compared(settings: Settings) -> list[Found]:
    """Look at what the servers have, and change nothing.

    Raises:
        SettingsError: no such files are named, or one cannot be used.
        JobError: the servers refuse.
    """
    planned = _planned(settings)
    with asked(settings) as ask:
        return survey(Servers(ask), planned)


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
