# SPDX-License-Identifier: Apache-2.0
"""Warns of what a block lets PyFlink's tables run at once, which bypasses the job.

Such a run begins from nothing each time, whatever checkpoints the one before has left.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

_log = logging.getLogger("flinksec_jobs")


def install() -> None:
    """Have PyFlink's methods that run a job of tables say so, once in this process."""
    from pyflink.table import StatementSet, Table, TableEnvironment
    from pyflink.table.table_pipeline import TablePipeline

    for owner, name in (
        (TableEnvironment, "execute_sql"),
        (StatementSet, "execute"),
        (Table, "execute_insert"),
        (TablePipeline, "execute"),
    ):
        method = getattr(owner, name)
        if not hasattr(method, "__wrapped__"):
            setattr(owner, name, telling(method))


def telling(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that warns if what it gives, a ``TableResult``, is that of a job."""

    @functools.wraps(method)
    def run(*arguments: Any, **named: Any) -> Any:
        result = method(*arguments, **named)
        if result.get_job_client() is not None:
            _log.warning(
                "%s has run a job directly, not through the SecureJob: it starts from nothing each "
                "time, without a record or a lock. `attach_as_datastream()` of a statement set "
                "leaves it to the SecureJob.",
                method.__qualname__,
            )
        return result

    return run
