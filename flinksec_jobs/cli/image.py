# SPDX-License-Identifier: Apache-2.0
"""``flinksec image``: the container image of a job."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from flinksec_jobs.cli.output import say, say_json
from flinksec_jobs.image import build as building
from flinksec_jobs.image.build import BASE_IMAGE, BILL, ExecutionMode, Job, Options
from flinksec_jobs.image.offline import fetch as fetch_packages
from flinksec_jobs.image.parts import Part
from flinksec_jobs.image.parts import parts as parts_of
from flinksec_jobs.image.tools import NAMES, Tool, find_tool

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_ANY = click.Path(exists=True, path_type=Path)


def _build_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        click.option(
            "--tool", "tool_name", type=click.Choice(NAMES), help="Default: the first that works."
        ),
        click.option(
            "--builder-option",
            "builder_options",
            multiple=True,
            metavar="OPTION",
            help="Passed on to the tool's build command.",
        ),
        click.option(
            "--pip-conf", type=_FILE, help="Configuration of pip, such as an index of your own."
        ),
        click.option(
            "--ca-bundle",
            type=_FILE,
            help="CAs for pip behind a proxy that inspects TLS. Default: what PIP_CERT names.",
        ),
        click.option(
            "--offline-directory",
            "packages",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="Python packages from `flinksec image fetch`, in place of an index.",
        ),
        click.option("--tag", help="The image's name. Default: from the job's, and our version."),
        click.option("--base-image", default=BASE_IMAGE, show_default=True, help="What is below."),
    ):
        command = option(command)
    return command


@click.group()
def image() -> None:
    """Build the container image of a job.

    Flink, this library, its verified jars, a Java runtime and the job, for one job-cluster; it
    runs as any user of group 0, without a capability, and with a read-only root.
    """


@image.command()
@_build_options
@click.option(
    "--requirements", type=_FILE, help="The job's own Python packages, locked with hashes."
)
@click.option(
    "--execution-mode",
    type=click.Choice(["thread", "process"]),
    help="process brings Beam, pandas and pyarrow. Default: as in the settings beside JOB.",
)
@click.option(
    "--sbom", type=click.Path(dir_okay=False, path_type=Path), help="Write the bill of materials."
)
@click.argument("job", type=_FILE)
@click.argument("files", nargs=-1, type=_ANY)
def build(
    job: Path,
    files: tuple[Path, ...],
    sbom: Path | None,
    execution_mode: ExecutionMode | None,
    requirements: Path | None,
    **options: Any,
) -> None:
    """Build the image of the PyFlink program JOB.

    FILES are the files and folders that JOB needs beside it. The image is built with docker, podman
    or buildah, whichever works here. Settings and secrets are mounted later, and never part of the
    image.
    """
    described = Job([job, *files], requirements, execution_mode)
    tool, as_json, chosen = _chosen(options)
    start = time.monotonic()
    tag = building.build_job(described, chosen, tool, _tell)
    if sbom is not None:
        sbom.parent.mkdir(parents=True, exist_ok=True)
        sbom.write_text(tool.run(tag, ["/bin/cat", BILL]), "utf-8")
    _show(tool, tag, as_json=as_json)
    _tell(f"built with {tool.name} in {time.monotonic() - start:.0f} s")


@image.command()
@_build_options
def sandbox(**options: Any) -> None:
    """Build the image of the sandbox's servers."""
    tool, as_json, chosen = _chosen(options)
    start = time.monotonic()
    tag = building.build_sandbox(chosen, tool, _tell)
    _show(tool, tag, as_json=as_json)
    _tell(f"built with {tool.name} in {time.monotonic() - start:.0f} s")


@image.command()
@click.option(
    "--tool", "tool_name", type=click.Choice(NAMES), help="Default: the first that works."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.argument("name")
def parts(name: str, tool_name: str | None, as_json: bool) -> None:
    """Show where the size of the image NAME goes."""
    _show(find_tool(tool_name), name, as_json=as_json)


@image.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--execution-mode",
    type=click.Choice(["thread", "process"]),
    default="thread",
    show_default=True,
    help="process brings Beam, pandas and pyarrow.",
)
def fetch(directory: Path, execution_mode: ExecutionMode) -> None:
    """Fetch the Python packages of an image into DIRECTORY.

    They are for --offline-directory. This Python must have the version of the image's. The base
    image of a build without a network must have Python with its module venv, and the shared
    libpython.
    """
    count = fetch_packages(directory, execution_mode)
    say(f"{count} packages are in {directory}", err=True)


def _chosen(options: dict[str, Any]) -> tuple[Tool, bool, Options]:
    tool = find_tool(options.pop("tool_name"))
    as_json = bool(options.pop("as_json"))
    if options["ca_bundle"] is None and (named := os.environ.get("PIP_CERT")):
        options["ca_bundle"] = Path(named)
    return tool, as_json, Options(**options)


def _show(tool: Tool, tag: str, *, as_json: bool) -> None:
    parts: list[Part] = parts_of(tool, tag)
    total = sum(part.bytes for part in parts)
    if as_json:
        listed = [{"name": part.name, "bytes": part.bytes} for part in parts]
        document = {"image": tag, "tool": tool.name, "bytes": total, "parts": listed}
        say_json(document)
        return
    for part in parts:
        say(f"{part.bytes / 1e6:7.1f} MB  {part.name}")
    say(f"{total / 1e6:7.1f} MB  {tag}")


def _tell(line: str) -> None:
    say(line, err=True)
