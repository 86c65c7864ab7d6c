# SPDX-License-Identifier: Apache-2.0
"""What a job does with Flink SQL: a part of `SecureJob`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flinksec_jobs import formats, records
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.job_kafka import JobOnKafka
from flinksec_jobs.settings import ElasticsearchSettings
from flinksec_jobs.sql import declared_sinks, elasticsearch_options

if TYPE_CHECKING:
    from pyflink.table import StreamTableEnvironment, Table

    from flinksec_jobs.kafka.topics import Topics
    from flinksec_jobs.sql.job_tables import JobTables


class JobWithTables(JobOnKafka):
    """The part of ``SecureJob`` that is about tables and statements."""

    _tables: JobTables

    @property
    def tables(self) -> StreamTableEnvironment:
        """PyFlink's table environment, in which tables of ``flinksec-kafka`` have the job's login.

        Nothing runs in it by itself: ``to_data_stream``, `sql` and ``attach_as_datastream()`` of a
        statement set leave it to the job.
        """
        return self._tables.environment

    def sql(self, statements: str) -> None:
        """Take statements of Flink SQL into the job: what they define, and their INSERTs.

        All INSERTs of one call are planned together, and run with the job.

        Args:
            statements: any number, each ended by a semicolon: ``SET`` of options ``table.…``,
                ``CREATE``, ``ALTER`` and ``DROP`` of tables, views, functions and databases, and
                ``INSERT``, also in a statement set.

        Raises:
            FlinkSecError: one cannot be read, planned or allowed; the message has its line and
                column.
        """
        self._tables.define(statements)

    def table(
        self, name: str, record: type, *, topic: Topics, rowtime: str = "rowtime", **reading: Any
    ) -> Table:
        """Declare a table to read: the records of topics, as `from_kafka` reads them.

        Its columns are the fields of the record class; a list is an ARRAY, a dict a MAP, another
        record a ROW. With a format of changes, ``Debezium(updates="both")``, rows are changed and
        taken away, too.

        Args:
            name: of the table, in statements and in `tables`.
            record: the dataclass.
            topic: as of `from_kafka`.
            rowtime: what the column of the event time is called, which statements with windows
                need; it is there only with ``event_time``.
            reading: all other arguments of `from_kafka`: ``event_time``, ``format``, ``on_error``.

        Raises:
            SettingsError: there is no section ``[kafka]``, or a name does not fit.
        """
        if rowtime in records.field_names(record):
            raise SettingsError(
                f"rowtime={rowtime!r} is a field of {record.__name__}",
                hint='give the column of the event time another name: rowtime="happened_at"',
            )
        form = formats.to_read(reading.get("format", "json")).in_a_table()
        stream = self.from_kafka(topic, record, **{**reading, "format": form})
        return self._tables.declare(
            name,
            stream,
            rowtime if reading.get("event_time") is not None else None,
            of_changes=form.of_changes,
        )

    def elasticsearch_table(
        self,
        name: str,
        record: type,
        *,
        index: str,
        primary_key: str | Sequence[str] = (),
        **writing: Any,
    ) -> None:
        """Declare a table to write: documents of a record class in Elasticsearch.

        Its columns are the fields of the record class, as in `table`; ``INSERT INTO`` writes them.

        Args:
            name: of the table, in statements and in `tables`.
            record: the dataclass.
            index: as of `to_elasticsearch`, with columns in the place of fields.
            primary_key: the field, or the fields, that are the id of the document: what a query
                changes is written anew, and what it takes away is deleted. Without it rows are
                appended.
            writing: the other arguments of `to_elasticsearch`, but for those of the id:
                ``routing_field``, ``pipeline``, ``on_error``.

        Raises:
            SettingsError: there is no section ``[elasticsearch]``, or a name does not fit.
            StatementError: an argument is none, or has no such value.
        """
        self.settings.need(ElasticsearchSettings, f"the job {self.name}")
        key = declared_sinks.key_of(record, primary_key)
        options = {"connector": elasticsearch_options.NAME, "index": index}
        options |= declared_sinks.options_of(writing)
        self._tables.declare_sink(name, record, key, options)
