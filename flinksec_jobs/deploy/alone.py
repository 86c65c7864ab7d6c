# SPDX-License-Identifier: Apache-2.0
"""One command at a time on a deployment, for commands that are no steps of an operation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from flinksec_jobs.deploy.guarded import Guarded
from flinksec_jobs.deploy.lease import Lease
from flinksec_jobs.deploy.operation import Outcome
from flinksec_jobs.deploy.outside import ApiServer
from flinksec_jobs.deploy.record import MOST_HISTORY, Past, Record, read_record
from flinksec_jobs.deploy.step_errors import RefusedError
from flinksec_jobs.deploy.step_tools import new_id


@contextmanager
def alone(
    api: ApiServer, tell: Callable[[str], None], lease: Lease | None = None
) -> Iterator[ApiServer]:
    """Hold the lease of a deployment, and give an API server that changes nothing without it.

    Args:
        api: the API server.
        tell: hears of a lease that is held by another, and of one that cannot be given back.
        lease: to be held. Default: one in the name of the account.

    Raises:
        LeaseHeldError: another command is at work.
        RefusedError: another command has begun something and not ended it.
    """
    lease = lease or Lease(api, api.who(), tell=tell)
    with lease.held():
        pending = read_record(api).pending
        if pending is not None:
            raise RefusedError(
                f"`flinksec {pending.command}` has begun and not ended: {pending.phase}",
                hint="`flinksec resume` goes on with it"
                + ("; `flinksec rollback` undoes it" if pending.can_be_undone else ""),
            )
        yield Guarded(api, lease.check)


def note(api: ApiServer, command: str, began: float, what: str) -> None:
    """Write into the history what a command has done; `alone` gave the API server.

    Args:
        api: the API server.
        command: as on the command line.
        began: when, in epoch seconds.
        what: was done, in half a sentence.
    """
    record = Record(api)
    book = record.read()
    now = book.current
    past = Past(
        id=new_id(),
        command=command,
        who=api.who(),
        started=began,
        ended=time.time(),
        outcome=str(Outcome.ACCEPTED),
        why=what,
        source=now.revision if now else None,
        target=now.revision if now else None,
        job_id=now.job_id if now else "",
    )
    record.write(replace(book, history=(past, *book.history)[:MOST_HISTORY]))
