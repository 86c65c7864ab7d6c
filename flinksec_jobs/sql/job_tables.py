# SPDX-License-Identifier: Apache-2.0
"""The tables of one job, from the first that is declared until the job is run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flinksec_jobs import records
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.formats import avro
from flinksec_jobs.runtime import jvm
from flinksec_jobs.sql import declared_sinks, definitions, set_options, table_uses
from flinksec_jobs.sql.statements import Statement, statements
from flinksec_jobs.sql.tokens import Text

if TYPE_CHECKING:
    from pyflink.table import Table

    from flinksec_jobs.dead_letters import DeadLetters
    from flinksec_jobs.settings import Settings
    from flinksec_jobs.sql.environment import SecureTables
    from flinksec_jobs.sql.gate import Gate
    from flinksec_jobs.sql.script import Script
    from flinksec_jobs.uses import Use


class JobTables:
    """Flink's tables as a job has them.

    Args:
        job: its name.
        settings: the job's.
        environment: gives PyFlink's environment of the job.
        register: notes what is used.
        letters: the job's dead letters.
    """

    def __init__(
        self,
        job: str,
        settings: Settings,
        environment: Callable[[], Any],
        register: Callable[[Use], None],
        letters: DeadLetters,
    ) -> None:
        self._job = job
        self._settings = settings
        self._environment = environment
        self._register = register
        self._made: tuple[Any, SecureTables, Gate] | None = None
        self._letters = letters
        self._registered = 0
        self._kept = 0
        self._asked = (0, 0)
        self._judge = definitions.Judge(
            settings.sql.connectors,
            tuple(table_uses.clusters(settings)),
            self._prepare,
        )

    @property
    def environment(self) -> SecureTables:
        """PyFlink's table environment; it is made when it is first asked for."""
        return self._tables()[0]

    def _prepare(self, formats: Iterable[str]) -> None:
        """Register what formats need before a table of them is planned: their jars."""
        for use in table_uses.of_formats(formats):
            self._register(use)

    def define(self, sql: str) -> None:
        """Take statements into the job: what they define, and all their INSERTs together.

        Raises:
            StatementError: one cannot be read, planned or allowed.
        """
        found = statements(Text("SQL", sql))
        said = set_options.said(found)
        if set_options.NAME in said:
            statement = said[set_options.NAME][1]
            raise statement.text.refused(
                statement.start,
                f"SET '{set_options.NAME}' names a job that has a name",
                f'leave it out: the name is that of SecureJob("{self._job}")',
            )
        set_options.check(said, self._settings, built=True)
        tables, _ = self._tables()
        for key, (value, _) in said.items():
            tables.get_config().set(key, value)
        self.attach([one for one in found if one.verb != "SET"])

    def declare(
        self, name: str, stream: Any, rowtime: str | None, *, of_changes: bool = False
    ) -> Table:
        """Make a stream a table.

        Args:
            name: of the table.
            stream: of rows.
            rowtime: what the column of its event time is called; None without one.
            of_changes: whether the kinds of its rows say what they do to the table.
        """
        from pyflink.table import Schema

        tables, _ = self._tables()
        schema = Schema.new_builder()
        if rowtime is not None:
            schema = schema.column_by_metadata(rowtime, "TIMESTAMP_LTZ(3)", "rowtime")
            schema = schema.watermark(rowtime, "SOURCE_WATERMARK()")
        quoted = name.replace("`", "``")
        with jvm.translated(f"the table {name} cannot be declared"):
            if of_changes:
                changed = tables.from_changelog_stream(stream, schema.build())
                tables.create_temporary_view(f"`{quoted}`", changed)
            else:
                tables.create_temporary_view(f"`{quoted}`", stream, schema.build())
            return tables.from_path(f"`{quoted}`")

    def declare_sink(
        self, name: str, record: type, key: Sequence[str], options: Mapping[str, str]
    ) -> None:
        """Make a table of a record class that is written.

        Args:
            name: of the table.
            record: the dataclass.
            key: the fields that are its primary key; none for no key.
            options: of its connector.

        Raises:
            StatementError: an option is not allowed.
        """
        self._tables()
        with jvm.translated(f"the table {name} cannot be declared"):
            types = jvm.view().org.flinksec.rows.TableTypes
            columns = [str(one) for one in types.inStatements(records.shape_text(record))]
        named = dict(zip(records.field_names(record), columns, strict=True))
        self.define(declared_sinks.create_table(name, named, key, options))

    def attach(self, found: Sequence[Statement]) -> None:
        """Take statements into the job that are read already.

        Raises:
            StatementError: one cannot be planned or allowed.
        """
        self._script().attach(found)
        self.register_used()

    def explain(self, found: Sequence[Statement]) -> str:
        """Return the plan of statements that are read already.

        Raises:
            StatementError: one cannot be planned or allowed.
        """
        return self._script().explain(found)

    def register_used(self) -> None:
        """Judge and register the tables that queries use; a run begins with it.

        Raises:
            StatementError: one is not allowed.
            SettingsError: a file that a setting names cannot be used.
        """
        if self._made is None:
            return
        gate = self._made[2]
        used = gate.used(self._registered)
        definitions.check_used(used, self._judge)
        self._registered += len(used)
        for one in used:
            for use in table_uses.uses_of(one, self._settings, self._job):
                self._register(use)
            if one.options.get("on-error") == "dead_letter" and table_uses.has_letters(one):
                self._letters.require("dead_letter", self._of(one.options.get("cluster", "")))
        for cluster, stream in gate.letters(self._made[0], self._kept):
            self._letters.keep(stream, self._of(cluster))
            self._kept += 1
        for use in self._questions(gate):
            self._register(use)

    def _of(self, cluster: str) -> Settings:
        return table_uses.clusters(self._settings)[cluster]

    def _questions(self, gate: Gate) -> Iterator[Use]:
        """Yield what the schema registry is asked about tables that it was not asked yet."""
        read, written = gate.asked_of_registry()
        before, self._asked = self._asked, (len(read), len(written))
        if made := read[before[0] :]:
            yield avro.used_by_tables(self._settings, made, "read")
        if made := written[before[1] :]:
            yield avro.used_by_tables(self._settings, made, "write")

    def _script(self) -> Script:
        from flinksec_jobs.sql.script import Script

        tables, gate = self._tables()
        return Script(tables, gate, self._judge)

    def _tables(self) -> tuple[SecureTables, Gate]:
        env = self._environment()
        if self._made is None:
            for use in table_uses.first(self._settings):
                self._register(use)
            from flinksec_jobs.sql.environment import SecureTables
            from flinksec_jobs.sql.gate import Gate

            gate = Gate(
                self._job,
                table_uses.clusters(self._settings),
                self._settings.job.max_skipped_in_a_row,
                self._settings.schema_registry,
                elasticsearch=table_uses.of_elasticsearch(self._settings),
                letters=self._letters.policy,
                topic=self._letters.topic is not None,
            )
            self._made = (env, SecureTables(env, gate, self._judge), gate)
        if self._made[0] is not env:
            raise SettingsError(
                f"the tables of the job {self._job} belong to an environment that has ended",
                hint=f'make a new SecureJob("{self._job}"), and declare them anew',
            )
        return self._made[1], self._made[2]
