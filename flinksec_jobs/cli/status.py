# SPDX-License-Identifier: Apache-2.0
"""``flinksec status``: the state of a job in a cluster, on one screen."""

from __future__ import annotations

import sys
import time

import click

from flinksec_jobs.cli import findings_output, status_screen
from flinksec_jobs.cli.cluster_access import Access, access
from flinksec_jobs.cli.exit_codes import leave_unless
from flinksec_jobs.cli.output import clear_screen, say, say_error, say_json
from flinksec_jobs.deploy.kube import Kube
from flinksec_jobs.deploy.kube_errors import KubeUnreachableError
from flinksec_jobs.deploy.status import Status
from flinksec_jobs.deploy.status import status as look


@click.command()
@access
@click.option(
    "--watch",
    is_flag=False,
    flag_value=5.0,
    type=click.FloatRange(min=1.0),
    metavar="[SECONDS]",
    help="Show it again and again; every 5 seconds if no number is given. Ctrl-C ends it.",
)
@click.option(
    "--json", "json_", is_flag=True, help="Print one JSON object; one a line with --watch."
)
def status(access: Access, *, watch: float | None, json_: bool) -> None:
    """Show the state of a job in a cluster, on one screen.

    What Kubernetes and Flink tell: whether it runs and since when, its checkpoints, how far it is
    behind, and what is wrong with it.

    Exit codes: 0 if it runs and there is no problem, 1 otherwise.
    """
    api = access.api(10.0 if watch else 30.0)
    if watch is None:
        found = _look(access, api)
        _show(found, json_=json_)
        leave_unless(found.is_well)
        return
    while True:
        try:
            found = _look(access, api)
        except KubeUnreachableError as error:  # it may come back
            say_error(error.message, error.hint)
        else:
            if sys.stdout.isatty() and not json_:
                clear_screen()
            _show(found, json_=json_)
        sys.stdout.flush()
        time.sleep(watch)


def _look(access: Access, api: Kube) -> Status:
    return look(api, access.flink)


def _show(found: Status, *, json_: bool) -> None:
    if json_:
        say_json(status_screen.as_dict(found))
        return
    for line in status_screen.lines(found):
        say(line)
    findings_output.show(found.findings)
