# SPDX-License-Identifier: Apache-2.0
"""``flinksec elasticsearch``: what the files of a job say that Elasticsearch is to have."""

from __future__ import annotations

from pathlib import Path

import click

from flinksec_jobs.cli import findings_output
from flinksec_jobs.cli.exit_codes import leave_unless
from flinksec_jobs.cli.output import say, say_json, several
from flinksec_jobs.doctor.patient import Patient
from flinksec_jobs.elasticsearch import setup
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.findings import refuse
from flinksec_jobs.index_setup.applying import difference
from flinksec_jobs.index_setup.survey import Found
from flinksec_jobs.settings import Settings, load_settings

_FILE = click.option(
    "--settings",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The settings of the job. Default: the file that FLINKSEC_SETTINGS names.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def elasticsearch() -> None:
    """Compare Elasticsearch with the files of elasticsearch.setup, or make it so.

    They are lifecycles, templates, indices and data streams, as KIND.NAME.json. A job does
    the same when it starts. The login is that of the job, in the JVM that it would have.
    """


@elasticsearch.command()
@_FILE
@_JSON
def diff(file: Path | None, as_json: bool) -> None:
    """Show where the servers have something else; change nothing."""
    found = setup.compared(_ready(file))
    if as_json:
        say_json({"setup": [one.as_dict() for one in found]})
    else:
        for one in found:
            say(f"{one.state:<9}  {one.planned}")
        findings_output.show(difference(one) for one in found if one.differences)
        say(f"{several(len(found), 'file')}, {_differing(found)}")
    leave_unless(all(one.state == "equal" for one in found))


@elasticsearch.command()
@_FILE
@_JSON
def apply(file: Path | None, as_json: bool) -> None:
    """Make what is missing, and change what differs."""
    done = setup.applied(_ready(file), overwrite=True)
    if as_json:
        made = [{"kind": o.kind.word, "name": o.name, "done": what} for o, what in done]
        say_json({"setup": made})
        return
    for one, what in done:
        say(f"{what:<9}  {one}")


def _differing(found: list[Found]) -> str:
    differing = sum(one.state != "equal" for one in found)
    return f"{differing} of them not as on the servers" if differing else "all as on the servers"


def _ready(file: Path | None) -> Settings:
    """Return settings whose files can be used, and start the JVM."""
    settings = load_settings(file)
    sections = {"elasticsearch", *(("kerberos",) if settings.kerberos else ())}
    refuse(check_files(settings, sections=sections))
    Patient(settings).jvm()
    return settings
