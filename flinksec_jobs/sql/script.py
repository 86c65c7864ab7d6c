# SPDX-License-Identifier: Apache-2.0
"""A text of statements as a part of a job: what it defines, and all its INSERTs as one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flinksec_jobs.sql import definitions
from flinksec_jobs.sql.gate import Gate
from flinksec_jobs.sql.planning import planned
from flinksec_jobs.sql.statements import Statement

if TYPE_CHECKING:
    from flinksec_jobs.sql.environment import SecureTables


class Script:
    """Statements on their way into a job.

    Args:
        tables: the job's.
        gate: which its tables pass.
        judge: what they may be.
    """

    def __init__(self, tables: SecureTables, gate: Gate, judge: definitions.Judge) -> None:
        self._tables = tables
        self._gate = gate
        self._judge = judge

    def attach(self, statements: Iterable[Statement]) -> None:
        """Define what statements define, and leave their INSERTs to the job, as one.

        Raises:
            StatementError: one cannot be planned, or is not allowed; none of the INSERTs is then
                part of the job.
        """
        with self._gate.unless_refused():
            inserts, last = self._planned(statements)
            if last is not None:
                with planned(last):
                    inserts.attach_as_datastream()

    def explain(self, statements: Iterable[Statement]) -> str:
        """Define what statements define, and return the plan of their INSERTs.

        Raises:
            StatementError: one cannot be planned, or is not allowed.
        """
        inserts, last = self._planned(statements)
        if last is None:
            return ""
        with planned(last):
            return str(inserts.explain())

    def _planned(self, statements: Iterable[Statement]) -> tuple[Any, Statement | None]:
        inserts = self._tables.create_statement_set()
        last = None
        for statement in statements:
            if statement.verb != "INSERT":
                definitions.check(statement, self._judge)
                self._tables.run(statement)
                continue
            definitions.check_query(statement, self._judge)
            before = self._gate.count
            with planned(statement):
                inserts.add_insert_sql(statement.sql)
            definitions.check_used(self._gate.used(before), self._judge, statement)
            last = statement
        return inserts, last
