# SPDX-License-Identifier: Apache-2.0
"""Commands as they are typed."""

from __future__ import annotations

from pathlib import Path

import click.testing

from flinksec_jobs.cli import main
from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.yaml_writing import yaml_text


def file_of(found: Version, directory: Path) -> str:
    path = directory / "rendered.yaml"
    path.write_text(yaml_text(found.objects))
    return str(path)


def call(*arguments: str, stdin: str = "") -> click.testing.Result:
    return click.testing.CliRunner().invoke(main, [*arguments], input=stdin)
