# SPDX-License-Identifier: Apache-2.0
"""The rule: the newest complete snapshot of the last start, and never a replaced one."""

import logging
import os
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.errors import ResumeError, SealedStateError
from flinksec_jobs.resume.begin import CLAIM_MODE, JOB_ID
from flinksec_jobs.runtime.graph import Contents
from flinksec_jobs.sealed.format import PREFIX, SEALED_CHUNK
from flinksec_jobs.state import RECOVERY_PATH
from tests.unit.resume.conftest import Volume, cut, remove


def run(begun: object) -> str:
    return str(begun.options[JOB_ID])  # type: ignore[attr-defined]


def test_a_first_start_is_from_nothing_and_has_an_id_of_its_own(volume: Volume) -> None:
    one, other = volume.start(), volume.start()
    assert RECOVERY_PATH not in one.options
    assert len(run(one)) == len(run(other)) == 32
    assert run(one) != run(other)


def test_the_newest_checkpoint_is_the_one_with_flinks_highest_number(volume: Volume) -> None:
    killed = volume.start()
    for number in (9, 10, 2):
        path = volume.checkpoint(killed, number)
        os.utime(path, (2_000_000_000 - number, 2_000_000_000 - number))  # anyone can set it
    assert volume.origin() == f"{run(killed)}/chk-10"


def test_flink_removes_a_checkpoint_that_it_was_given_when_it_has_a_newer_one(
    volume: Volume,
) -> None:
    volume.checkpoint(volume.start(), 3)
    assert volume.start().options[CLAIM_MODE] == "CLAIM"


def test_a_stop_with_a_savepoint_replaces_the_checkpoints_of_every_killed_attempt(
    volume: Volume, caplog: pytest.LogCaptureFixture
) -> None:
    killed = volume.start()
    stale = volume.checkpoint(killed, 2)
    stopped = volume.start(finished=True)
    savepoint = volume.savepoint(stopped, 5, ends_job=True)
    os.utime(stale, (2_000_000_000, 2_000_000_000))
    begun = volume.start()
    assert begun.options[RECOVERY_PATH].endswith(f"/job/{savepoint.parent.name}")
    assert begun.options[CLAIM_MODE] == "NO_CLAIM"  # a savepoint is its user's
    assert f"goes on from the savepoint {savepoint.parent} (number 5, of " in caplog.text
    # Killed before it had a checkpoint, it goes on from the savepoint again.
    assert volume.origin() == savepoint.parent.name


def test_a_clean_end_is_no_way_back_to_what_older_attempts_left(volume: Volume) -> None:
    volume.checkpoint(volume.start(bounded=True), 2)
    volume.start(bounded=True, finished=True)
    assert volume.origin(bounded=True) is None
    assert volume.origin(bounded=True) is None


def test_a_start_that_left_no_checkpoint_goes_on_from_where_it_had_begun(volume: Volume) -> None:
    first = volume.start()
    volume.checkpoint(first, 2)
    volume.start()
    assert volume.origin() == f"{run(first)}/chk-2"


def test_a_savepoint_that_the_job_went_on_after_is_older_than_its_checkpoints(
    volume: Volume,
) -> None:
    begun = volume.start()
    volume.savepoint(begun, 5)
    volume.checkpoint(begun, 6)
    assert volume.origin() == f"{run(begun)}/chk-6"


def test_a_savepoint_is_the_newest_until_the_next_checkpoint(volume: Volume) -> None:
    begun = volume.start()
    volume.checkpoint(begun, 4)
    savepoint = volume.savepoint(begun, 5)
    assert volume.origin() == savepoint.parent.name


def test_started_anew_on_purpose_the_older_checkpoints_are_replaced(volume: Volume) -> None:
    volume.checkpoint(volume.start(), 50)
    anew = volume.start(resume="never")
    assert volume.origin() is None  # it left none
    again = volume.start(resume="never")
    volume.checkpoint(again, 1)
    assert volume.origin() == f"{run(again)}/chk-1"
    assert run(anew) != run(again)


