# SPDX-License-Identifier: Apache-2.0
"""Options that the commands of ``flinksec sandbox`` share."""

from __future__ import annotations

from pathlib import Path

import click

from flinksec_jobs.runtime import user_directories


def _default_directory() -> Path:
    return user_directories.state() / "sandbox"


sandbox_directory = click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=_default_directory,
    show_default="flinksec/sandbox under XDG_STATE_HOME, else ~/.local/state",
    help="The sandbox's private directory.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
at_most = click.option(
    "--max", "most", type=click.IntRange(min=1), metavar="N", help="The first N. Default: all."
)
