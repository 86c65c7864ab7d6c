# SPDX-License-Identifier: Apache-2.0
"""What ``SET 'option' = 'value'`` may say: what ``[flink]`` may, of what belongs to one job."""

from __future__ import annotations

from collections.abc import Iterable

from flinksec_jobs import job_name
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.sections.decides import decided_by
from flinksec_jobs.settings import Settings
from flinksec_jobs.settings.flink_options import meant, options_set_by
from flinksec_jobs.settings.passthrough import Giving, refused_in_flink
from flinksec_jobs.sql.statements import Statement

NAME = "pipeline.name"
# Other options are those of processes; their settings are read when they start.
_OF_A_JOB = ("table.", "execution.", "pipeline.", "python.", "restart-strategy", "state.")
_TABLES = "table."
# Of Flink's SQL client: how it shows results, which are not shown here.
_WITHOUT_EFFECT = "sql-client."


def said(statements: Iterable[Statement]) -> dict[str, tuple[str, Statement]]:
    """Return what the SET statements of a text say, by option; they hold for all of it.

    Raises:
        StatementError: one stands behind another kind of statement, says nothing, or says
            something else than one before it.
    """
    found: dict[str, tuple[str, Statement]] = {}
    other: Statement | None = None
    for statement in statements:
        if statement.verb != "SET":
            other = other or statement
            continue
        key, value = _parsed(statement)
        if other is not None:
            raise statement.text.refused(
                statement.start,
                f"SET '{key}' stands behind {other.title}",
                "move it before all other statements: it holds for the whole job",
            )
        if found.get(key, (value,))[0] != value:
            raise statement.text.refused(
                statement.start,
                f"SET '{key}' says another value than {found[key][1].place}",
                "keep one of the two",
            )
        if not key.startswith(_WITHOUT_EFFECT):
            found[key] = (value, statement)
    return found


def name_of(found: dict[str, tuple[str, Statement]]) -> str | None:
    """Take the name of the job out of what is said; None if it is not said.

    Raises:
        StatementError: no job can have the name.
    """
    if NAME not in found:
        return None
    name, statement = found.pop(NAME)
    try:
        return job_name.checked(name)
    except FlinkSecError as error:
        raise statement.text.refused(
            statement.start, error.message, f"SET '{NAME}' = 'late-flights'"
        ) from error


def check(found: dict[str, tuple[str, Statement]], settings: Settings, *, built: bool) -> None:
    """Refuse what ``[flink]`` may not say either, and what is not the job's to say.

    Args:
        found: what is said.
        settings: the job's.
        built: whether the job's environment is there already, so that only options of the planner
            have an effect.

    Raises:
        StatementError: says where, and what to do.
    """
    sealed = settings.state is not None and settings.state.sealed
    giving = Giving(sealed=sealed, cluster=False)
    for key, (value, statement) in found.items():
        given = {key: value}
        problem = next((why for _, why in refused_in_flink(given, giving, decided)), None)
        if problem is None and not options_set_by(key):
            guess = meant(key)
            problem = "is no option of Flink" + (f", did you mean {guess}?" if guess else "")
        if problem is not None:
            raise _refused(statement, key, problem, "see docs/sql.md, SET")
        if not key.startswith(_OF_A_JOB):
            raise _refused(
                statement,
                key,
                "is an option of Flink's processes",
                f'set it in the settings: [flink] "{key}" = …',
            )
        if built and not key.startswith(_TABLES):
            raise _refused(
                statement,
                key,
                "cannot be set when the job has begun, only options table.… can",
                f'set it in the settings: [flink] "{key}" = "{value}"',
            )


decided = decided_by(Settings)


def _parsed(statement: Statement) -> tuple[str, str]:
    parts = statement.parts[1:]
    if (
        len(parts) == 3  # noqa: PLR2004
        and parts[0].kind == parts[2].kind == "string"
        and parts[1].is_symbol("=")
    ):
        return parts[0].value, parts[2].value
    raise statement.text.refused(
        statement.start, "SET says no option and value", "write SET 'name' = 'value';"
    )


def _refused(statement: Statement, key: str, problem: str, hint: str) -> FlinkSecError:
    return statement.text.refused(statement.parts[1].start, f"SET '{key}' {problem}", hint)
