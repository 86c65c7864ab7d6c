# SPDX-License-Identifier: Apache-2.0
"""``flinksec init``: the beginning of a job."""

from __future__ import annotations

from pathlib import Path

import click

from flinksec_jobs.cli.output import say
from flinksec_jobs.scaffold import create


@click.command()
@click.argument("name")
def init(name: str) -> None:
    """Make the folder NAME with a job, settings, a test and manifests.

    The job, its image and its namespace are called NAME: lower case letters, digits and dashes.
    Nothing is overwritten.
    """
    for path in create(name, Path()):
        if not {"base", "components"} & set(path.parts):
            say(path)
    say(f"test it: cd {name} && python -m pytest", err=True)
    say(f"run it on real servers, and deploy it: {name}/README.md", err=True)
