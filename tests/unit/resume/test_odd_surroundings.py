# SPDX-License-Identifier: Apache-2.0
"""Links on the way, names that are no text, records that are none, directories that are shut."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.errors import ResumeError, SealedStateError
from flinksec_jobs.resume.begin import JOB_ID, begin
from flinksec_jobs.runtime.graph import Contents
from flinksec_jobs.state import RECOVERY_PATH
from tests.unit.resume.conftest import Make, Volume

IN_CLUSTER: dict[str, Any] = {"job_id": "0" * 32, "in_cluster": True, "resume": "first"}


@pytest.mark.parametrize("shut", ["another", "."])
def test_a_savepoint_is_not_taken_while_it_cannot_be_told_whether_it_is_anothers(
    volume: Volume, shut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    volume.start(**IN_CLUSTER)
    volume.start(**IN_CLUSTER, job="another")
    (volume.base / "lost+found").mkdir()  # of a file system: no job is called so
    found = volume.write(volume.base / "savepoints" / "savepoint-000000-77", 9).parent
    volume.contents[volume.uri(found)] = Contents(ends_job=True)
    closed = (volume.base / shut, volume.base / "lost+found")
    listed, looked = Path.iterdir, Path.lstat

    def listing(path: Path) -> object:
        if path in closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    def looking(path: Path) -> object:
        if path.parent in closed[1:] or (shut != "." and path.parent in closed):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return looked(path)

    monkeypatch.setattr(Path, "iterdir", listing)
    monkeypatch.setattr(Path, "lstat", looking)
    with pytest.raises(ResumeError, match="it is not clear whose the savepoint"):
        volume.start(**IN_CLUSTER)
    monkeypatch.setattr(Path, "iterdir", listed)
    if shut == "another":
        monkeypatch.setattr(Path, "lstat", looked)
        (volume.base / shut / "_job").unlink()
    else:
        (volume.base / "another" / "_job").unlink()
    assert volume.start(**IN_CLUSTER).options[RECOVERY_PATH].endswith("savepoint-000000-77")


def test_what_a_start_began_from_is_found_again_where_the_state_lies_behind_a_link(
    volume: Volume,
) -> None:
    savepoint = volume.write(volume.base.parent / "backup" / "savepoint-1", 7).parent
    (volume.base.parent / "disk" / "7" / "state").mkdir(parents=True)
    volume.base.symlink_to("disk/7/state")
    assert volume.start(explicit=str(savepoint)).options[RECOVERY_PATH] == volume.uri(savepoint)
    # It left no checkpoint; `..` of the directory behind the link is another directory.
    assert volume.start().options[RECOVERY_PATH] == volume.uri(savepoint)


def test_a_link_to_a_savepoint_of_another_job_is_refused_by_name(make: Make) -> None:
    volume = make(False)
    volume.start(job="orders")
    savepoint = volume.write(volume.base / "orders" / "savepoint-1", 7).parent
    link = volume.base.parent / "link"
    link.symlink_to(savepoint)
    with pytest.raises(ResumeError, match="belongs to the job orders, and not to job"):
        volume.start(explicit=str(link))


def test_a_savepoint_whose_name_is_no_text_is_no_end_of_the_record(make: Make) -> None:
    volume = make(False)
    name = os.fsdecode(b"savepoint-\xff")
    volume.start()
    volume.write(volume.job / name, 7)
    with pytest.raises(
        ResumeError, match=r"savepoint-\\xff was made by none of its recorded starts"
    ):
        volume.start()
    volume.start(resume="never")
    assert volume.start().options.keys() == {JOB_ID}  # it was there already


@pytest.mark.parametrize(
    "text",
    [
        '"text"',
        "42",
        "null",
        "[]",
        "[" * 100_000,
        '{"format": 1}',
        '{"format": 1, "job": 7, "uses": [], "before": [], "start": {"number": 1, "at_ms": 1, '
        '"job_id": "a"}}',
        '{"format": 1, "job": "job", "uses": [], "before": [], "start": {"number": "1", '
        '"at_ms": 1, "job_id": "a"}}',
        '{"format": 1, "job": "job", "uses": [], "before": [], "start": {"number": 1, "at_ms": 1, '
        '"job_id": null}}',
        '{"format": 1, "job": "job", "uses": [], "before": [], "start": {"number": 1, "at_ms": 1, '
        '"job_id": "a", "origin": 5}}',
    ],
)
def test_a_record_in_clear_that_is_none_is_told_and_no_traceback(make: Make, text: str) -> None:
    volume = make(False)
    volume.job.mkdir(parents=True)
    (volume.job / "_job").write_text(text)
    with pytest.raises(SealedStateError, match="is none, or that of a newer version"):
        volume.start()
    volume.start(resume="never")
    volume.start()


def test_a_lock_that_is_no_file_is_no_volume_without_locks(volume: Volume) -> None:
    volume.job.mkdir(parents=True)
    os.mkfifo(volume.job / "_lock")
    with pytest.raises(ResumeError, match="is not a regular file"):
        volume.start()


def test_a_second_run_is_refused_on_a_volume_without_hard_links(
    volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", unknown)
    with begin(volume.request()):
        # As one that has looked before the first one made the file.
        monkeypatch.setattr(os.path, "lexists", lambda _: False)
        with pytest.raises(ResumeError, match="is running already"):
            volume.start()


def test_state_under_a_name_that_was_plain_but_is_too_long_now_is_not_passed_over(
    volume: Volume,
) -> None:
    name = "a" * 180
    (volume.base / name).mkdir(parents=True)
    (volume.base / name / "_job").touch()
    with pytest.raises(ResumeError, match="an earlier version kept state of the job aaa"):
        volume.start(job=name)
