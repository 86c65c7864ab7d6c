# SPDX-License-Identifier: Apache-2.0
"""One sandbox for all tests against servers, and jobs as users start them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flinksec_jobs.sandbox import Sandbox

JOB = Path(__file__).parents[2] / "jobs" / "flight_delays.py"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """All servers, with the topics of the job."""
    with Sandbox() as servers:
        servers.create_topics({"flights": 2, "delay-alerts": 1})
        yield servers


@dataclass
class Ended:
    """What a job said, and how it ended."""

    code: int
    out: str
    err: str


class StartedJob:
    """`flinksec run jobs/flight_delays.py` with its JVM, a process group of its own."""

    def __init__(self, settings: Path, variables: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flinksec_jobs", "run", JOB, "--settings", settings],
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def end(self, timeout: float) -> Ended:
        try:
            out, err = self.process.communicate(timeout=timeout)
        finally:
            self.kill()
        return Ended(self.process.returncode, out, err)

    def kill(self) -> None:
        """SIGKILL to Python and the JVM."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


StartJob = Callable[..., StartedJob]


@pytest.fixture
def start_job(sandbox: Sandbox, tmp_path: Path) -> Iterator[StartJob]:
    """Start the job with the sandbox's settings and FLINKSEC_* variables of the test's own."""
    started: list[StartedJob] = []

    def start(settings: Path | None = None, **variables: str) -> StartedJob:
        logs = {"FLINKSEC_LOG_DIR": str(tmp_path / "logs")}
        job = StartedJob(settings or sandbox.directory / "settings.toml", logs | variables)
        started.append(job)
        return job

    yield start
    for job in started:
        job.kill()
        job.process.communicate()