def test_a_job_sent_back_to_an_older_savepoint_stays_there(volume: Volume) -> None:
    begun = volume.start()
    old = volume.savepoint(begun, 3)
    volume.checkpoint(begun, 40)
    back = volume.start(explicit=str(old.parent))
    assert back.options[CLAIM_MODE] == "NO_CLAIM"
    assert volume.origin() == old.parent.name
    sent = volume.start()
    volume.checkpoint(sent, 4)
    assert volume.origin() == f"{run(sent)}/chk-4"


def test_a_savepoint_in_the_settings_holds_for_the_first_start_that_sees_it(
    volume: Volume,
) -> None:
    old = volume.savepoint(volume.start(), 3)
    named = volume.start(named=str(old.parent))
    volume.checkpoint(named, 4)
    assert volume.origin(named=str(old.parent)) == f"{run(named)}/chk-4"
    other = volume.write(volume.base / "elsewhere" / "savepoint-1", 1)
    assert volume.origin(named=f"file://{other.parent}".replace("file:", "file:")) == (
        "../elsewhere/savepoint-1"
    )


def test_the_same_savepoint_under_a_new_id_is_a_way_back_to_it(volume: Volume) -> None:
    old = volume.savepoint(volume.start(), 3)
    ids = [f"{number:032x}" for number in (1, 2)]
    for job_id in ids:
        given: dict[str, Any] = {"job_id": job_id, "in_cluster": True, "named": str(old.parent)}
        assert volume.origin(**given) == old.parent.name
        volume.write(volume.job / job_id / "chk-4", 4)
        assert volume.origin(**given) == f"{job_id}/chk-4"


def test_the_runs_of_one_id_in_a_cluster_share_a_directory(volume: Volume) -> None:
    same: dict[str, Any] = {"job_id": "0" * 31 + "1", "in_cluster": True, "resume": "first"}
    volume.start(**same)
    directory = volume.job / str(same["job_id"])
    volume.write(directory / "chk-7", 7)
    assert volume.origin(**same) == f"{same['job_id']}/chk-7"
    volume.write(directory / "chk-8", 8)
    assert volume.origin(**same) == f"{same['job_id']}/chk-8"


def test_a_savepoint_where_the_cluster_puts_them_is_found(volume: Volume) -> None:
    same: dict[str, Any] = {
        "job_id": "0123456789abcdef" * 2,
        "in_cluster": True,
        "resume": "required",
    }
    volume.start(**(same | {"resume": "first"}))
    path = volume.write(volume.base / "savepoints" / "savepoint-012345-77", 9)
    volume.contents[volume.uri(path.parent)] = Contents(ends_job=True)
    assert volume.origin(**same) == "../savepoints/savepoint-012345-77"


def test_a_savepoint_that_may_be_another_jobs_is_not_taken(volume: Volume) -> None:
    same: dict[str, Any] = {"job_id": "0" * 32, "in_cluster": True, "resume": "first"}
    volume.start(**same)
    volume.start(**same, job="another")
    volume.write(volume.base / "savepoints" / "savepoint-000000-77", 9)
    with pytest.raises(ResumeError, match="it is not clear whose the savepoint"):
        volume.start(**same)


@pytest.mark.parametrize("part", [0, 7, 500, PREFIX, PREFIX + SEALED_CHUNK])
def test_a_checkpoint_whose_writer_was_killed_is_passed_over_where_the_one_before_is_there(
    sealed: Volume, part: int, caplog: pytest.LogCaptureFixture
) -> None:
    begun = sealed.start()
    sealed.checkpoint(begun, 7)
    torn = sealed.checkpoint(begun, 8)
    cut(torn, part)
    assert sealed.origin() == f"{run(begun)}/chk-7"
    assert f"checkpoint {torn.parent} was never completed; it is passed over" in caplog.messages


def test_the_first_checkpoint_of_a_job_may_be_cut_short(sealed: Volume) -> None:
    cut(sealed.checkpoint(sealed.start(), 1))
    assert sealed.origin() is None


