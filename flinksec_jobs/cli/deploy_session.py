# SPDX-License-Identifier: Apache-2.0
"""A command on a deployment from its lease to its exit code."""

from __future__ import annotations

import copy
import dataclasses
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flinksec_jobs.cli.cluster_access import Access
from flinksec_jobs.cli.exit_codes import ExitCode, how_it_ended, leave
from flinksec_jobs.cli.failures import UnclearEnd
from flinksec_jobs.cli.output import say, say_json, tell
from flinksec_jobs.deploy.commands import Commands, Options, Result
from flinksec_jobs.deploy.guarded import Guarded
from flinksec_jobs.deploy.inside import ClusterInside, LookTimes
from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.kube import Kube
from flinksec_jobs.deploy.kube_errors import KubeUnreachableError
from flinksec_jobs.deploy.kube_login import api_client
from flinksec_jobs.deploy.lease import Lease
from flinksec_jobs.deploy.objects_applied import ObjectsApplied
from flinksec_jobs.deploy.operation import Outcome
from flinksec_jobs.deploy.outside import Ref
from flinksec_jobs.deploy.preview import preview
from flinksec_jobs.deploy.reached import reach
from flinksec_jobs.deploy.record import Record
from flinksec_jobs.deploy.revisions import Revisions
from flinksec_jobs.deploy.step_errors import UnclearError
from flinksec_jobs.deploy.steps import Steps
from flinksec_jobs.deploy.waiting import Waiting
from flinksec_jobs.errors import DeployError, FlinkSecError
from flinksec_jobs.flink_rest.client_files import client_files

# Of what renews the lease: it has to hear within the time for which that is held.
_QUICK_SECONDS = (5.0, 10.0)
_CODES = {
    Outcome.ACCEPTED: ExitCode.WELL,
    Outcome.STOPPED: ExitCode.WELL,
    Outcome.UNDONE: ExitCode.WELL,
    Outcome.RUNS_ON: ExitCode.WRONG,
    Outcome.ROLLED_BACK: ExitCode.ROLLED_BACK,
    Outcome.NOT_ACCEPTED: ExitCode.UNCLEAR,
    Outcome.ABANDONED: ExitCode.UNCLEAR,
}


@dataclasses.dataclass(frozen=True)
class Where:
    """Where a deployment is, and how a command on it ends.

    Attributes:
        access: how it is reached.
        timeout: how long one thing is waited for, in seconds.
        json_: whether to print one JSON object.
    """

    access: Access
    timeout: int
    json_: bool

    def kube(self, version: Version | None) -> Kube:
        """Log in at the API server, for the namespace that the version names if it names one.

        Raises:
            DeployError: there is no login, or another namespace is named.
        """
        named = version.namespace if version else ""
        if self.access.namespace and named and self.access.namespace != named:
            raise DeployError(
                f"--namespace is {self.access.namespace}, and the manifests are for {named}",
                hint="leave --namespace out, or change the namespace of the overlay",
            )
        found = dataclasses.replace(self.access, namespace=named or self.access.namespace)
        return found.api(patience=float(self.timeout))


def run(
    where: Where,
    options: Options,
    version: Version | None,
    do: Callable[[Commands], Result],
) -> None:
    """Do a command under the lease, print what came of it, and exit by it."""
    with unclear_if_silent(), ended_in_order():
        result = _done(where, options, version, do)
    _show(result, json_=where.json_)


@contextmanager
def unclear_if_silent() -> Iterator[None]:
    """End a command whose end is not known, as nobody answers, with `ExitCode.UNCLEAR`."""
    try:
        yield
    except (KubeUnreachableError, UnclearError) as error:
        raise UnclearEnd(error) from error


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let SIGTERM end a command as an error does, so that it gives back its lease."""

    def terminate(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
        leave(ExitCode.TERMINATED)

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _done(
    where: Where,
    options: Options,
    version: Version | None,
    do: Callable[[Commands], Result],
) -> Result:
    client_files(where.access.client)  # before anything is touched
    kube = where.kube(version)
    if version is not None:
        _make_namespace(kube, version)
    lease = lease_in(kube, where.access)
    with lease.held():
        return _under_lease(where, options, kube, lease, kube.who(), do)


def lease_in(kube: Kube, access: Access) -> Lease:
    """Return the lease of a namespace, in the name of this account, machine and process.

    The API server sends no change once more without it.
    """

    def login() -> Any:
        return api_client(access.context)

    # A client of its own, as another thread renews it.
    renewing = Kube(login(), kube.namespace, patience=10, login=login, timeouts=_QUICK_SECONDS)
    holder = f"{kube.who()} on {socket.gethostname()} (process {os.getpid()})"
    # What is asked for the lease must not ask for the lease.
    lease = Lease(copy.copy(kube), holder, quick=renewing, tell=tell)
    kube.before_again = lease.check
    return lease


def _under_lease(  # noqa: PLR0917  what a command is made of
    where: Where,
    options: Options,
    kube: Kube,
    lease: Lease,
    who: str,
    do: Callable[[Commands], Result],
) -> Result:
    api = Guarded(kube, lease.check)
    flink = reach(kube, where.access.client, before_change=lease.check)
    record = Record(api, lease.check)
    steps = Steps(
        api,
        flink,
        ClusterInside(api, LookTimes.within(where.timeout)),
        record,
        Waiting(timeout=where.timeout, tell=tell),
        ObjectsApplied(api, tell),
        Revisions(api),
    )
    try:
        return do(Commands(steps, who, options))
    except FlinkSecError as error:
        if record.has_begun:
            raise UnclearEnd(error) from error
        raise
    finally:
        flink.close()


def show_changes(where: Where, version: Version) -> None:
    """Print what a version would change."""
    client_files(where.access.client)
    kube = where.kube(version)
    found = list(preview(kube, ObjectsApplied(kube, tell), version))
    if where.json_:
        changes = [
            {"object": str(one.what), "change": one.how, "diff": list(one.diff)} for one in found
        ]
        say_json({"namespace": kube.namespace, "changes": changes})
        return
    for one in found:
        say(f"{one.what}: {one.how}")
        for line in one.diff:
            say(f"    {line}")
    if not found:
        say("nothing would change")


def _make_namespace(kube: Kube, version: Version) -> None:
    """Create the namespace of a first deployment: the lease and the record need it."""
    what = Ref("v1", "Namespace", kube.namespace)
    listed = [one for one in version.objects if Ref.of(one) == what]
    if listed and kube.may("create", what) and kube.get(what) is None:
        tell(f"creates the namespace {kube.namespace}")
        kube.create(listed[0])


def _show(result: Result, *, json_: bool) -> None:
    past, pending = result.past, result.pending
    said = ExitCode.WELL if result.is_well else ExitCode.UNCLEAR
    code = said if past is None else _CODES[Outcome(past.outcome)]
    if json_:
        say_json(_as_dict(result) | how_it_ended(code))
    elif past is not None:
        say(past.line())
    elif pending is not None:
        say(f"{pending.command}: {pending.phase}; `flinksec resume` looks whether it is accepted")
    else:
        say(result.said)
    if past is not None or not result.is_well:
        leave(code)


def _as_dict(result: Result) -> dict[str, Any]:
    if result.past is not None:
        return dataclasses.asdict(result.past)
    if result.pending is not None:
        pending = result.pending
        return {
            "command": pending.command,
            "outcome": "pending",
            "phase": str(pending.phase),
            "target": pending.target,
            "job_id": pending.new_job,
        }
    return {"outcome": "nothing to do" if result.is_well else "no job runs", "why": result.said}
