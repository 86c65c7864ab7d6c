# SPDX-License-Identifier: Apache-2.0
"""The checkpoints of a job stay to be looked at after the job has removed them."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flinksec_jobs.demo.evidence import Evidence
from tests.patience import PATIENCE


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def write(directory: Path, number: int, *names: str) -> Path:
    checkpoint = directory / "job" / "run" / f"chk-{number}"
    checkpoint.mkdir(parents=True)
    for name in names:
        (checkpoint / name).write_text(name)
    return checkpoint


def test_checkpoints_that_the_job_removes_are_kept_as_the_same_bytes(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Evidence(state, tmp_path / "evidence") as evidence:
        for number in (9, 10):
            checkpoint = write(state, number, "data", "_metadata")
            kept = evidence.directory / checkpoint.relative_to("/")
            wait_for(lambda kept=kept: len(list(kept.glob("*"))) == 2)  # type: ignore[misc]
            inode = (checkpoint / "data").stat().st_ino
            assert (kept / "data").stat().st_ino == inode
            shutil.rmtree(checkpoint)
    assert [path.name for path in evidence.checkpoints()] == ["chk-9", "chk-10"]
    assert sorted(path.read_text() for path in evidence.files()) == [
        "_metadata",
        "_metadata",
        "data",
        "data",
    ]


def test_a_checkpoint_that_was_not_completed_does_not_count(tmp_path: Path) -> None:
    with Evidence(tmp_path / "state", tmp_path / "evidence") as evidence:
        write(tmp_path / "state", 1, "data")
        wait_for(lambda: list(evidence.directory.rglob("data")))
    assert evidence.checkpoints() == []
    assert evidence.files() == []


def test_a_state_directory_that_comes_later_is_waited_for(tmp_path: Path) -> None:
    with Evidence(tmp_path / "later", tmp_path / "evidence") as evidence:
        time.sleep(0.25)
        write(tmp_path / "later", 1, "_metadata")
        wait_for(evidence.checkpoints)
    assert (tmp_path / "evidence").stat().st_mode & 0o777 == 0o700


def test_what_could_not_be_seen_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "state", 1, "_metadata")
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("chk-1"):
            raise OSError(5, "Input/output error", path)
        return real(path)

    evidence = Evidence(tmp_path / "state", tmp_path / "evidence")
    with pytest.raises(OSError, match="Input/output"), evidence:
        monkeypatch.setattr(os, "scandir", scandir)
        wait_for(lambda: evidence._failed)
