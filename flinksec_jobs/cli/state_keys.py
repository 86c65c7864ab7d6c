# SPDX-License-Identifier: Apache-2.0
"""``flinksec state keys``: make and rotate the keys that seal state."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from flinksec_jobs import key_providers
from flinksec_jobs.cli.exit_codes import leave_unless
from flinksec_jobs.cli.output import say, say_json
from flinksec_jobs.cli.state_output import as_lines
from flinksec_jobs.errors import KeyRingError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.key_providers import KeyStore, Said
from flinksec_jobs.sealed.needs import Needs, keys_needed

_KEYS = click.argument("location", metavar="DIRECTORY|URI")
_KEY = click.argument("key")
_SHOWN = 5


class _NamedPath(click.Path):
    """A path that is named: no text would be the current directory, and is an unset variable."""

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> Any:
        if not os.fspath(value):
            self.fail("the path is empty", parameter, context)
        return super().convert(value, parameter, context)


# Whether they are there, and what they are, the walk tells.
PATH = _NamedPath(path_type=Path, readable=False)
_PATHS = click.argument("paths", nargs=-1, type=PATH)


def _help() -> str:
    return "\n\n".join(
        (
            "Make and rotate the keys that seal state.",
            *(kind.about for kind in key_providers.kinds()),
            "To rotate: add a key, restart the jobs, flinksec state rekey, then retire the old "
            "key.",
        )
    )


@click.group(help=_help())
def keys() -> None:
    """Make and rotate the keys that seal state; the help is that of the kinds of providers."""


@keys.command()
@_KEYS
@click.option("--id", "key", help="The first key's id. Default: the date.")
def init(location: str, key: str | None) -> None:
    """Make a key ring with one new key."""
    _say(key_providers.store(location).init(key or _today()))


@keys.command()
@_KEYS
@_KEY
@click.option("--spare", is_flag=True, help="Do not seal new files with it yet: see use.")
def add(location: str, key: str, spare: bool) -> None:
    """Add a new random key KEY and seal new files with it.

    Running processes keep using their key until they are restarted. In a token, the key can never
    be read out, and the settings say when it seals.
    """
    _say(key_providers.store(location).add(key, primary=not spare))


@keys.command()
@_KEYS
@_KEY
def use(location: str, key: str) -> None:
    """Seal new files with the key KEY of the ring."""
    _say(key_providers.store(location).use(key))


@keys.command("list")
@_KEYS
@_PATHS
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_(location: str, paths: tuple[Path, ...], as_json: bool) -> None:
    """List the keys, and how many files under PATHS need each.

    For a token, its AES-256 keys are listed; the primary one is the object that the URI names. Exit
    code 1 if the keys of some file cannot be determined: it may need any of them.
    """
    place = key_providers.store(location).listing()
    primary, at_hand = place.primary, place.key_ids
    needs = keys_needed(paths) if paths else None
    named = needs.named if needs else None
    ids = sorted({*at_hand, *(named or ())})
    if as_json:
        listed = [
            {
                "id": key,
                "primary": key == primary,
                "at_hand": key in at_hand,
                "files": None if named is None else named[key],
            }
            for key in ids
        ]
        unknown = {str(path): why for path, why in needs.unknown.items()} if needs else {}
        say_json({**place.where, "keys": listed, "unknown": unknown})
        leave_unless(not unknown)
        return
    marks = {key: "MISSING" for key in ids if key not in at_hand} | {primary: "primary"}
    for line in as_lines([_listed(key, marks.get(key, ""), named) for key in ids]):
        say(line.rstrip())
    if needs and needs.unknown:
        raise _unknown(needs)


@keys.command()
@_KEYS
@_KEY
@_PATHS
@click.option(
    "--unchecked", is_flag=True, help="Delete it without examining any files, which may be lost."
)
def retire(location: str, key: str, paths: tuple[Path, ...], unchecked: bool) -> None:
    """Delete the key KEY, if no file under PATHS needs it.

    Name all directories with checkpoints, savepoints and high-availability data. Before that,
    restart the jobs and re-key the files. The command refuses if the keys of some file cannot be
    determined (a directory that cannot be listed, a link to one that is not among PATHS, a file of
    a newer version), or if a PATH holds no sealed file, like a volume that is not mounted. Files
    are examined twice, the second time after the key has left the ring. A process that was started
    before the new key was added seals with the old one until it ends, which no examination of
    files can find. A key in a token is never deleted, as others may use it; the command only says
    whether files need it.
    """
    if not unchecked and not paths:
        raise KeyRingError(
            f"whether files still need the key '{key}' cannot be told without PATHS",
            hint="name every directory with sealed state, or give --unchecked",
        )

    store = key_providers.store(location)

    def check() -> None:
        _check_unneeded(store, location, key, paths)

    _say(store.retire(key, None if unchecked else check))


def _check_unneeded(store: KeyStore, location: str, key: str, paths: tuple[Path, ...]) -> None:
    # Opened anew: while the key is put aside, the others are what is left.
    needs = keys_needed(paths, store.left())
    needed = needs.named[key]
    if needed:
        raise KeyRingError(
            f"{needed} file{'s' if needed > 1 else ''} still need{'' if needed > 1 else 's'} "
            f"the key '{key}'",
            hint="restart the jobs, then: flinksec state rekey --keys "
            f"{shlex.join([location, *map(str, paths)])}",
        )
    if needs.unknown:
        raise _unknown(needs)
    if missed := [path for path in paths if path not in needs.sealed_below]:
        raise KeyRingError(
            "no sealed file was found under " + ", ".join(map(escaped, missed)),
            hint="check that the volume is mounted there, and leave out a PATH that holds none",
        )


def _unknown(needs: Needs) -> KeyRingError:
    number = len(needs.unknown)
    shown = [f"{escaped(path)}: {why}" for path, why in list(needs.unknown.items())[:_SHOWN]]
    more = [f"and {number - _SHOWN} more"] if number > _SHOWN else []
    return KeyRingError(
        f"which keys are needed cannot be told of {number} path{'' if number == 1 else 's'}:\n"
        + "\n".join([*shown, *more]),
        hint="make them readable, name what a link leads to as a PATH of its own, or remove what "
        "is no state",
    )


def _say(said: Said) -> None:
    say(said.done)
    if said.note:
        say(said.note, err=True)


def _listed(key: str, mark: str, named: Counter[str] | None) -> tuple[str, ...]:
    return (key, mark, "" if named is None else f"{named[key]} files")


def _today() -> str:
    return f"key-{datetime.now(UTC):%Y-%m-%d}"
