# SPDX-License-Identifier: Apache-2.0
"""`flinksec demo` as its user sees it: interrupted, kept, and its result as JSON."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.patience import PATIENCE
from tests.unit.demo.test_readme import shown_in_the_readme


@contextmanager
def demo(*arguments: str, tmp: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "flinksec_jobs", "demo", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _without_tail_number(name: str) -> str:
    return re.sub(r"^Tail number \w+", "Tail number …", name)


def started_by(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return list(psutil.Process(process.pid).children(recursive=True))


@pytest.mark.parametrize("stage", ["Starting real servers", "Running jobs"])
def test_ctrl_c_stops_everything_that_the_demo_started(stage: str, tmp_path: Path) -> None:
    with demo("--rows", "40000", tmp=tmp_path) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if stage in line:
                break
        least = 2 if stage == "Starting real servers" else 5  # the job's JVM too
        while len(started := started_by(process)) < least:
            assert process.poll() is None
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        _, left = psutil.wait_procs(started, timeout=PATIENCE)  # a killed JVM takes a moment to go
        assert left == []
    assert list(tmp_path.glob("flinksec-[!r]*")) == []


def test_json_is_one_object_on_stdout_and_nothing_else(tmp_path: Path) -> None:
    sandbox = [sys.executable, "-m", "flinksec_jobs", "sandbox"]
    try:
        with demo("--rows", "2000", "--json", "--keep", tmp=tmp_path) as process:
            out, err = process.communicate(timeout=PATIENCE)
        result = json.loads(out)
        (kept,) = tmp_path.glob("flinksec-demo-*")
        status = subprocess.run([*sandbox, "status", "--dir", kept], check=False)
    finally:
        # What it keeps runs on, also if this test was interrupted meanwhile.
        for one in tmp_path.glob("flinksec-demo-*"):
            subprocess.run([*sandbox, "down", "--dir", one], check=True)
    assert process.returncode == 0, err
    assert result["ok"] is True
    assert set(result) == {"ok", "checks", "seconds"}
    assert {tuple(check) for check in result["checks"]} == {("name", "expected", "actual", "ok")}
    names = [_without_tail_number(check["name"]) for check in result["checks"]]
    assert names == [_without_tail_number(check.name) for check in shown_in_the_readme()]
    assert set(result["seconds"]) == {"sandbox", "data", "job", "figures", "attacks"}
    assert status.returncode == 0
    assert re.search(r"stop them +flinksec sandbox down --dir", err)
