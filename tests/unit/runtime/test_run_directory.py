# SPDX-License-Identifier: Apache-2.0
"""Directories of runs: private, and gone when their process is."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.runtime import run_directory

MAKES_ONE = """
import sys
from flinksec_jobs.runtime import run_directory
print(run_directory.make(), flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """Another process that has made a directory, and waits."""
    with subprocess.Popen(
        [sys.executable, "-c", MAKES_ONE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        yield started
        started.kill()


def directory_of(process: subprocess.Popen[str]) -> Path:
    assert process.stdout
    return Path(process.stdout.readline().strip())


def test_a_directory_is_private_and_names_its_process(process: subprocess.Popen[str]) -> None:
    directory = directory_of(process)
    assert directory.name.startswith("flinksec-run-")
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert (directory / "owner").read_text() == f"{process.pid}\n"


def test_the_directory_of_a_running_process_stays(process: subprocess.Popen[str]) -> None:
    directory = directory_of(process)
    assert run_directory.remove_left_over() == []
    assert directory.is_dir()


def test_a_process_that_ends_takes_its_directory_along(process: subprocess.Popen[str]) -> None:
    directory = directory_of(process)
    process.communicate()
    assert process.returncode == 0
    assert not directory.exists()


def test_what_a_killed_process_left_is_removed_at_the_next_start(
    process: subprocess.Popen[str],
) -> None:
    directory = directory_of(process)
    (directory / "plugins").mkdir()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert directory.is_dir()
    assert run_directory.remove_left_over() == [directory]
    assert not directory.exists()


def test_a_directory_of_another_user_stays(
    process: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = directory_of(process)
    process.kill()
    process.wait()
    uid = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    assert run_directory.remove_left_over() == []
    assert directory.is_dir()


def test_what_no_run_has_made_stays(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "owner").write_text("1\n")
    (temporary / "flinksec-run-link").symlink_to(elsewhere)
    (temporary / "flinksec-run-file").write_text("")
    (temporary / "flinksec-run-begun").mkdir()
    linked = temporary / "flinksec-run-linked"
    linked.mkdir()
    (linked / "owner").symlink_to(elsewhere / "owner")
    before = sorted(temporary.rglob("*"))
    assert run_directory.remove_left_over() == []
    assert sorted(temporary.rglob("*")) == before
