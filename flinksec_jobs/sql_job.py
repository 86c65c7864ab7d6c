# SPDX-License-Identifier: Apache-2.0
"""A job of SQL alone: a file of statements, and the settings that a job in Python would have."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs import job_name
from flinksec_jobs.errors import FlinkSecError, JobError, StatementError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import PROGRAM, read_text
from flinksec_jobs.job import SecureJob
from flinksec_jobs.settings import Settings, load_settings
from flinksec_jobs.sql import set_options
from flinksec_jobs.sql.statements import Statement, statements
from flinksec_jobs.sql.tokens import Text

SUFFIX = ".sql"


@dataclass(frozen=True)
class SqlJob:
    """A file of statements, read.

    Attributes:
        name: of the job.
        settings: with what its SET statements say.
        statements: all others.
    """

    name: str
    settings: Settings
    statements: tuple[Statement, ...]

    def run(self) -> None:
        """Plan all statements, ask the servers, and run the job to its end.

        Raises:
            StatementError: one cannot be planned or allowed; nothing has run then.
            FlinkSecError: as of any job.
        """
        with SecureJob(self.name, settings=self.settings) as job:
            job._tables.attach(self.statements)

    def explain(self) -> str:
        """Return the plan, and run nothing.

        Raises:
            StatementError: one cannot be planned or allowed.
        """
        return SecureJob(self.name, settings=self.settings)._tables.explain(self.statements)


def read(path: Path, settings: Path | None = None) -> SqlJob:
    """Read a job of SQL.

    Args:
        path: its file. The job is called like it, unless ``SET 'pipeline.name'`` says otherwise.
        settings: its settings; by default those that ``FLINKSEC_SETTINGS`` names, else the file
            beside it, ``job.toml``.

    Raises:
        StatementError: a statement cannot be read, or there is no INSERT.
        SettingsError: a setting is unknown, missing or wrong.
    """
    text = Text(str(path), read_text(path, "the job", PROGRAM, error=JobError))
    found = statements(text)
    said = set_options.said(found)
    name = set_options.name_of(said) or _name_of_file(path)
    if not any(one.verb == "INSERT" for one in found):
        raise StatementError(
            f"{escaped(path)} has no INSERT, so that there is nothing to run",
            hint="write INSERT INTO a table SELECT … FROM another one;",
        )
    loaded = _settings(path, settings, {})
    set_options.check(said, loaded, built=False)
    if said:
        loaded = _settings(path, settings, {key: value for key, (value, _) in said.items()})
    return SqlJob(name, loaded, tuple(one for one in found if one.verb != "SET"))


def _settings(path: Path, settings: Path | None, options: Mapping[str, str]) -> Settings:
    named = settings
    beside = path.with_suffix(".toml")
    if named is None and not os.environ.get("FLINKSEC_SETTINGS") and beside.is_file():
        named = beside
    return load_settings(named, overrides={"flink": dict(options)} if options else {})


def _name_of_file(path: Path) -> str:
    try:
        return job_name.checked(path.stem)
    except FlinkSecError as error:
        raise StatementError(
            f"{escaped(path)} gives the job no name: {error.message}",
            hint=f"write SET '{set_options.NAME}' = 'late-flights'; at its beginning",
        ) from error


if __name__ == "__main__":  # in a JobManager, which runs programs of Python
    read(Path(sys.argv[1])).run()
