# SPDX-License-Identifier: Apache-2.0
"""The options that the commands on a deployment have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from flinksec_jobs.cli.cluster_access import access

_JSON = click.option("--json", "json_", is_flag=True, help="Print one JSON object.")
_TIMEOUT = click.option(
    "--timeout",
    type=click.IntRange(min=1),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="How long one thing is waited for.",
)
_STEADY = click.option(
    "--steady",
    type=click.IntRange(min=1),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="How long the job must run without a restart to be accepted.",
)
_WAIT = click.option(
    "--wait/--no-wait",
    default=True,
    help="Wait until the job is accepted, or let `flinksec resume` look later. Default: wait.",
)
_FORM = click.option(
    "--format",
    "form",
    type=click.Choice(["canonical", "native"]),
    default="canonical",
    show_default=True,
    help="The format of savepoints: native ones are quicker, for the same state backend only.",
)
_DROP = click.option(
    "--allow-non-restored-state",
    "drop_state",
    is_flag=True,
    help="Drop state that belongs to no operator of this version.",
)
_WITHOUT = click.option(
    "--without-savepoint",
    is_flag=True,
    help="Go on from the last checkpoint, for a job that can take no savepoint.",
)
_DRY_RUN = click.option(
    "--dry-run", is_flag=True, help="Show what would change, by the API server's word; do nothing."
)


def _all(*options: Callable[..., Any]) -> Callable[..., Any]:
    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


connection_options = _all(access, _TIMEOUT, _JSON)
"""Where the job is, and how a command on it ends."""

start_options = _all(_STEADY, _WAIT)
"""Of commands that start a job."""

savepoint_options = _all(_FORM, _WITHOUT)
"""Of commands that stop a job."""

drop_option, dry_run_option = _DROP, _DRY_RUN
format_option, without_option = _FORM, _WITHOUT
