# SPDX-License-Identifier: Apache-2.0
"""The demonstration from beginning to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flinksec_jobs.demo import arrivals, attacks, flights
from flinksec_jobs.demo.evidence import Evidence
from flinksec_jobs.demo.expectations import Check
from flinksec_jobs.demo.expected import Expected, expected_figures
from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import running
from flinksec_jobs.runtime.progress import JobProgress, Progress
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sealed import KeyRing
from flinksec_jobs.shipped import shipped

JOB = "jobs/flight_delays.py"
TOPICS = {"flights": 2, "delay-alerts": 1}
_POLL_SECONDS = 0.5
_SIDE_BY_SIDE = 3
# A job that ends well removes its checkpoints, and a short one must have made some before.
_CHECKPOINT_INTERVAL, _FEW_ROWS, _INTERVAL_FOR_FEW = "5 s", 50_000, "1 s"
# In a minute on two cores, compiling less code is worth more than running it faster.
_JVM_ARGUMENTS = "-Xmx2g -XX:+UseSerialGC -XX:CompileThresholdScaling=4"


class Listener:
    """What wants to hear how the demo gets on; each method does nothing by default."""

    def stage(self, name: str) -> None:
        """Hear that a new stage begins."""

    def server(self, line: str) -> None:
        """Hear that a server of the sandbox is up."""

    def written(self, done: int, total: int) -> None:
        """So many records of all are in Kafka."""

    def job(self, progress: Progress, total: int) -> None:
        """Hear how far the job is."""

    def check(self, check: Check) -> None:
        """Hear the result of a check."""


@dataclass
class Result:
    """What the demo found, and how long its stages took in seconds."""

    checks: list[Check] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every check has a tick."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """Return the form of ``flinksec demo --json``."""
        return {
            "ok": self.ok,
            "checks": [check.as_dict() for check in self.checks],
            "seconds": {name: round(value, 1) for name, value in self.seconds.items()},
        }


class Demo:
    """One run of the demo on a sandbox.

    Args:
        sandbox: the servers, not yet started; they are stopped by whoever made it.
        rows: how many flights; all by default.
        listener: hears how it gets on.
    """

    def __init__(
        self, sandbox: Sandbox, *, rows: int | None = None, listener: Listener | None = None
    ) -> None:
        self._sandbox = sandbox
        self._limit = rows
        self._listener = listener or Listener()
        self._result = Result()

    def run(self) -> Result:
        """Start the servers, fill Kafka, run the job, count what arrived, and attack.

        Raises:
            FlinkSecError: a server did not start, or the job failed.
        """
        with self._stage("sandbox"):
            self._sandbox.up()
        with self._stage("data"):
            rows = self._fill_kafka()
        settings = self._write_settings()
        state = self._sandbox.directory / "state"
        with (
            ThreadPoolExecutor(1) as pool,
            self._stage("job"),
            Evidence(state, self._sandbox.directory / "evidence") as evidence,
        ):
            plain_pass = pool.submit(expected_figures, rows)
            self._run_job(settings, len(rows))
        with self._stage("figures"):
            expected = plain_pass.result()
            ring = KeyRing.open(self._sandbox.state_keys)
            self._check_arrivals(expected, evidence, ring)
        with self._stage("attacks"):
            self._attack(settings, state, expected, evidence, ring)
        return self._result

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        self._listener.stage(name)
        start = time.monotonic()
        yield
        self._result.seconds[name] = time.monotonic() - start

    def _fill_kafka(self) -> list[flights.Row]:
        with ThreadPoolExecutor(1) as pool:
            topics = pool.submit(self._sandbox.create_topics, TOPICS)
            rows = flights.read_rows(self._limit)
            topics.result()
        self._sandbox.produce(
            "flights",
            flights.kafka_lines(rows),
            progress=lambda done: self._listener.written(done, len(rows)),
        )
        return rows

    def _write_settings(self) -> Path:
        path = self._sandbox.directory / "flight_delays.toml"
        self._sandbox.write_settings(path)
        return path

    def _run_job(self, settings: Path, total: int) -> None:
        environment = os.environ | {
            "FLINKSEC_LOG_DIR": str(self._sandbox.directory / "logs"),
            "FLINKSEC_STATE__CHECKPOINT_INTERVAL": (
                _INTERVAL_FOR_FEW if total < _FEW_ROWS else _CHECKPOINT_INTERVAL
            ),
            "JVM_ARGS": os.environ.get("JVM_ARGS", _JVM_ARGUMENTS),
        }
        command = [sys.executable, "-m", "flinksec_jobs", "run", str(shipped(JOB))]
        process = subprocess.Popen(
            [*command, "--settings", str(settings)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            self._watch(process, total)
        finally:
            _end(process)
        if process.returncode != 0:
            said = process.stderr.read() if process.stderr else ""
            raise JobError(
                f"the job ended with exit code {process.returncode}: {said.strip()[-2000:]}",
                hint=f"its log is {self._sandbox.directory / 'logs'}",
            )

    def _watch(self, process: subprocess.Popen[str], total: int) -> None:
        job: JobProgress | None = None
        while process.poll() is None:
            if job is None and (found := running.of_process(process.pid)):
                with suppress(JobError):  # it has ended meanwhile
                    job = JobProgress(found.connect(), found.job_id)
            if job and (progress := job.now()):
                self._listener.job(progress, total)
            time.sleep(_POLL_SECONDS)

    def _check_arrivals(self, expected: Expected, evidence: Evidence, ring: KeyRing) -> None:
        sandbox = self._sandbox
        self._add_all(
            lambda: arrivals.kafka_in(sandbox, expected),
            lambda: arrivals.elasticsearch(sandbox, expected),
            lambda: arrivals.hdfs(sandbox, expected),
            lambda: arrivals.kafka_alerts(sandbox, expected),
            lambda: arrivals.sealed_files(evidence, ring),
        )

    def _attack(
        self, settings: Path, state: Path, expected: Expected, evidence: Evidence, ring: KeyRing
    ) -> None:
        sandbox = self._sandbox
        self._add_all(
            lambda: attacks.on_kafka(sandbox),
            lambda: attacks.on_hdfs(sandbox),
            lambda: [
                # One JVM, in this process, serves both.
                *attacks.on_state(settings, state, evidence, ring, expected.tail_numbers),
                *attacks.on_elasticsearch(settings, sandbox.rogue_ca_certs),
            ],
        )

    def _add_all(self, *groups: Callable[[], Iterable[Check]]) -> None:
        """Do groups of checks side by side, and tell of them in order."""
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            for checks in pool.map(lambda group: list(group()), groups):
                for check in checks:
                    self._result.checks.append(check)
                    self._listener.check(check)


def _end(process: subprocess.Popen[str]) -> None:
    """End the job and its JVM, which are a process group of their own."""
    if process.poll() is not None:
        return
    for sign, patience in ((signal.SIGINT, 5.0), (signal.SIGKILL, 10.0)):
        _signal_group(process, sign)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    _signal_group(process, signal.SIGKILL)


def _signal_group(process: subprocess.Popen[str], sign: signal.Signals) -> None:
    try:
        os.killpg(process.pid, sign)
    except ProcessLookupError:
        return
