# SPDX-License-Identifier: Apache-2.0
"""The job on real servers: killed, re-keyed and started again, and nothing lost or doubled."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from flinksec_jobs import shipped
from flinksec_jobs.demo import arrivals, demo, flights
from flinksec_jobs.demo.evidence import Evidence
from flinksec_jobs.demo.expected import Expected, expected_figures
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sealed import KeyRing, Status, read_header, verify_file
from tests.patience import PATIENCE
from tests.servers.conftest import JOB, Ended, StartedJob
from tests.servers.secrets_search import Seen, ask_local_run, secrets_of, words_in

# So slow that the job lasts for half a minute.
BYTES_A_SECOND = 250_000


@dataclass
class Killed:
    """A job that was killed once, re-keyed and started again, and what was seen of it."""

    expected: Expected
    evidence: Evidence
    alerts_when_killed: int
    ended: Ended
    logs: Path
    seen: Seen
    ring: Path
    old_key: str
    rekeyed: list[dict[str, Any]]


@pytest.fixture(scope="module")
def run(
    sandbox: Sandbox,
    flights_in_kafka: list[flights.Row],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Killed]:
    logs = tmp_path_factory.mktemp("pipeline") / "logs"
    # Other tests go on with the sandbox's own keys.
    ring = sandbox.directory / "pipeline-keys"
    shutil.copytree(sandbox.state_keys, ring)
    variables = {
        "FLINKSEC_LOG_DIR": str(logs),
        "FLINKSEC_STATE__CHECKPOINT_INTERVAL": "1 s",
        "FLINKSEC_STATE__KEYS": str(ring),
    }
    settings = sandbox.directory / "settings.toml"
    evidence = Evidence(sandbox.directory / "state", sandbox.directory / "evidence")
    with evidence, Seen.watching(ask_local_run) as seen:
        sandbox.limit_reading(BYTES_A_SECOND)
        first = StartedJob(settings, variables)
        try:
            kill_between_checkpoints(first, evidence, checkpoints=2)
        finally:
            first.kill()
            first.process.communicate()
            sandbox.limit_reading(0)
        alerts = len(sandbox.consume("delay-alerts"))
        old_key, rekeyed = change_key(ring, sandbox.directory / "state", evidence.directory)
        second = StartedJob(settings, variables)
        ended = second.end(PATIENCE)
        seen.add("what the job printed", (ended.out + ended.err).encode())
        show = [sys.executable, "-m", "flinksec_jobs", "settings", "show", str(settings)]
        shown = subprocess.run(show, capture_output=True, check=True).stdout
        seen.add("settings show", shown)
    expected = expected_figures(flights_in_kafka)
    yield Killed(expected, evidence, alerts, ended, logs, seen, ring, old_key, rekeyed)


def change_key(ring: Path, *directories: Path) -> tuple[str, list[dict[str, Any]]]:
    """Add a key, put every file under it, delete the old one: for good, as users do it."""

    def state(*arguments: str | Path) -> str:
        command = [sys.executable, "-m", "flinksec_jobs", "state", *arguments]
        return subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True).stdout

    old_key = KeyRing.open(ring).primary_id
    state("keys", "add", ring, "key-of-the-test")
    rekeyed = [json.loads(state("rekey", path, "--keys", ring, "--json")) for path in directories]
    state("keys", "retire", ring, old_key, *directories)
    return old_key, rekeyed


def kill_between_checkpoints(job: StartedJob, evidence: Evidence, checkpoints: int) -> None:
    end = time.monotonic() + PATIENCE
    while len(evidence.checkpoints()) < checkpoints:
        assert job.process.poll() is None, job.process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(0.3)
    jvms = [p for p in psutil.Process(job.process.pid).children() if p.name() == "java"]
    assert len(jvms) == 1
    jvms[0].kill()


def test_the_job_was_killed_before_it_was_done(run: Killed) -> None:
    assert run.alerts_when_killed < len(run.expected.alerts)


def test_the_second_run_ends_well(run: Killed) -> None:
    assert run.ended.code == 0, run.ended.err


def test_the_second_run_goes_on_from_the_first_ones_checkpoint(run: Killed) -> None:
    log = "".join(path.read_text() for path in run.logs.glob("*.log*"))
    assert "Starting job" in log
    assert "Restoring job" in log
    assert "sealed+file:" in log


def test_the_old_key_is_gone_before_the_second_run(run: Killed) -> None:
    for report in run.rekeyed:
        assert report["primary"] == "key-of-the-test"
        assert report["still_need"] == {}
        # Only what was being written when the job was killed may be past help.
        assert {file["status"] for file in report["left"]} <= {"truncated"}
    assert sum(report["counts"].get("re-wrapped", 0) for report in run.rekeyed) > 0
    assert KeyRing.open(run.ring).key_ids == ("key-of-the-test",)
    assert {key for path in run.evidence.files() for key in read_header(path).key_ids} == {
        "key-of-the-test"
    }


@pytest.mark.parametrize("what", ["kafka_in", "elasticsearch", "hdfs", "kafka_alerts"])
def test_all_figures_equal_the_plain_pass(sandbox: Sandbox, run: Killed, what: str) -> None:
    checks = list(getattr(arrivals, what)(sandbox, run.expected))
    assert checks
    assert [check for check in checks if not check.ok] == []


def test_no_alert_is_seen_twice_by_a_read_committed_consumer(sandbox: Sandbox, run: Killed) -> None:
    alerts = sandbox.consume("delay-alerts")
    assert len(alerts) == len(set(alerts)) == len(run.expected.alerts)


def test_every_file_of_every_checkpoint_is_sealed_and_whole(run: Killed) -> None:
    ring = KeyRing.open(run.ring)
    statuses = {path: verify_file(path, ring).status for path in run.evidence.files()}
    assert len(statuses) > 2
    assert set(statuses.values()) == {Status.WHOLE}


def test_no_tail_number_is_in_any_byte_of_the_state(sandbox: Sandbox, run: Killed) -> None:
    files = [path for path in run.evidence.directory.rglob("*") if path.is_file()]
    content = b"".join(path.read_bytes() for path in files)
    assert content
    words = {
        tail.encode(encoding)
        for tail in run.expected.tail_numbers
        for encoding in ("utf-8", "utf-16-be", "utf-16-le")
    }
    for word in (min(words), max(words)):
        assert word in words_in(content + word, words)
    assert words_in(content, words) == set()


def test_no_secret_is_in_any_log_command_line_environment_or_configuration(
    sandbox: Sandbox, run: Killed
) -> None:
    run.seen.add_files("a log of the sandbox", sandbox.directory / "logs")
    run.seen.add_files("a log of the job", run.logs)
    new_key = (run.ring / "key-of-the-test").read_bytes()
    secrets = secrets_of(sandbox.directory) | {"the new state key": new_key}
    assert len(secrets) > 10
    assert run.seen.places() > {
        "command line",
        "environment",
        "a log of the job",
        "settings show",
        "REST config",
    }
    assert run.seen.find(secrets) == []


def test_the_job_of_the_demo_is_the_one_in_the_repository() -> None:
    assert shipped.shipped(demo.JOB) == JOB
