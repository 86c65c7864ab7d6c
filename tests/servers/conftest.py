# SPDX-License-Identifier: Apache-2.0
"""One sandbox for all tests against servers, and jobs as users start them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from flinksec_jobs.demo import flights
from flinksec_jobs.sandbox import Sandbox
from tests.jvms import quick_jvms

JOB = Path(__file__).parents[2] / "jobs" / "flight_delays.py"
ROWS = 40_000


@pytest.fixture(scope="session", autouse=True)
def quick_jobs() -> Iterator[None]:
    """JVMs that start quickly."""
    with quick_jvms("2g"):
        yield


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """All servers, with the topics of the job."""
    with Sandbox() as servers:
        servers.create_topics({"flights": 2, "delay-alerts": 1})
        yield servers


@pytest.fixture(scope="session")
def flights_in_kafka(sandbox: Sandbox) -> list[flights.Row]:
    """The flights that lie in the topic, in the order of their departure."""
    rows = flights.read_rows(ROWS)
    sandbox.produce("flights", flights.kafka_lines(rows))
    return rows


@dataclass
class Ended:
    """What a job said, and how it ended."""

    code: int
    out: str
    err: str


class StartedJob:
    """`flinksec run job.py` with its JVM, a process group of its own."""

    def __init__(
        self,
        settings: Path,
        variables: dict[str, str],
        job: Path = JOB,
        arguments: Sequence[str] = (),
    ) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "flinksec_jobs",
                "run",
                job,
                "--settings",
                settings,
                "--",
                *arguments,
            ],
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

    def start(settings: Path | None = None, job: Path = JOB, **variables: str) -> StartedJob:
        logs = {"FLINKSEC_LOG_DIR": str(tmp_path / "logs")}
        made = StartedJob(settings or sandbox.directory / "settings.toml", logs | variables, job)
        started.append(made)
        return made

    yield start
    for job in started:
        job.kill()
        job.process.communicate()