def test_the_first_checkpoint_of_a_start_may_be_cut_short(sealed: Volume) -> None:
    first = sealed.start()
    sealed.checkpoint(first, 3)
    cut(sealed.checkpoint(sealed.start(), 5))  # 4 was declined
    assert sealed.origin() == f"{run(first)}/chk-3"


def test_a_checkpoint_that_was_cut_later_is_lost_state_and_not_a_first_start(
    sealed: Volume,
) -> None:
    torn = sealed.checkpoint(sealed.start(), 42)
    cut(torn)
    with pytest.raises(ResumeError, match="chk-42 is cut short, and there is no other") as caught:
        sealed.start()
    assert "--from-savepoint" in str(caught.value.hint)
    assert sealed.origin(resume="never") is None


def test_state_that_was_removed_is_not_a_way_back_to_something_older(volume: Volume) -> None:
    origin = volume.checkpoint(volume.start(), 3)
    last = volume.checkpoint(volume.start(), 9)
    remove(origin)  # by Flink, when it had checkpoint 4
    remove(last)  # by somebody else
    with pytest.raises(ResumeError, match="chk-3, which is gone, and there is no other one"):
        volume.start()


def test_a_savepoint_that_was_moved_away_is_not_guessed(volume: Volume) -> None:
    volume.checkpoint(volume.start(), 2)
    stopped = volume.start(finished=True)
    savepoint = volume.savepoint(stopped, 5, ends_job=True)
    moved = volume.base.parent / "backup" / savepoint.parent.name
    moved.parent.mkdir()
    savepoint.parent.rename(moved)
    with pytest.raises(ResumeError, match="was stopped with a savepoint, and none"):
        volume.start()
    assert volume.origin(explicit=str(moved)) == os.path.relpath(moved, volume.job)


def test_an_older_savepoint_is_no_way_back_when_the_checkpoints_after_it_are_gone(
    volume: Volume,
) -> None:
    begun = volume.start()
    volume.savepoint(begun, 5)
    remove(volume.checkpoint(begun, 50))
    with pytest.raises(ResumeError, match="no complete checkpoint of it is left"):
        volume.start()


def test_an_older_savepoint_is_no_way_back_when_the_checkpoints_after_it_are_cut(
    sealed: Volume,
) -> None:
    begun = sealed.start()
    sealed.savepoint(begun, 5)
    cut(sealed.checkpoint(begun, 50))
    with pytest.raises(ResumeError, match="no complete checkpoint of it is left"):
        sealed.start()


@pytest.mark.parametrize("bounded", [True, False])
def test_a_savepoint_on_the_way_is_older_than_the_end_of_the_job(
    volume: Volume, bounded: bool
) -> None:
    ended = volume.start(bounded=bounded, finished=True)
    volume.savepoint(ended, 5)
    if bounded:
        assert volume.origin(bounded=True) is None
    else:  # it has ended with another one
        with pytest.raises(ResumeError, match="was stopped with a savepoint, and none"):
            volume.start()


def test_a_job_that_was_killed_as_it_ended_goes_on_from_the_savepoint_of_its_end(
    volume: Volume,
) -> None:
    savepoint = volume.savepoint(volume.start(), 5, ends_job=True)
    assert volume.origin() == savepoint.parent.name


def test_a_savepoint_without_metadata_was_never_completed(volume: Volume) -> None:
    begun = volume.start()
    volume.checkpoint(begun, 4)
    volume.savepoint(begun, 5).unlink()
    assert volume.origin() == f"{run(begun)}/chk-4"


def test_a_checkpoint_that_somebody_put_there_is_not_taken(volume: Volume) -> None:
    volume.checkpoint(volume.start(), 4)
    volume.write(volume.job / ("f" * 32) / "chk-900", 900)
    with pytest.raises(ResumeError, match="was made by none of its recorded starts"):
        volume.start()


