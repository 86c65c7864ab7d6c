# SPDX-License-Identifier: Apache-2.0
"""A start of a job's program that builds the job and asks the servers, and runs nothing.

`flinksec cluster check` starts it in a process with all that a JobManager has. What it has found
goes into files of a private directory, which the variable names; what it would write, it leaves.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flinksec_jobs.errors import FlinkSecError, JobError
from flinksec_jobs.findings import Finding
from flinksec_jobs.private_files import write_private

VARIABLE = "FLINKSEC_BUILD_ONLY"
"""Names the directory; where it is not set, a job runs."""

CHOSEN = "chosen-state"
"""The file with the URI of what the job would go on from."""

JOB, REFUSED = "built-job", "refusal"
# org.flinksec.availability.BuiltOnly says so when it has the job.
_TAKEN = "the job was built, and is not run"


def is_wanted() -> bool:
    """Whether the job is to be built, and not run."""
    return VARIABLE in os.environ


def tell_job(name: str, findings: Iterable[Finding], *, bounded: bool) -> None:
    """Tell of a job that is built, and what its servers answered."""
    told = {"job": name, "bounded": bounded, "findings": [one.as_dict() for one in findings]}
    _write(JOB, json.dumps(told))


def tell_origin(uri: str | None) -> None:
    """Tell what the job would go on from."""
    if uri is not None:
        _write(CHOSEN, uri)


def tell_refusal(error: FlinkSecError) -> None:
    """Tell why the program was refused, if it is only to be built."""
    if not is_wanted():
        return
    told: dict[str, Any] = {
        "message": error.message,
        "hint": error.hint,
        "findings": [one.as_dict() for one in error.findings],
    }
    _write(REFUSED, json.dumps(told))


@contextmanager
def ended_when_taken() -> Iterator[None]:
    """End the program when its job has been taken: what comes after a job is not for now."""
    try:
        yield
    except JobError as error:
        if is_wanted() and error.message.endswith(_TAKEN):
            raise SystemExit(0) from None
        raise


def _write(name: str, text: str) -> None:
    write_private(Path(os.environ[VARIABLE]) / name, text)
