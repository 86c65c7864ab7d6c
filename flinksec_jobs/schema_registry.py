# SPDX-License-Identifier: Apache-2.0
"""The schema registry: settings to the client that formats have of it in the JVM.

What a job needs of it is registered by `client`, and by formats with questions of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from flinksec_jobs import refusals
from flinksec_jobs.errors import JobError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.findings import Finding, Where, warning
from flinksec_jobs.https import jvm_options
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import SchemaRegistrySettings
from flinksec_jobs.uses import Question, Use

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings

_NO_SUBJECT = warning("subject-without-schema", "a subject that is read has no schema yet")

# What the client in the JVM says of settings and schemas, not of records.
_OF_REGISTRY = re.compile(r"\bschema_registry\.|the schema registry at \S+ refuses the schema")

Asked = Callable[[], tuple[str, Sequence[str]]]
"""Asks the registry; returns what is wrong, empty for nothing, and the subjects it lacks."""


def client(settings: Settings) -> Use:
    """Return what a job needs that asks the schema registry, whatever about."""
    settings.need(SchemaRegistrySettings)
    return Use(
        "the schema registry",
        files=lambda: check_files(settings, sections={"schema_registry"}),
        explain=_while_it_runs,
    )


def _while_it_runs(error: JobError) -> JobError | None:
    """Return why a job failed in terms of settings; None if not of the schema registry."""
    if not _OF_REGISTRY.search(error.message):
        return None
    return refusals.explained(
        error,
        "the schema registry fails the running job:",
        refusals.SCHEMA_REGISTRY,
        otherwise="schema_registry.urls",
    )


def question(settings: Settings, *_: str) -> Question:
    """Return the question whether the schema registry lets the job in."""

    def login() -> tuple[str, Sequence[str]]:
        registry = jvm.string_map(options(settings.need(SchemaRegistrySettings)))
        return str(jvm.view().org.flinksec.schemaregistry.RegistryPreflight.login(registry)), ()

    return Question(
        id="schema-registry",
        label="the schema registry lets the job in",
        setting="schema_registry.urls",
        ask=lambda _: answered(login),
    )


def answered(asked: Asked) -> Iterable[Finding]:
    """Yield what an answer of the registry is worth a warning about.

    Raises:
        JobError: something is wrong.
    """
    with jvm.translated("the schema registry cannot be asked"):
        problem, absent = asked()
    if problem:
        raise refusals.named(problem, refusals.SCHEMA_REGISTRY, otherwise="schema_registry.urls")
    return [
        _NO_SUBJECT.at(
            Where(setting="schema_registry.urls", object=f"the subject {subject}"),
            f"the schema registry has no schema of the subject {subject}, so nothing says whether "
            "its records can be read",
            fix="compare the subject with schema_registry.subject_naming, if there are records",
        )
        for subject in absent
    ]


def options(settings: SchemaRegistrySettings) -> dict[str, str]:
    """Return how the registry is reached, for the client in the JVM; secrets are paths."""
    given = jvm_options.connection_options(settings)
    return given | {"retry_timeout": jvm_options.as_option(settings.retry_timeout)}
