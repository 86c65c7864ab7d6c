# SPDX-License-Identifier: Apache-2.0
"""What a job leaves that ended by itself, was stopped, or lost what it had made since."""

from pathlib import Path

import pytest

from flinksec_jobs.errors import ResumeError
from flinksec_jobs.resume.begin import begin
from flinksec_jobs.runtime import run_directory, running
from tests.unit.resume.conftest import Volume, cut, remove
from tests.unit.resume.test_stopping import JOB_ID, Flink, flink, running_job, stop

__all__ = ["flink"]  # a fixture


def test_a_bounded_job_that_was_stopped_does_not_begin_anew_without_its_savepoint(
    volume: Volume,
) -> None:
    with begin(volume.request(bounded=True)) as stopped:
        savepoint = volume.savepoint(stopped, 5, ends_job=True)
        stopped.finished(stopped=True)
    savepoint.parent.rename(volume.base / "elsewhere")
    with pytest.raises(ResumeError, match="was stopped with a savepoint, and none"):
        volume.start(bounded=True)
    (volume.base / "elsewhere").rename(savepoint.parent)
    assert volume.origin(bounded=True) == savepoint.parent.name


def test_a_bounded_job_whose_last_savepoint_was_cut_does_not_begin_anew(volume: Volume) -> None:
    ended = volume.start(bounded=True, finished=True)
    savepoint = volume.savepoint(ended, 5, ends_job=True)
    cut(savepoint, 9)
    with pytest.raises(ResumeError, match="has ended, its savepoint"):
        volume.start(bounded=True)


def test_a_savepoint_is_no_way_back_once_flink_has_removed_what_the_start_was_given(
    volume: Volume,
) -> None:
    given = volume.checkpoint(volume.start(), 3)
    begun = volume.start()
    savepoint = volume.savepoint(begun, 4)
    last = volume.checkpoint(begun, 5)
    remove(given)  # by Flink, as checkpoint 5 is whole
    remove(last)  # by somebody else
    with pytest.raises(ResumeError, match="no complete checkpoint of it is left"):
        volume.start()
    assert savepoint.exists()


def test_a_run_learns_that_somebody_else_stops_its_job(
    flink: Flink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    directory = run_directory.make()
    running.announce(directory, running_job())
    assert not running.was_told_to_stop(directory, JOB_ID)
    flink.operation = {"failure-cause": {"stack-trace": "full"}}
    with pytest.raises(ResumeError, match="was not stopped"):
        stop()
    assert not running.was_told_to_stop(directory, JOB_ID)
    flink.polls, flink.operation = 0, {"location": "file:/savepoint-1"}
    stop()
    assert running.was_told_to_stop(directory, JOB_ID)
    assert not running.was_told_to_stop(directory, "cd" * 16)
