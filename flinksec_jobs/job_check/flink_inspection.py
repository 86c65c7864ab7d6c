# SPDX-License-Identifier: Apache-2.0
"""The process that builds a job and reads metadata, with all that a JobManager has."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flinksec_jobs.cluster.entrypoint import ProcessStart, prepare
from flinksec_jobs.cluster.memory_directories import make_private
from flinksec_jobs.errors import JobError
from flinksec_jobs.files import RECORD, read_text
from flinksec_jobs.findings import Finding
from flinksec_jobs.job_check.facts import PlannedOperator, StateFacts
from flinksec_jobs.resume.begin import JOB_ID
from flinksec_jobs.runtime import build_only
from flinksec_jobs.state import RECOVERY_PATH

_MAIN_CLASS = "org.flinksec.availability.Inspection"
_DRIVER = "org.apache.flink.client.python.PythonDriver"
_UMASK = 0o007


@dataclass(frozen=True)
class Refusal:
    """Why a program was refused, in its own words."""

    message: str
    hint: str | None
    findings: Sequence[Finding]


@dataclass(frozen=True)
class Inspected:
    """What was seen.

    Attributes:
        job: the job's name; ``None`` if no job was built.
        findings: what the program's own checks and its servers said.
        refusal: why the program was refused.
        plan: the job's operators; ``None`` if no job was built.
        chosen: what the metadata tells of that which the job would go on from, by its own rule
            or as it was named, each file of it opened; ``None`` is nothing.
        states: the same of each checkpoint that was asked about; files were not opened.
    """

    job: str | None = None
    findings: Sequence[Finding] = ()
    refusal: Refusal | None = None
    plan: Sequence[PlannedOperator] | None = None
    chosen: StateFacts | None = None
    states: Sequence[StateFacts] = field(default_factory=list)


def inspect(
    start: ProcessStart,
    program: Sequence[str] = (),
    states: Sequence[str] = (),
    *,
    go_on_from: str | None = None,
) -> Inspected:
    """Look.

    Args:
        start: how a JobManager starts here.
        program: of PyFlink, as its driver takes it: ``-py FILE ARGUMENT…``; none to read state
            alone.
        states: URIs of checkpoints.
        go_on_from: what the job is told to go on from; without it, its own rule chooses.

    Raises:
        FlinkSecError: the process cannot be started, or has failed in a way that says nothing.
    """
    directory = make_private(start.mounts.run / "facts")
    for old in directory.iterdir():
        old.unlink()
    arguments = ["--facts", str(directory)]
    for uri in states:
        arguments += ["--state", uri]
    options = {}  # Flink's own, which no settings hold
    if program:
        arguments += ["--program", _DRIVER, *program]
        # Another start than any on record: what is named for it counts.
        options[JOB_ID] = uuid.uuid4().hex
    if go_on_from:
        options[RECOVERY_PATH] = go_on_from
    code = _run(replace(start, arguments=arguments, main_class=_MAIN_CLASS), options, directory)
    return _read(directory, code, builds=bool(program))


def _run(start: ProcessStart, options: Mapping[str, str], directory: Path) -> int:
    ready = prepare(start)
    command = list(ready.command)
    # Before the arguments of ours: what follows a program is the program's.
    at = command.index("--facts")
    command[at:at] = [part for pair in options.items() for part in ("-D", "=".join(pair))]
    done = subprocess.run(
        command,
        env=ready.environment | {build_only.VARIABLE: str(directory)},
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),
        check=False,
        preexec_fn=_limits,
    )
    return done.returncode


def _limits() -> None:
    os.umask(_UMASK)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # memory holds keys


def _read(directory: Path, code: int, *, builds: bool) -> Inspected:
    job = _json(directory / build_only.JOB)
    refused = _json(directory / build_only.REFUSED)
    plan = _json(directory / "plan")
    states = _json(directory / "state-facts")
    if code != 0 and refused is None:
        raise JobError(
            "the job could not be built" if builds else "state could not be read",
            hint="the log above says why",
        )
    if plan is not None and "error" in plan and refused is None:
        raise JobError(
            f"the job could not be built: {plan['error']}",
            hint="a job is built when its program comes to `with SecureJob(…)` or env.execute()",
        )
    return Inspected(
        job=job["job"] if job else None,
        findings=_findings(job["findings"]) if job else [],
        refusal=_refusal(refused) if refused else None,
        plan=_plan(plan) if plan and "error" not in plan else None,
        chosen=StateFacts.of(states["chosen"]) if states and "chosen" in states else None,
        states=[StateFacts.of(one) for one in states["states"]] if states else [],
    )


def _json(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    read: dict[str, Any] = json.loads(_text(path))
    return read


def _text(path: Path) -> str:
    return read_text(path, "what the inspection saw", RECORD, error=JobError)


def _plan(told: dict[str, Any]) -> list[PlannedOperator]:
    return [PlannedOperator.of(one) for one in told["operators"]]


def _refusal(told: dict[str, Any]) -> Refusal:
    return Refusal(told["message"], told["hint"], _findings(told["findings"]))


def _findings(told: Sequence[dict[str, Any]]) -> list[Finding]:
    return [Finding.of_dict(one) for one in told]
