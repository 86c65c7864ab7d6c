# SPDX-License-Identifier: Apache-2.0
"""Tells of what a block lets PyFlink's tables run at once, which bypasses the job.

Such a run begins from nothing each time, whatever checkpoints the one before has left. The job's
own tables refuse it; another table environment is warned of.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from flinksec_jobs.errors import JobError

_log = logging.getLogger("flinksec_jobs")
_REFUSED = "org.flinksec.tables.RunRefusedException"


def install() -> None:
    """Have PyFlink's methods that run a job of tables say so, once in this process."""
    from pyflink.table import StatementSet, Table, TableEnvironment
    from pyflink.table.table_pipeline import TablePipeline

    for owner, name in (
        (TableEnvironment, "execute_sql"),
        (StatementSet, "execute"),
        (Table, "execute"),
        (Table, "execute_insert"),
        (TablePipeline, "execute"),
    ):
        method = getattr(owner, name)
        if not hasattr(method, "__wrapped__"):
            setattr(owner, name, telling(method))


def telling(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that warns if what it gives, a ``TableResult``, is that of a job.

    Where the job's own tables refuse it, it says so.
    """

    @functools.wraps(method)
    def run(*arguments: Any, **named: Any) -> Any:
        try:
            result = method(*arguments, **named)
        except Exception as error:
            if _REFUSED not in str(error):
                raise
            raise runs_alone(method.__qualname__) from error
        if result.get_job_client() is not None:
            _log.warning(
                "%s has run a job directly, not through the SecureJob: it starts from nothing each "
                "time, without a record or a lock. `attach_as_datastream()` of a statement set "
                "leaves it to the SecureJob.",
                method.__qualname__,
            )
        return result

    return run


def runs_alone(method: str) -> JobError:
    """Return the error of what would run a job of its own."""
    return JobError(
        f"{method} would run a job of its own, past the checks of the job, and from nothing each "
        "time",
        hint="leave it to the job: job.sql(…) takes INSERT, and to_data_stream(…) and "
        "attach_as_datastream() of a statement set make streams",
    )
