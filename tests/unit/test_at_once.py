# SPDX-License-Identifier: Apache-2.0
"""Jobs that PyFlink's tables run past the SecureJob are told."""

import logging

import pytest

from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import at_once


class Result:
    def __init__(self, job: object) -> None:
        self.job = job

    def get_job_client(self) -> object:
        return self.job


@pytest.mark.parametrize("job", [None, "a job"])
def test_a_statement_that_runs_a_job_is_warned_of_and_no_other(
    job: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    class Tables:
        def execute_sql(self, statement: str) -> Result:
            assert statement == "INSERT"
            return Result(job)

    told = at_once.telling(Tables.execute_sql)
    with caplog.at_level(logging.WARNING):
        assert told(Tables(), "INSERT").job is job
    assert ("starts from nothing each time" in caplog.text) is (job is not None)
    assert ("execute_sql" in caplog.text) is (job is not None)


def test_what_the_tables_of_a_job_refuse_is_told_with_what_to_do_and_nothing_else_is() -> None:
    class Tables:
        def execute(self, failure: str) -> Result:
            raise RuntimeError(failure)

    told = at_once.telling(Tables.execute)
    with pytest.raises(JobError, match="would run a job of its own, past the checks") as caught:
        told(Tables(), "Failed\nCaused by: org.flinksec.tables.RunRefusedException: this")
    assert "job.sql(…)" in str(caught.value.hint)
    with pytest.raises(RuntimeError, match="another"):
        told(Tables(), "another")


def test_every_way_of_pyflinks_tables_to_write_is_told_of_once() -> None:
    from pyflink.table import StatementSet, Table, TableEnvironment

    at_once.install()
    first = TableEnvironment.execute_sql
    at_once.install()
    assert TableEnvironment.execute_sql is first
    for method in (first, StatementSet.execute, Table.execute, Table.execute_insert):
        assert hasattr(method, "__wrapped__")
        assert not hasattr(method.__wrapped__, "__wrapped__")
