# SPDX-License-Identifier: Apache-2.0
"""``flinksec deploy``, ``upgrade``, ``rollback``, ``restart``, ``recover``, ``resume``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from flinksec_jobs.cli.cluster_access import Access
from flinksec_jobs.cli.deploy_options import (
    connection_options,
    drop_option,
    dry_run_option,
    savepoint_options,
    start_options,
)
from flinksec_jobs.cli.deploy_session import Where, run, show_changes
from flinksec_jobs.cli.output import tell
from flinksec_jobs.cli.read_stdin import read_stdin
from flinksec_jobs.deploy.commands import Options
from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.outside import StateFound
from flinksec_jobs.deploy.overlay_version import version_in

_OVERLAY = click.argument("overlay", type=click.Path(allow_dash=True))
_NAMED = click.option(
    "--from-savepoint",
    default="",
    metavar="PATH",
    help="The checkpoint or savepoint to go on from. Default: the newest, by the record and the "
    "rule of docs/operate.md.",
)


@click.command()
@_OVERLAY
@connection_options
@start_options
@drop_option
@_NAMED
@dry_run_option
def deploy(access: Access, *, overlay: str, dry_run: bool, **given: Any) -> None:
    """Start the job of OVERLAY on Kubernetes where none runs.

    OVERLAY is a folder for kustomize, a file of rendered YAML, or - for standard input. A job that
    was stopped goes on from its savepoint.
    """
    where, options = _taken(access, given)
    version = _version(overlay)
    if dry_run:
        show_changes(where, version)
    else:
        run(where, options, version, lambda commands: commands.deploy(version))


@click.command()
@_OVERLAY
@connection_options
@start_options
@savepoint_options
@drop_option
@dry_run_option
def upgrade(access: Access, *, overlay: str, dry_run: bool, **given: Any) -> None:
    """Put the version in OVERLAY in the place of the one that runs.

    The job is stopped with a savepoint, and the new version goes on from it. If that is not
    accepted, the old version comes back, with its image and its ConfigMaps.
    """
    where, options = _taken(access, given)
    version = _version(overlay)
    if dry_run:
        show_changes(where, version)
    else:
        run(where, options, version, lambda commands: commands.upgrade(version))


@click.command()
@click.argument("revision", type=int, required=False)
@click.option(
    "--to-savepoint-of-upgrade",
    "to_savepoint",
    is_flag=True,
    help="Go back to the savepoint with which it was stopped: all records since come again.",
)
@connection_options
@start_options
@savepoint_options
@drop_option
def rollback(access: Access, *, revision: int | None, to_savepoint: bool, **given: Any) -> None:
    """Go back to the version of a job that ran before.

    REVISION goes back to another one. An upgrade that was begun and not ended is undone. Otherwise
    the job is stopped with a savepoint, and the old version goes on from it.
    """
    where, options = _taken(access, given)
    run(
        where,
        options,
        None,
        lambda commands: commands.rollback(revision, to_savepoint_before=to_savepoint),
    )


@click.command()
@click.argument("overlay", type=click.Path(allow_dash=True), required=False)
@connection_options
@start_options
@drop_option
def restart(access: Access, *, overlay: str | None, **given: Any) -> None:
    """Start a job on Kubernetes anew, with other settings.

    It goes on from its last checkpoint, with the settings of OVERLAY if it is named. The image
    stays. A new certificate, keytab or key in a Secret needs no OVERLAY.
    """
    where, options = _taken(access, given)
    version = None if overlay is None else _version(overlay)
    run(where, options, version, lambda commands: commands.restart(version))


@click.command()
@click.argument("overlay", type=click.Path(allow_dash=True), required=False)
@click.option("--yes", is_flag=True, help="Confirm it.")
@connection_options
@start_options
@drop_option
@_NAMED
def recover(access: Access, *, overlay: str | None, yes: bool, **given: Any) -> None:
    """Start a job that has failed from its newest checkpoint.

    That is the newest that can be read; it is shown, and has to be confirmed. OVERLAY starts
    another version from it, such as one that does not fail.
    """
    where, options = _taken(access, given)
    version = None if overlay is None else _version(overlay)

    def confirm(found: list[StateFound]) -> bool:
        for one in found[:5]:
            tell(_shown(one))
        try:
            return yes or click.confirm(f"Go on from {found[0].path}?", err=True)
        except click.Abort:
            return False  # nobody is there to be asked

    run(where, options, version, lambda commands: commands.recover(version, confirm))


@click.command()
@connection_options
@start_options
def resume(access: Access, **given: Any) -> None:
    """End what another command on a deployment has begun.

    Every other command does so first.
    """
    where, options = _taken(access, given)
    run(where, options, None, lambda commands: commands.finish())


def stop_deployed(access: Access, given: dict[str, Any]) -> None:
    """Stop the job of a deployment with a savepoint, for `flinksec stop` without a name."""
    where, options = _taken(access, given)
    run(where, options, None, lambda commands: commands.stop())


def _taken(access: Access, given: dict[str, Any]) -> tuple[Where, Options]:
    where = Where(access, given["timeout"], given["json_"])
    options = Options(
        steady=float(given.get("steady", 60)),
        form=str(given.get("form", "canonical")).upper(),
        drop_state=bool(given.get("drop_state")),
        from_savepoint=str(given.get("from_savepoint") or ""),
        without_savepoint=bool(given.get("without_savepoint")),
        wait=bool(given.get("wait", True)),
    )
    return where, options


def _version(overlay: str) -> Version:
    return version_in(overlay, read_stdin, tell)


def _shown(one: StateFound) -> str:
    kind = "savepoint" if one.is_savepoint else "checkpoint"
    at = datetime.fromtimestamp(one.at / 1000, UTC)
    return f"{kind} {one.number} of {at:%Y-%m-%d %H:%M:%S} UTC, {one.size} bytes: {one.path}"
