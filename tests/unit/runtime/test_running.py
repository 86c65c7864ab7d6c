# SPDX-License-Identifier: Apache-2.0
"""Local runs are found by their files, and only while their processes live."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from flinksec_jobs.runtime import running
from flinksec_jobs.runtime.local_tls import ClientFiles
from flinksec_jobs.runtime.running import RunningJob

ANNOUNCES = """
import os, sys
from pathlib import Path
from flinksec_jobs.runtime import run_directory, running
from flinksec_jobs.runtime.local_tls import ClientFiles
directory = run_directory.make()
files = ClientFiles(directory / "tls.crt", directory / "tls.key")
job = running.RunningJob(sys.argv[1], "ab" * 16, os.getpid(), "https://127.0.0.1:1", files,
                         Path("/logs/a.log"))
running.announce(directory, job)
print(directory, flush=True)
for _ in sys.stdin:
    running.withdraw(directory)
    print("withdrawn", flush=True)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def start(name: str) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", ANNOUNCES, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_a_job_is_found_while_it_runs_and_not_when_its_process_was_killed() -> None:
    assert running.jobs() == []
    process, directory = start("заказы 1")
    with process:
        expected = RunningJob(
            "заказы 1",
            "ab" * 16,
            process.pid,
            "https://127.0.0.1:1",
            ClientFiles(directory / "tls.crt", directory / "tls.key"),
            Path("/logs/a.log"),
        )
        assert running.jobs() == [expected]
        assert running.of_process(process.pid) == expected
        assert running.of_process(process.pid + 1) is None
        mode = (directory / "running.json").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
        process.kill()
    assert (directory / "running.json").exists()
    assert running.jobs() == []


def test_a_job_that_has_ended_is_not_found_though_its_process_lives() -> None:
    process, _ = start("b")
    with process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "withdrawn\n"
        assert running.jobs() == []


def test_several_jobs_come_in_the_order_of_their_names() -> None:
    started = [start(name) for name in ("b", "a")]
    try:
        assert [job.name for job in running.jobs()] == ["a", "b"]
    finally:
        for process, _ in started:
            with process:
                process.kill()


def test_a_file_that_another_user_has_planted_is_not_read(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, _ = start("a")
    with process:
        monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
        assert running.jobs() == []
        process.kill()
