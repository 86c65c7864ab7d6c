# SPDX-License-Identifier: Apache-2.0
"""``flinksec settings``: show, check and explain settings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from flinksec_jobs.cli.output import put, say, say_json
from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.sealed import KeyRing
from flinksec_jobs.settings import Settings, load, reference
from flinksec_jobs.settings.checks import check_files, refuse_nothing, weaknesses
from flinksec_jobs.settings.fields import flattened

_FILE = click.argument("file", required=False, type=click.Path(path_type=Path))


@click.group()
def settings() -> None:
    """Show, check and explain settings.

    FILE is a settings file in TOML, by default the one that FLINKSEC_SETTINGS names; FLINKSEC_*
    variables apply as they do for a job.
    """


@settings.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(file: Path | None, as_json: bool) -> None:
    """Print every value and where it comes from; secrets as references."""
    loaded = load(file)
    values = flattened(loaded.dump())
    if as_json:
        listed = {
            name: {"value": value, "origin": loaded.origin(name)} for name, value in values.items()
        }
        say_json(listed, indent=2)
        return
    _print_table(
        ("setting", "value", "origin"),
        [(name, _shown(value), loaded.origin(name)) for name, value in values.items()],
    )


@settings.command()
@_FILE
def check(file: Path | None) -> None:
    """Open every file that the settings name, and warn of weak choices.

    Names and addresses that stand in examples only, such as example.com, are errors.
    """
    loaded = load(file)
    refuse_nothing(loaded)
    notes = check_files(loaded, examples=True)
    _check_key_ring(loaded)
    for line in [*weaknesses(loaded), *notes]:
        say(f"warning: {line}", err=True)
    say(f"the settings can be used: {', '.join(_sections(loaded))}")


@settings.command("reference")
@click.option("--markdown", is_flag=True, help="Print the tables of docs/settings.md.")
def reference_(markdown: bool) -> None:
    """List every setting: what it takes, its default, its meaning."""
    if markdown:
        put(reference.markdown())
        return
    for entry in reference.entries():
        default = f" (default {entry.default})" if entry.default else ""
        required = entry.default == "required"
        say(f"{entry.name}: {entry.kind}{', required' if required else default}")
        say(f"    {entry.meaning}")


def _check_key_ring(loaded: Settings) -> None:
    """Open the whole ring, as the job and Flink will: others must not be able to change it."""
    state = loaded.state
    if state and state.sealed and state.keys:
        try:
            KeyRing.open(state.keys)
        except KeyRingError as error:
            raise KeyRingError(f"state.keys: {error.message}", hint=error.hint) from error


def _sections(loaded: Settings) -> list[str]:
    given = loaded.dump()
    return [name for name in given if name in loaded.model_fields_set]


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head) - 1)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        say("  ".join([*cells, line[-1]]))
