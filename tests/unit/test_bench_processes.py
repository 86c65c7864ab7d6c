# SPDX-License-Identifier: Apache-2.0
"""The processes of the bench of Python functions: watched, and all ended, whatever happens."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from bench.functions import processes
from flinksec_jobs import FlinkSecError
from tests.patience import PATIENCE

PARENT = """
import subprocess, sys, time
sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
child = subprocess.Popen(sleeps, start_new_session=True)
print(child.pid, flush=True)
if sys.argv[1] == "fails":
    sys.exit("it went wrong")
if sys.argv[1] == "ends":
    while time.process_time() < 0.2:
        pass
time.sleep(0.4 if sys.argv[1] == "ends" else 600)
"""


def has_child(directory: Path) -> bool:
    """Whether the parent has told of its child, which takes a busy machine a while."""
    return (directory / "log").read_text().endswith("\n")


@pytest.fixture
def run_parent(tmp_path: Path) -> Iterator[Callable[..., processes.Watched]]:
    log = tmp_path / "log"

    def run(how: str, **more: object) -> processes.Watched:
        return processes.run(
            [sys.executable, "-c", PARENT, how],
            log,
            directory=tmp_path,
            environment={},
            **({"seconds": 300.0} | more),  # type: ignore[arg-type]
        )

    yield run
    child = int(log.read_text().split()[0])
    end = time.monotonic() + PATIENCE
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end, "a process was left behind"
        time.sleep(0.05)


def test_a_run_that_ends_leaves_no_process_of_another_session(
    run_parent: Callable[..., processes.Watched],
) -> None:
    watched = run_parent("ends")
    assert max(sample.cpu for sample in watched.samples) > 0
    assert watched.memory_mb > 1


def test_a_run_that_fails_says_what_it_printed(
    run_parent: Callable[..., processes.Watched],
) -> None:
    with pytest.raises(FlinkSecError, match=r"ended with 1:(.|\n)*it went wrong"):
        run_parent("fails")


def test_a_run_that_does_not_end_is_ended_with_all_that_it_started(
    run_parent: Callable[..., processes.Watched],
) -> None:
    with pytest.raises(FlinkSecError, match="did not end within"):
        run_parent("hangs", seconds=4.0)


def test_a_run_is_over_when_its_time_has_come(
    run_parent: Callable[..., processes.Watched], tmp_path: Path
) -> None:
    begun = time.monotonic()
    run_parent("hangs", meanwhile=lambda: has_child(tmp_path))
    assert time.monotonic() - begun < 250


def test_ctrl_c_ends_all_that_a_run_has_started(
    run_parent: Callable[..., processes.Watched], tmp_path: Path
) -> None:
    def interrupted() -> bool:
        if has_child(tmp_path):
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        run_parent("hangs", meanwhile=interrupted)


def test_the_machines_processors_work() -> None:
    assert processes.cpu_of_machine() > processes.cpu_of(os.getpid()) > 0
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert processes.cpu_of(ended.pid) == 0.0
