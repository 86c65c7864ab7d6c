# SPDX-License-Identifier: Apache-2.0
"""What statements may define, and what of it is refused by the place where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from flinksec_jobs.errors import StatementError
from flinksec_jobs.sql import allowed
from flinksec_jobs.sql.gate import Used
from flinksec_jobs.sql.refusal import Refusal
from flinksec_jobs.sql.statements import Option, Statement, options, runs_a_query, table_name

_OBJECTS = {
    "CREATE": ("TABLE", "VIEW", "FUNCTION", "DATABASE"),
    "ALTER": ("TABLE", "VIEW", "FUNCTION", "DATABASE"),
    "DROP": ("TABLE", "VIEW", "FUNCTION", "DATABASE"),
}
_TO_EXPLAIN = "`flinksec run JOB.sql --explain` shows the plan, and runs nothing"
_ADVICE = {
    "INSERT": "give it to job.sql(…), which leaves it to the job",
    "SELECT": "write INSERT INTO a table, or in Python job.tables.sql_query(…)",
    "WITH": "write INSERT INTO a table, or in Python job.tables.sql_query(…)",
    "VALUES": "write INSERT INTO a table",
    "EXPLAIN": _TO_EXPLAIN,
    "SHOW": "leave it out: nothing is shown",
    "DESCRIBE": "leave it out: nothing is shown",
    "DESC": "leave it out: nothing is shown",
    "RESET": "leave SET out instead",
    "ADD": 'name the jar in the settings: [flink] "pipeline.jars" = "file:///…"',
    "REMOVE": "leave it out",
    "LOAD": "leave it out: the modules of a job are fixed",
    "UNLOAD": "leave it out: the modules of a job are fixed",
}
_KNOWN = (
    "SET, CREATE, ALTER and DROP of tables, views, functions and databases, USE of a database, and "
    "INSERT are taken"
)


@dataclass
class Judge:
    """What tables of a job may be, and where those of statements were defined.

    Attributes:
        more: ``sql.connectors``.
        clusters: names of the job's Kafka clusters.
        prepare: is given the formats of a table before it is defined.
        places: the statements that defined tables, by the parts of their names.
    """

    more: tuple[str, ...]
    clusters: tuple[str, ...]
    prepare: Callable[[set[str]], None] = lambda _: None
    places: dict[tuple[str, ...], Statement] = field(default_factory=dict)

    def refusals(self, said: Mapping[str, str]) -> Iterable[Refusal]:
        """Return what is wrong with options."""
        return allowed.refusals(said, more=self.more, clusters=self.clusters)


def check(statement: Statement, judge: Judge) -> None:
    """Refuse a statement that defines what may not be defined.

    Raises:
        StatementError: says where it stands, and what to do.
    """
    text, verb, thing = statement.text, statement.verb, statement.object
    if (verb == "USE" and not statement.parts[1:2]) or (verb == "USE" and thing == "MODULES"):
        raise text.refused(statement.start, f"{statement.title} is not taken", _ADVICE["LOAD"])
    if verb != "USE" and thing not in _OBJECTS.get(verb, ()):
        raise text.refused(
            statement.start,
            f"{statement.title} is not taken",
            _ADVICE.get(verb, _KNOWN),
        )
    if runs_a_query(statement):
        raise text.refused(
            statement.start,
            f"{statement.title} AS would run a job of its own",
            "write CREATE TABLE with columns, and INSERT INTO it",
        )
    if thing == "FUNCTION" and any(
        one.is_word("USING") and two.is_word("JAR", "ARTIFACT", "FILE")
        for one, two in zip(statement.parts, statement.parts[1:], strict=False)
    ):
        raise text.refused(
            statement.start,
            f"{statement.title} USING JAR brings code that nobody has checked",
            _ADVICE["ADD"],
        )
    if thing == "TABLE":
        _check_options(statement, judge)
        if verb == "CREATE":
            judge.places[table_name(statement)] = statement


def check_query(statement: Statement, judge: Judge) -> None:
    """Refuse hints of an INSERT that may not be.

    Raises:
        StatementError: says where it stands.
    """
    _check_options(statement, judge)


def check_used(used: Iterable[Used], judge: Judge, statement: Statement | None = None) -> None:
    """Refuse tables by all that is said of them, as the planner has it.

    Args:
        used: the tables.
        judge: what they may be.
        statement: the one that uses them, if that is known.

    Raises:
        StatementError: names the table, and where it was defined.
    """
    for one in used:
        for refusal in judge.refusals(one.options):
            where = _defined(one.table, judge) or statement
            place = f"{where.place}: " if where else ""
            name = one.table.rpartition(".")[2]
            raise StatementError(f"{place}table {name}: {refusal.why}", hint=refusal.fix)


def _check_options(statement: Statement, judge: Judge) -> None:
    found = options(statement)
    said = {option.key: option.value for option in found}
    for refusal in judge.refusals(said):
        raise _at(statement, found, refusal)
    judge.prepare(allowed.formats(said))


def _at(statement: Statement, found: list[Option], refusal: Refusal) -> StatementError:
    start = next((one.start for one in found if one.key == refusal.key), statement.start)
    return statement.text.refused(start, f"{statement.title}: {refusal.why}", refusal.fix)


def _defined(table: str, judge: Judge) -> Statement | None:
    parts = tuple(table.split("."))
    return next((judge.places[parts[at:]] for at in range(3) if parts[at:] in judge.places), None)
