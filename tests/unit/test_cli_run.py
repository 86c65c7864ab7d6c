# SPDX-License-Identifier: Apache-2.0
"""``flinksec run`` tells how a job gets on, and hands it its own options. No JVM is started."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from flinksec_jobs.cli import main
from flinksec_jobs.cli.run_output import Show, progress_line, summary_line
from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime.local_tls import ClientFiles
from flinksec_jobs.runtime.run_figures import RunFigures
from flinksec_jobs.runtime.running import RunningJob
from tests.patience import PATIENCE

JOB = RunningJob(
    name="flights",
    job_id="ab" * 16,
    process_id=1,
    rest="https://127.0.0.1:40123",
    client=ClientFiles(Path("/run/tls.crt"), Path("/run/tls.key")),
    log_file=Path("/logs/flights.log"),
)


def figures(seconds: float, read: int = 0, sent: int = 0, checkpoints: int = 0) -> RunFigures:
    return RunFigures(seconds, {"Kafka a": read}, {"HDFS /b": sent}, checkpoints, 0, 2048, 40)


@pytest.fixture(autouse=True)
def signals() -> object:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("given", "got"),
    [
        (["--bounded"], ["--bounded"]),
        (["-n", "3", "--name=x", "y"], ["-n", "3", "--name=x", "y"]),
        (["--", "--json", "--settings"], ["--json", "--settings"]),
        (["--json", "--bounded"], ["--bounded"]),
    ],
)
def test_options_behind_the_job_are_the_jobs_own(
    tmp_path: Path, given: list[str], got: list[str]
) -> None:
    job = tmp_path / "job.py"
    job.write_text("import json, sys\nprint(json.dumps(sys.argv[1:]))")
    result = CliRunner().invoke(main, ["run", str(job), *given])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout.splitlines()[0]) == got


@pytest.mark.parametrize("program", ["def main():\n    pass\n", '{"id": "1"}\n'])
def test_a_program_that_has_run_no_job_is_warned_of(tmp_path: Path, program: str) -> None:
    job = tmp_path / "job.py"
    job.write_text(program)
    done = subprocess.run(
        [sys.executable, "-m", "flinksec_jobs", "run", job],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.startswith("warning: job.py has come to its end and has run no job: does")


def test_an_error_of_the_program_itself_is_shown_from_its_own_line_on(tmp_path: Path) -> None:
    job = tmp_path / "job.py"
    job.write_text("def f():\n    return 1 / 0\nf()\n")
    done = subprocess.run(
        [sys.executable, "-m", "flinksec_jobs", "run", job, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    first, second, *_, last = done.stderr.splitlines()
    assert first == "Traceback (most recent call last):"
    assert second == f'  File "{job}", line 3, in <module>'
    assert last == "ZeroDivisionError: division by zero"
    assert json.loads(done.stdout) == {
        "ok": False,
        "jobs": [],
        "error": {"message": "ZeroDivisionError: division by zero"},
    }


@pytest.mark.parametrize(
    ("sign", "code", "told"),
    [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGTERM, 143, "")],
)
def test_signals_end_a_run_without_a_traceback(
    tmp_path: Path, sign: signal.Signals, code: int, told: str
) -> None:
    job = tmp_path / "job.py"
    job.write_text("import time\nprint('begins', flush=True)\ntime.sleep(600)\n")
    with subprocess.Popen(
        [sys.executable, "-m", "flinksec_jobs", "run", job],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "begins\n"
        # Twice, as by an impatient hand; the second must not undo the first.
        for _ in range(2):
            os.kill(process.pid, sign)
            time.sleep(0.01)
        _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (code, told)


def test_a_run_tells_where_it_is_and_what_it_has_done(capsys: pytest.CaptureFixture[str]) -> None:
    with Show() as show:
        show.started(JOB)
        show.moment(figures(1, 10))  # too early for a line
        show.ended(JOB, figures(26.4, 20_000, 9_000, 5), None)
    assert capsys.readouterr().err.splitlines() == [
        "job flights runs, its log is /logs/flights.log",
        "Flink's web UI and REST: https://127.0.0.1:40123, for clients with /run/tls.crt and "
        "tls.key",
        "job flights has ended well after 26.4 s: 20,000 records in (Kafka a 20,000), 9,000 out "
        "(HDFS /b 9,000), 5 checkpoints, the last of 2 KiB in 40 ms",
    ]
    assert show.as_dict(None)["ok"] is True


def test_a_line_tells_rates_since_the_line_before() -> None:
    line = progress_line(figures(12, 3000, 100, 1), figures(10, 1000, 0))
    assert line == (
        "12.0 s: records in 3,000 (1,000/s), out 100 (50/s), "
        "1 checkpoint, the last of 2 KiB in 40 ms"
    )
    assert progress_line(figures(0), None).endswith("no checkpoint")
    assert progress_line(figures(3700), None).startswith("1 h 1 min: ")
    assert summary_line("a\x1bb", figures(61)).startswith(
        "job a\\x1bb has ended well after 1 min 1"
    )


def test_a_run_that_failed_is_told_as_json_with_its_error() -> None:
    show = Show()
    show.ended(JOB, figures(1), RuntimeError())
    told = show.as_dict(JobError("it failed", hint="look"))
    assert told["ok"] is False
    assert told["error"] == {"message": "it failed", "hint": "look", "findings": []}
    assert told["jobs"][0] == {
        "name": "flights",
        "id": "ab" * 16,
        "ok": False,
        "seconds": 1,
        "sources": {"Kafka a": 0},
        "sinks": {"HDFS /b": 0},
        "checkpoints": {"completed": 0, "failed": 0},
        "log": "/logs/flights.log",
    }
