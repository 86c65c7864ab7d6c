# SPDX-License-Identifier: Apache-2.0
"""PyFlink's table environment of a job, in which nothing runs past the job."""

from __future__ import annotations

from typing import Any, NoReturn

from pyflink.table import (
    ExplainDetail,
    StatementSet,
    StreamTableEnvironment,
    TableResult,
)

from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import jvm
from flinksec_jobs.runtime.at_once import runs_alone
from flinksec_jobs.sql import definitions
from flinksec_jobs.sql.gate import Gate
from flinksec_jobs.sql.planning import planned
from flinksec_jobs.sql.statements import Statement, statements
from flinksec_jobs.sql.tokens import Text

# What runs no job, and takes nothing out of the gate's way.
_LOOKS = ("SHOW", "DESCRIBE", "DESC", "EXPLAIN")


class SecureTables(StreamTableEnvironment):  # type: ignore[misc]
    """Flink's tables, with the job's login for those of ``flinksec-kafka``.

    Args:
        env: PyFlink's environment of the job.
        gate: which all tables pass.
        judge: what tables may be.
    """

    def __init__(self, env: Any, gate: Gate, judge: definitions.Judge) -> None:
        with jvm.translated("the tables of the job cannot be set up"):
            super().__init__(
                jvm.view().StreamTableEnvironment.create(env._j_stream_execution_environment)
            )
            gate.guard(self._j_tenv)
        self._gate = gate
        self._judge = judge

    def execute_sql(self, stmt: str) -> TableResult:
        """Define or describe something; what would run a job is refused.

        Raises:
            StatementError: it cannot be read, planned or allowed.
        """
        found = statements(Text("SQL", stmt))
        if len(found) != 1:
            raise JobError(
                f"execute_sql takes one statement, and there are {len(found)}",
                hint="job.sql(…) takes any number",
            )
        return self.run(found[0])

    def run(self, statement: Statement) -> TableResult:
        """Run one statement that defines or describes something.

        Raises:
            StatementError: it cannot be read, planned or allowed.
        """
        if statement.verb not in _LOOKS:
            definitions.check(statement, self._judge)
        # A view, or a plan that is shown, uses no table yet.
        with self._gate.looking(), planned(statement):
            return super().execute_sql(statement.sql)

    def explain_sql(self, stmt: str, *extra_details: ExplainDetail) -> str:
        """Return the plan of a statement."""
        with self._gate.looking():
            return str(super().explain_sql(stmt, *extra_details))

    def create_statement_set(self) -> StatementSet:
        """Return a statement set, for ``attach_as_datastream()``."""
        return _Statements(self._j_tenv.createStatementSet(), self, self._gate)

    def execute_plan(self, *_: object) -> NoReturn:
        """Refuse to run a plan past the job."""
        raise runs_alone("execute_plan")

    def load_plan(self, *_: object) -> NoReturn:
        """Refuse a plan whose tables nobody has looked at."""
        raise runs_alone("load_plan")

    def load_module(self, *_: object) -> NoReturn:
        """Refuse another module, which might stand before the job's."""
        raise _fixed("load_module", "modules")

    def unload_module(self, *_: object) -> NoReturn:
        """Refuse to take the job's module away."""
        raise _fixed("unload_module", "modules")

    def use_modules(self, *_: object) -> NoReturn:
        """Refuse to take the job's module away."""
        raise _fixed("use_modules", "modules")

    def create_catalog(self, *_: object) -> NoReturn:
        """Refuse a catalog, whose tables nobody would look at."""
        raise _fixed("create_catalog", "catalogs")

    def register_catalog(self, *_: object) -> NoReturn:
        """Refuse a catalog, whose tables nobody would look at."""
        raise _fixed("register_catalog", "catalogs")


class _Statements(StatementSet):  # type: ignore[misc]
    def __init__(self, j_statements: Any, tables: SecureTables, gate: Gate) -> None:
        super().__init__(j_statements, tables)
        self._gate = gate

    def explain(self, *extra_details: ExplainDetail) -> str:
        with self._gate.looking():
            return str(super().explain(*extra_details))

    def execute(self) -> NoReturn:
        raise runs_alone("StatementSet.execute")


def _fixed(method: str, what: str) -> JobError:
    return JobError(
        f"{method}: the {what} of the job's tables are fixed, as others would go past the "
        "checks of the job",
        hint="make a table environment of your own: StreamTableEnvironment.create(…)",
    )