@pytest.mark.parametrize("what", ["altered", "in clear", "swapped", "renamed"])
def test_a_checkpoint_that_is_not_what_was_written_stops_the_job(sealed: Volume, what: str) -> None:
    begun = sealed.start()
    older, newest = sealed.checkpoint(begun, 1), sealed.checkpoint(begun, 2)
    content = bytearray(newest.read_bytes())
    content[-20] ^= 1
    contents = {
        "altered": bytes(content),
        "in clear": b"plain metadata" * 100,
        "swapped": older.read_bytes(),
    }
    if what == "renamed":
        older.parent.rename(older.parent.with_name("chk-3"))
    else:
        newest.write_bytes(contents[what])
    with pytest.raises(SealedStateError, match="cannot be used: ") as caught:
        sealed.start()
    assert 'job.resume = "never"' in str(caught.value.hint)


def test_a_checkpoint_under_another_number_stops_the_job(make: object) -> None:
    volume = make(False)  # type: ignore[operator]
    begun = volume.start()
    volume.write(volume.job / run(begun) / "chk-9", 4)
    with pytest.raises(SealedStateError, match="it is checkpoint 4 under another's name"):
        volume.start()


def test_state_of_a_version_that_kept_no_record_goes_on_from_what_was_sealed_last(
    sealed: Volume, caplog: pytest.LogCaptureFixture
) -> None:
    sealed.write(sealed.job / "run-1" / "chk-7", 7)
    newest = sealed.write(sealed.job / "run-2" / "chk-2", 2)
    sealed.clock = 500
    sealed.write(sealed.job / "run-3" / "chk-9", 9)
    with caplog.at_level(logging.WARNING):
        assert sealed.origin() == "run-2/chk-2"
    assert "has state of a version that kept no record of it" in caplog.text
    remove(newest)
    with pytest.raises(ResumeError, match="run-2/chk-2, which is gone"):
        sealed.start()


def test_state_without_a_record_that_is_cut_is_lost_state(sealed: Volume) -> None:
    cut(sealed.write(sealed.job / "run-1" / "chk-7", 7))
    with pytest.raises(ResumeError, match="state is lost"):
        sealed.start()


def test_state_of_an_earlier_version_in_a_directory_of_several_names_is_not_passed_over(
    volume: Volume,
) -> None:
    volume.write(volume.base / "a-b" / "run-1" / "chk-7", 7)
    with pytest.raises(ResumeError, match="an earlier version kept state of the job a b in"):
        volume.start(job="a b")
    assert volume.origin(job="a-b") is not None  # and now it is on record whose it is
    assert volume.start(job="a b").options.keys() == {JOB_ID}


def test_the_clock_does_not_matter(volume: Volume) -> None:
    volume.clock = 4_000_000_000_000
    late = volume.checkpoint(volume.start(), 2)
    os.utime(late, (4_000_000_000, 4_000_000_000))
    volume.clock = 1_000
    begun = volume.start()
    early = volume.checkpoint(begun, 3)
    os.utime(early, (1, 1))
    assert volume.origin() == f"{run(begun)}/chk-3"


def test_a_directory_that_cannot_be_listed_is_an_error(
    volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = volume.start()
    volume.checkpoint(begun, 2)
    listed = Path.iterdir

    def refused(path: Path) -> object:
        if path.name == run(begun):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(SealedStateError, match="cannot be looked at, so nobody knows") as caught:
        volume.start()
    assert run(begun) in caught.value.message


def test_a_link_to_nothing_is_an_error_and_not_an_absence(volume: Volume) -> None:
    volume.checkpoint(volume.start(), 2)
    (volume.job / ("a" * 32)).symlink_to(volume.base / "gone")
    with pytest.raises(SealedStateError, match="cannot be looked at"):
        volume.start()


def test_metadata_that_is_a_pipe_does_not_wait(volume: Volume) -> None:
    begun = volume.start()
    directory = volume.job / run(begun) / "chk-2"
    directory.mkdir(parents=True)
    os.mkfifo(directory / "_metadata")
    with pytest.raises(SealedStateError, match="is a named pipe"):
        volume.start()
