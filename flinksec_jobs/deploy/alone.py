# SPDX-License-Identifier: Apache-2.0
"""One command at a time on a deployment, for commands that are no steps of an operation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flinksec_jobs.deploy.guarded import Guarded
from flinksec_jobs.deploy.lease import Lease
from flinksec_jobs.deploy.outside import ApiServer
from flinksec_jobs.deploy.record import read_record
from flinksec_jobs.deploy.step_errors import RefusedError


@contextmanager
def alone(api: ApiServer, tell: Callable[[str], None]) -> Iterator[ApiServer]:
    """Hold the lease of a deployment, and give an API server that changes nothing without it.

    Raises:
        LeaseHeldError: another command is at work.
        RefusedError: another command has begun something and not ended it.
    """
    lease = Lease(api, api.who(), tell=tell)
    lease.take()
    with lease.kept():
        try:
            pending = read_record(api).pending
            if pending is not None:
                raise RefusedError(
                    f"`flinksec {pending.command}` has begun and not ended: {pending.phase}",
                    hint=f"run `flinksec {pending.command}` again, which goes on with it; or "
                    "`flinksec rollback`, which undoes it",
                )
            yield Guarded(api, lease.check)
        finally:
            lease.give_back()
