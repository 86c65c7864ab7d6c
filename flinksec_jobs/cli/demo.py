# SPDX-License-Identifier: Apache-2.0
"""``flinksec demo``: the whole pipeline on real servers, with a table of what was proved."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from flinksec_jobs.cli.exit_codes import leave_unless
from flinksec_jobs.cli.output import say_json
from flinksec_jobs.demo.demo import Demo, Listener, Result
from flinksec_jobs.demo.expectations import Check
from flinksec_jobs.demo.flights import ALL_FLIGHTS
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.runtime.progress import Progress as JobProgress
from flinksec_jobs.sandbox import Sandbox

_WIDTH = 120
_STAGES = {
    "sandbox": "Starting real servers",
    "data": "Writing flights into Kafka, over Kerberos and TLS",
    "job": "Running jobs/flight_delays.py",
    "figures": "Comparing what arrived with a plain pass over the data",
    "attacks": "Attacking",
}


@click.command()
@click.option(
    "--rows",
    type=click.IntRange(1, ALL_FLIGHTS),
    help=f"Number of flights to take. Default: all {ALL_FLIGHTS:,}.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
@click.option("--keep", is_flag=True, help="Leave the servers up, and print how to look around.")
def demo(rows: int | None, as_json: bool, keep: bool) -> None:
    """Run the whole secured pipeline on real servers and check it.

    It starts a KDC, Kafka, HDFS and Elasticsearch on this machine, all secured; writes the flights
    that left New York in 2013 into Kafka; runs the job jobs/flight_delays.py with encrypted state;
    compares what arrived with a plain pass over the same data; then attacks the servers and the
    state. Exit code 0 only if every line has a tick.
    """
    console = _console(stderr=True)
    directory = Path(tempfile.mkdtemp(prefix="flinksec-demo-")) if keep else None
    with _Show(console) as show:
        sandbox = Sandbox(directory, progress=show.server, detached=keep)
        try:
            result = Demo(sandbox, rows=rows, listener=show).run()
        except FlinkSecError:
            # The logs that the error speaks of stay.
            sandbox.down(forget=False)
            raise
        finally:
            if not keep:
                sandbox.down()
    if as_json:
        say_json(result.as_dict())
    else:
        _print_table(_console(), result)
    if directory is not None:
        _tell_how_to_look(console, directory)
    leave_unless(result.ok)


def _console(*, stderr: bool = False) -> Console:
    """Return a console that does not break lines where nobody looks at a terminal."""
    found = Console(stderr=stderr)
    return found if found.is_terminal else Console(stderr=stderr, width=_WIDTH)


class _Show(Listener):
    """Progress on stderr: a line for each server, a bar for the data, a live line for the job."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=console,
            transient=False,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> _Show:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def stage(self, name: str) -> None:
        self._finish_task()
        self._console.print(f"[bold]{_STAGES[name]}[/bold]")

    def server(self, line: str) -> None:
        self._console.print(f"  {line}", highlight=False)

    def written(self, done: int, total: int) -> None:
        self._update("flights written", done, total, "")

    def job(self, progress: JobProgress, total: int) -> None:
        note = f"{progress.documents_out:,} documents out"
        if progress.checkpoints:
            note += (
                f", last checkpoint {progress.checkpoint_bytes / 1024:,.0f} KiB"
                f" in {progress.checkpoint_ms} ms"
            )
        self._update("records in", progress.records_in, total, note)

    def check(self, check: Check) -> None:
        if not check.ok:
            self._console.print(f"  [red]✗[/red] {check.name}: {check.actual}", highlight=False)

    def _update(self, description: str, done: int, total: int, note: str) -> None:
        if self._task is None:
            self._task = self._bar.add_task(description, total=total, note="")
        self._bar.update(self._task, completed=done, note=note)

    def _finish_task(self) -> None:
        if self._task is not None:
            self._bar.stop_task(self._task)
        self._task = None


def _print_table(console: Console, result: Result) -> None:
    table = Table(box=box.SIMPLE_HEAD, title="What arrived, and what was proved")
    table.add_column("")
    table.add_column("should be", justify="right")
    table.add_column("is", justify="right")
    table.add_column("")
    for check in result.checks:
        tick = "[green]✓[/green]" if check.ok else "[red]✗[/red]"
        table.add_row(check.name, _figure(check.expected), _figure(check.actual), tick)
    console.print(table)
    seconds = ", ".join(f"{name} {value:.0f} s" for name, value in result.seconds.items())
    console.print(f"{seconds}; together {sum(result.seconds.values()):.0f} s", highlight=False)


def _figure(value: str | int) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def _tell_how_to_look(console: Console, directory: Path) -> None:
    console.print(
        f"""
The servers are still up; their files, settings and logs are in {directory}
  look at them   flinksec sandbox status --dir {directory}
  run the job    flinksec run jobs/flight_delays.py --settings {directory}/flight_delays.toml
  see the state  flinksec state ls {directory}/evidence --keys {directory}/state-keys
  stop them      flinksec sandbox down --dir {directory}""",
        highlight=False,
    )
