# SPDX-License-Identifier: Apache-2.0
"""Building the image of a job, and that of the sandbox."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flinksec_jobs.errors import ImageError
from flinksec_jobs.files import CERTIFICATES, SETTINGS, read_bytes, read_text
from flinksec_jobs.image import context
from flinksec_jobs.image.context import Contents
from flinksec_jobs.image.jars import JOB_SETS, SANDBOX_SETS
from flinksec_jobs.image.tools import Build, Tool
from flinksec_jobs.parsing import ParseError, toml
from flinksec_jobs.shipped import checkout
from flinksec_jobs.sql_job import SUFFIX
from flinksec_jobs.version import __version__

BASE_IMAGE = "docker.io/library/debian:bookworm-slim"
BILL = "/opt/flinksec/sbom.cdx.json"

ExecutionMode = Literal["thread", "process"]


@dataclass(frozen=True)
class Options:
    """How to build.

    Attributes:
        base_image: a Debian or Ubuntu with Python 3.11 or 3.12 in its archive, or installed.
        tag: the image's name; by default made from the job's.
        packages: a folder of Python packages, for a build without an index.
        ca_bundle: PEM file of CAs for pip, behind a proxy that inspects TLS.
        pip_conf: pip's configuration, with an index of one's own; in no layer of the image.
        builder_options: options of docker, podman or buildah, as they are.
    """

    base_image: str = BASE_IMAGE
    tag: str | None = None
    packages: Path | None = None
    ca_bundle: Path | None = None
    pip_conf: Path | None = None
    builder_options: Sequence[str] = ()


@dataclass(frozen=True)
class Job:
    """What is to run in the image.

    Attributes:
        files: the PyFlink program, or its file of SQL, then whatever it needs beside it.
        requirements: its own Python packages, locked with hashes.
        execution_mode: ``process`` brings Beam, pandas and pyarrow; by default what the settings
            beside the program say.
    """

    files: Sequence[Path]
    requirements: Path | None = None
    execution_mode: ExecutionMode | None = None

    @property
    def program(self) -> Path:
        """The PyFlink program."""
        return self.files[0]


def build_job(job: Job, options: Options, tool: Tool, progress: Callable[[str], None]) -> str:
    """Build the image of a job and return its name.

    Raises:
        ImageError: something is missing, or the builder failed.
        ArtifactError: a jar cannot be had, or is not the locked one.
    """
    if job.program.suffix not in {".py", SUFFIX} or not job.program.is_file():
        raise ImageError(
            f"{job.program} is not a PyFlink program", hint="name the job's .py or .sql file first"
        )
    title = image_name(job.program.stem)
    tag = options.tag or f"{title}:{__version__}"
    mode = job.execution_mode or _mode_of_settings(job.program)
    arguments = {
        "TITLE": title,
        "JOB": job.program.name,
        "VERSION": __version__,
        "REVISION": revision(job.program.parent),
        "EXECUTION_MODE": mode,
    }
    contents = Contents(
        job_files=job.files,
        jar_sets=JOB_SETS,
        packages=options.packages,
        requirements=job.requirements,
    )
    _build(contents, tag, arguments, options=options, tool=tool, progress=progress)
    return tag


def build_sandbox(options: Options, tool: Tool, progress: Callable[[str], None]) -> str:
    """Build the image of the sandbox's servers and return its name.

    Raises:
        ImageError: something is missing, or the builder failed.
        ArtifactError: a jar cannot be had, or is not the locked one.
    """
    tag = options.tag or f"flinksec-sandbox:{__version__}"
    root = checkout()
    arguments = {"VERSION": __version__, "REVISION": revision(root) if root else ""}
    contents = Contents(
        jar_sets=SANDBOX_SETS, packages=options.packages, dockerfile="docker/sandbox.Dockerfile"
    )
    _build(contents, tag, arguments, options=options, tool=tool, progress=progress)
    return tag


def _build(
    contents: Contents,
    tag: str,
    arguments: dict[str, str],
    *,
    options: Options,
    tool: Tool,
    progress: Callable[[str], None],
) -> None:
    secrets = {"ca-bundle": options.ca_bundle, "pip-conf": options.pip_conf}
    for name, path in secrets.items():
        if path:
            # The builder opens it itself, and would wait for a pipe.
            read_bytes(path, f"--{name}", CERTIFICATES, error=ImageError)
    if missing := [path for path in secrets.values() if path and not path.is_file()]:
        raise ImageError(f"there is no file {missing[0]}", hint="it is mounted for pip")
    told = -1

    def fetching(done: int, total: int) -> None:
        nonlocal told
        if (tenth := 10 * done // max(total, 1)) > told:
            told = tenth
            progress(f"fetching jars: {10 * tenth} % of {total / 1e6:.0f} MB")

    with tempfile.TemporaryDirectory(prefix="flinksec-image-") as directory:
        progress("laying out the build context")
        dockerfile = context.lay_out(contents, Path(directory), fetching)
        build = Build(
            context=Path(directory),
            dockerfile=dockerfile,
            tag=tag,
            arguments=arguments | {"BASE_IMAGE": options.base_image},
            secrets={name: path for name, path in secrets.items() if path},
            options=options.builder_options,
        )
        tool.build(build, progress)


def image_name(job: str) -> str:
    """Return the part of an image's name that a job's name gives: ``my_job`` is ``my-job``.

    Raises:
        ImageError: nothing is left of it.
    """
    name = re.sub(r"[^a-z0-9]+", "-", job.lower()).strip("-")
    if not name:
        raise ImageError(f"no image can be named after {job!r}", hint="give it a name with --tag")
    return name


def revision(directory: Path) -> str:
    """Return the commit of a folder, with ``-dirty`` if it has changes; empty if it has none."""
    describe = ["git", "-C", str(directory), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(describe, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _mode_of_settings(program: Path) -> ExecutionMode:
    settings = program.with_suffix(".toml")
    if not settings.is_file():
        return "thread"
    try:
        table = toml(read_text(settings, "the job's settings", SETTINGS, error=ImageError))
    except ParseError as error:
        raise ImageError(
            f"the job's settings {settings} are not TOML: {error}", hint="mend them first"
        ) from None
    section = table.get("python")
    mode = section.get("execution_mode") if isinstance(section, dict) else None
    return "process" if mode == "process" else "thread"
