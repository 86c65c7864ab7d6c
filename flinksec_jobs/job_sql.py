# SPDX-License-Identifier: Apache-2.0
"""What a job does with Flink SQL: a part of `SecureJob`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyflink.table import StreamTableEnvironment

    from flinksec_jobs.sql.job_tables import JobTables


class JobWithTables:
    """The methods of a job for tables and statements."""

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
