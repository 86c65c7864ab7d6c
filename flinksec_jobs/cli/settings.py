# SPDX-License-Identifier: Apache-2.0
"""``flinksec settings``: show, check and explain settings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from flinksec_jobs.cli import findings_output
from flinksec_jobs.cli.exit_codes import leave
from flinksec_jobs.cli.output import put, say, say_json
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.findings import Finding, problems
from flinksec_jobs.sections.fields import flattened
from flinksec_jobs.settings import load_settings, reference, refuse_nothing
from flinksec_jobs.settings.weak import weaknesses

_FILE = click.argument("file", required=False, type=click.Path(path_type=Path))


@click.group()
def settings() -> None:
    """Show, check and explain settings.

    FILE is a settings file in TOML, by default the one that FLINKSEC_SETTINGS names; FLINKSEC_*
    variables count as they do for a job.
    """


@settings.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(file: Path | None, as_json: bool) -> None:
    """Print every value and where it comes from.

    Secrets are printed as references.
    """
    loaded = load_settings(file)
    values = flattened(loaded.dump())
    if as_json:
        listed = {
            name: {"value": value, "origin": loaded.origin(name)} for name, value in values.items()
        }
        say_json(listed)
        return
    _print_table(
        ("setting", "value", "origin"),
        [(name, _shown(value), loaded.origin(name)) for name, value in values.items()],
    )


@settings.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(file: Path | None, as_json: bool) -> None:
    """Open every file that is named, and warn of weak choices.

    Names and addresses of examples, such as example.com, are problems. Exit code 1 if there is a
    problem; warnings do not count.
    """
    found, sections = _checked(file)
    if as_json:
        say_json({"sections": sections, "findings": findings_output.as_dicts(found)})
    else:
        findings_output.show(found)
        verdict = "cannot be used" if problems(found) else "can be used"
        listed = f": {', '.join(sections)}" if sections else ""
        say(f"the settings {verdict}{listed}; {findings_output.counted(found)}")
    leave(findings_output.exit_code(found))


@settings.command("reference")
@click.option("--markdown", is_flag=True, help="Print the tables of docs/settings.md.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def reference_(*, markdown: bool, as_json: bool) -> None:
    """List every setting: what it takes, its default, its meaning."""
    if markdown and as_json:
        raise click.UsageError("--markdown and --json are two forms: choose one")
    if as_json:
        say_json({entry.name: _as_dict(entry) for entry in reference.entries()})
        return
    if markdown:
        put(reference.markdown())
        return
    for entry in reference.entries():
        default = f" (default {entry.default})" if entry.default else ""
        required = entry.default == "required"
        say(f"{entry.name}: {entry.kind}{', required' if required else default}")
        say(f"    {entry.meaning}")
        if entry.decides:
            say(f"    In Flink: {', '.join(entry.decides)}")


def _as_dict(entry: reference.Entry) -> dict[str, object]:
    required = entry.default == "required"
    return {
        "kind": entry.kind,
        "required": required,
        "default": None if required else entry.default or None,
        "meaning": entry.meaning,
        "flink": list(entry.decides),
    }


def _checked(file: Path | None) -> tuple[list[Finding], list[str]]:
    try:
        loaded = load_settings(file)
    except SettingsError as error:
        if error.findings:
            return list(error.findings), []
        raise
    refuse_nothing(loaded)
    return [*check_files(loaded, examples=True), *weaknesses(loaded)], loaded.given_sections


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head) - 1)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
        say("  ".join([*cells, line[-1]]))
