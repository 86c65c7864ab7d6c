# SPDX-License-Identifier: Apache-2.0
"""The jobs that run on this machine as this user: where each is, and how to talk to it.

A local run leaves a file in its private directory (mode 0700, in the directory for temporary
files) with all that a client needs. Other users can neither read it nor plant one, and one whose
process has ended is passed over: the directory's lock tells.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.files import RECORD
from flinksec_jobs.files import content as read
from flinksec_jobs.parsing import json_value
from flinksec_jobs.private_files import write_private
from flinksec_jobs.runtime import run_directory
from flinksec_jobs.runtime.local_tls import ClientFiles
from flinksec_jobs.runtime.rest import RestClient

_FILE = "running.json"


@dataclass(frozen=True)
class RunningJob:
    """A job of a local run.

    Attributes:
        name: the name that its `SecureJob` has.
        job_id: Flink's id of it, 32 hexadecimal digits.
        process_id: of the Python program.
        rest: address of Flink's REST server, ``https://127.0.0.1:40123``; empty for a job that
            ended before it could be asked.
        client: the certificate to show there.
        log_file: the log of its JVM.
    """

    name: str
    job_id: str
    process_id: int
    rest: str
    client: ClientFiles
    log_file: Path

    def connect(self) -> RestClient:
        """Return a client of its REST server.

        Raises:
            RestUnreachableError: the job has ended meanwhile.
        """
        return RestClient(self.rest, self.client)


def announce(directory: Path, job: RunningJob) -> None:
    """Leave a file about a job in the private directory of its run."""
    content = {
        "name": job.name,
        "job_id": job.job_id,
        "process_id": job.process_id,
        "rest": job.rest,
        "certificate": str(job.client.certificate),
        "key": str(job.client.key),
        "log_file": str(job.log_file),
    }
    # Under its name it is whole from the beginning.
    new = directory / f".{_FILE}"
    write_private(new, json.dumps(content))
    new.replace(directory / _FILE)


def withdraw(directory: Path) -> None:
    """Remove the file: the job has ended, its process perhaps not."""
    (directory / _FILE).unlink(missing_ok=True)


def told_to_stop(job: RunningJob, *, stops: bool) -> None:
    """Leave word for a run that somebody else ends its job, or take it back if it goes on."""
    for directory in run_directory.in_use():
        found = _read(directory / _FILE)
        if found is not None and found.job_id == job.job_id:
            path = _stop_file(directory, job.job_id)
            write_private(path, b"") if stops else path.unlink(missing_ok=True)


def note_stop(directory: Path, job_id: str) -> None:
    """Leave word in the directory of a run that its job was ended, and did not come to its end."""
    write_private(_stop_file(directory, job_id), b"")


def was_told_to_stop(directory: Path, job_id: str) -> bool:
    """Whether somebody ended the job of a run, so that it has not come to its own end."""
    return _stop_file(directory, job_id).exists()


def _stop_file(directory: Path, job_id: str) -> Path:
    return directory / f"stopped-{job_id}"


def jobs() -> list[RunningJob]:
    """All jobs of this user's local runs, in the order of their names."""
    found = [job for directory in run_directory.in_use() if (job := _read(directory / _FILE))]
    return sorted(found, key=lambda job: (job.name, job.job_id))


def of_process(process_id: int) -> RunningJob | None:
    """Return the job that a Python program runs, if it has one just now."""
    return next((job for job in jobs() if job.process_id == process_id), None)


def _read(path: Path) -> RunningJob | None:
    try:
        content = json_value(read(path, RECORD).decode("utf-8"))
    except FileNotFoundError:
        return None  # no job yet, or no longer
    return RunningJob(
        name=content["name"],
        job_id=content["job_id"],
        process_id=content["process_id"],
        rest=content["rest"],
        client=ClientFiles(Path(content["certificate"]), Path(content["key"])),
        log_file=Path(content["log_file"]),
    )
