# SPDX-License-Identifier: Apache-2.0
"""``flinksec state keys``: make and rotate the keys that seal state."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from flinksec_jobs.cli.state_output import as_lines, print_json, told_errors
from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.sealed import KeyRing
from flinksec_jobs.sealed.inventory import keys_named

_DIRECTORY = click.argument("directory", type=click.Path(path_type=Path))
_KEY = click.argument("key")


@click.group()
def keys() -> None:
    """Make and rotate the keys that seal state.

    DIRECTORY is a key ring: one file of 32 random bytes per key, and the file primary, which
    names the key for new files. Whoever loses all keys loses all state: keep a copy elsewhere.

    To rotate: add a key, restart the jobs, flinksec state rekey, then retire the old key.
    """


@keys.command()
@_DIRECTORY
@click.option("--id", "key", help="The first key's id. Default: the date.")
@told_errors
def init(directory: Path, key: str | None) -> None:
    """Make a key ring with one new key."""
    ring = KeyRing.create(directory, key or _today())
    click.echo(f"made the key ring {directory} with the key '{ring.primary_id}'")
    click.echo("keep a copy of it elsewhere: without it the state is lost", err=True)


@keys.command()
@_DIRECTORY
@_KEY
@click.option("--spare", is_flag=True, help="Do not seal new files under it yet: see use.")
@told_errors
def add(directory: Path, key: str, spare: bool) -> None:
    """Add a new random key with the id KEY, and seal new files under it.

    Processes that run go on with the key they have until they are restarted.
    """
    ring = KeyRing.open(directory).add(key, primary=not spare)
    click.echo(f"added the key '{key}'; the primary key is '{ring.primary_id}'")


@keys.command()
@_DIRECTORY
@_KEY
@told_errors
def use(directory: Path, key: str) -> None:
    """Seal new files under the key KEY, which the ring has already."""
    ring = KeyRing.open(directory).use(key)
    click.echo(f"the primary key is '{ring.primary_id}'")


@keys.command("list")
@_DIRECTORY
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@told_errors
def list_(directory: Path, paths: tuple[Path, ...], as_json: bool) -> None:
    """List the keys, and how many of the files under PATHS need each."""
    ring = KeyRing.open(directory)
    named = keys_named(paths) if paths else None
    ids = sorted({*ring.key_ids, *(named or ())})
    if as_json:
        listed = [
            {
                "id": key,
                "primary": key == ring.primary_id,
                "at_hand": key in ring.key_ids,
                "files": None if named is None else named[key],
            }
            for key in ids
        ]
        print_json({"directory": str(directory), "keys": listed})
        return
    for line in as_lines([_listed(key, ring, named) for key in ids]):
        click.echo(line.rstrip())


@keys.command()
@_DIRECTORY
@_KEY
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--unchecked", is_flag=True, help="Delete it without a look at any files: they may be lost."
)
@told_errors
def retire(directory: Path, key: str, paths: tuple[Path, ...], unchecked: bool) -> None:
    """Delete the key KEY for good, if no file under PATHS needs it any more.

    Give all directories that hold checkpoints, savepoints and high-availability data.
    """
    ring = KeyRing.open(directory)
    if not unchecked:
        _check_unneeded(directory, key, paths)
    ring = ring.remove(key)
    click.echo(f"deleted the key '{key}'; left: {', '.join(ring.key_ids)}")


def _check_unneeded(directory: Path, key: str, paths: tuple[Path, ...]) -> None:
    if not paths:
        raise KeyRingError(
            f"whether files still need the key '{key}' cannot be told without PATHS",
            hint="Name every directory with sealed state, or give --unchecked.",
        )
    needed = keys_named(paths)[key]
    if needed:
        raise KeyRingError(
            f"{needed} file{'s' if needed > 1 else ''} still need{'' if needed > 1 else 's'} "
            f"the key '{key}'",
            hint="Restart the jobs, then: flinksec state rekey --keys "
            f"{directory} {' '.join(map(str, paths))}",
        )


def _listed(key: str, ring: KeyRing, named: Counter[str] | None) -> tuple[str, ...]:
    mark = "primary" if key == ring.primary_id else ""
    if key not in ring.key_ids:
        mark = "MISSING"
    return (key, mark, "" if named is None else f"{named[key]} files")


def _today() -> str:
    return f"key-{datetime.now(UTC):%Y-%m-%d}"
