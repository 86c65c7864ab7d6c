# SPDX-License-Identifier: Apache-2.0
"""Options that all commands of ``flinksec cluster`` share: where everything is mounted."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from flinksec_jobs import sql_job
from flinksec_jobs.cluster.entrypoint import Mounts

_DEFAULTS = Mounts()
_HELP = {
    "settings": "The job's settings.",
    "config": "Flink's config.yaml. If it is missing, it is made from the settings.",
    "log4j": "The file log4j-console.properties. If it is missing, the library's own is used.",
    "ca": "Directory of the services' CAs, *.pem.",
    "run": "Private directory in memory for files that are made at start.",
}
PATH = click.Path(path_type=Path)


def mount_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each mount, and ``-D``."""
    for mount in reversed(dataclasses.fields(Mounts)):
        default = getattr(_DEFAULTS, mount.name)
        command = click.option(
            f"--{mount.name}",
            type=PATH,
            default=default,
            show_default=True,
            help=_HELP[mount.name],
        )(command)
    return click.option(
        "-D", "options", multiple=True, metavar="NAME=VALUE", help="A Flink option that wins."
    )(command)


def absolute_mounts(mounts: dict[str, Path]) -> Mounts:
    """Return the mounts that were given."""
    return Mounts(**{name: path.absolute() for name, path in mounts.items()})


def flink_options(given: Sequence[str]) -> dict[str, str]:
    """Return what was given by ``-D``.

    Raises:
        click.BadParameter: it is no ``NAME=VALUE``.
    """
    found = {}
    for option in given:
        name, equals, value = option.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{name}: write NAME=VALUE", param_hint="-D")
        found[name] = value
    return found


def program_arguments(program: Path, arguments: Sequence[str]) -> list[str]:
    """Return a program and its arguments as Flink's driver of Python takes them.

    Raises:
        click.UsageError: a file of SQL takes no arguments.
    """
    if program.suffix != sql_job.SUFFIX:
        return ["-py", str(program), *arguments]
    if arguments:
        raise click.UsageError(f"{program.name} is SQL, and takes no arguments: {arguments[0]}")
    return ["-py", sql_job.__file__, str(program)]
