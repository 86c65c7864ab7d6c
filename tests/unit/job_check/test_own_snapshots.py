# SPDX-License-Identifier: Apache-2.0
"""All checkpoints and savepoints of a job, and what its own rule says of them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from flinksec_jobs.errors import ResumeError
from flinksec_jobs.job_check.facts import StateFacts
from flinksec_jobs.job_check.own_snapshots import (
    choice_of,
    needed_by_the_rule,
    own_job,
    snapshots_of,
)
from flinksec_jobs.resume.begin import would_begin_from
from tests.unit.resume.conftest import Volume, cut, remove

FIRST, SECOND = "a" * 31 + "1", "b" * 31 + "2"


def started(volume: Volume, job_id: str, *checkpoints: int) -> None:
    volume.start(in_cluster=True, job_id=job_id)
    for number in checkpoints:
        written(volume, volume.write(volume.job / job_id / f"chk-{number}", number))


def written(volume: Volume, path: Path) -> None:
    """Give state in clear the times that the headers of sealed state have."""
    if volume.keys is None:
        volume.clock += 1_000
        os.utime(path, (volume.clock, volume.clock))


def savepoint(volume: Volume, job_id: str, number: int, tail: str = "0") -> str:
    directory = volume.base / "savepoints" / f"savepoint-{job_id[:6]}-{tail}"
    written(volume, volume.write(directory, number))
    return volume.uri(directory)


def listed(volume: Volume, *ids: str) -> list[str]:
    job = own_job(volume.settings, volume.keys, None)
    return [one.snapshot.directory.name for one in snapshots_of(job, volume.keys, ids) if one.whole]


def test_those_of_the_last_start_come_first_by_their_numbers(volume: Volume) -> None:
    started(volume, FIRST, 90, 91)
    started(volume, SECOND, 3, 2)
    savepoint(volume, SECOND, 4)
    savepoint(volume, FIRST, 80)
    names = [f"savepoint-{SECOND[:6]}-0", "chk-3", "chk-2", f"savepoint-{FIRST[:6]}-0"]
    assert listed(volume) == [*names, "chk-91", "chk-90"]


def test_the_choice_is_that_of_the_rule(volume: Volume) -> None:
    started(volume, FIRST, 90)
    started(volume, SECOND, 3, 4)
    job = own_job(volume.settings, volume.keys, None)
    chosen = choice_of(job, volume.keys, {})
    assert chosen == volume.uri(volume.job / SECOND / "chk-4")
    assert chosen == would_begin_from(volume.request(in_cluster=True))


def test_it_is_never_an_older_one_because_the_newest_is_gone(volume: Volume) -> None:
    started(volume, FIRST, 5)
    uri = savepoint(volume, FIRST, 6)
    volume.contents[uri] = volume.contents_of(uri)
    remove(volume.job / FIRST / "chk-5" / "_metadata")
    job = own_job(volume.settings, volume.keys, None)
    with pytest.raises(ResumeError, match="did not end with it"):
        choice_of(job, volume.keys, {})
    ended = {uri: StateFacts(uri, number=6, ends_job=True)}
    assert choice_of(job, volume.keys, ended) == uri


def test_one_that_was_cut_short_is_listed_and_is_not_whole(volume: Volume) -> None:
    started(volume, FIRST, 5)
    cut(volume.write(volume.job / FIRST / "chk-6", 6), 10)
    job = own_job(volume.settings, volume.keys, None)
    seen = snapshots_of(job, volume.keys)
    assert {one.snapshot.directory.name: one.whole is not None for one in seen} == {
        "chk-5": True,
        "chk-6": False,
    }


def test_of_a_shared_directory_only_savepoints_of_known_starts_are_the_jobs(
    volume: Volume,
) -> None:
    started(volume, FIRST, 1)
    other = volume.request(job="other", in_cluster=True, job_id=SECOND)
    from flinksec_jobs.resume.begin import begin

    with begin(other):
        pass
    savepoint(volume, FIRST, 2)
    savepoint(volume, SECOND, 2)
    savepoint(volume, "c" * 32, 2)
    with pytest.raises(ResumeError, match="jobs there: job, other"):
        own_job(volume.settings, volume.keys, None)
    job = own_job(volume.settings, volume.keys, "job")
    names = {one.snapshot.directory.name for one in snapshots_of(job, volume.keys, ["c" * 32])}
    assert names == {"chk-1", f"savepoint-{FIRST[:6]}-0", "savepoint-cccccc-0"}


def test_what_the_last_start_began_from_is_needed(volume: Volume) -> None:
    started(volume, FIRST, 5)
    uri = savepoint(volume, FIRST, 6)
    volume.start(in_cluster=True, job_id=SECOND, named=uri)
    job = own_job(volume.settings, volume.keys, None)
    (needed,) = needed_by_the_rule(job)
    assert needed.name == f"savepoint-{FIRST[:6]}-0"


def test_a_directory_without_any_job_is_said_to_be_so(volume: Volume) -> None:
    volume.base.mkdir()
    with pytest.raises(ResumeError, match="jobs there: none"):
        own_job(volume.settings, volume.keys, None)


def test_a_named_checkpoint_that_was_replaced_meanwhile_stands_for_the_next(
    volume: Volume,
) -> None:
    started(volume, FIRST, 5, 6)
    named = volume.uri(volume.job / FIRST / "chk-4")
    request = volume.request(in_cluster=True, job_id=SECOND, named=named)
    assert would_begin_from(request) == volume.uri(volume.job / FIRST / "chk-6")
    elsewhere = replace(request, named=volume.uri(volume.job / "nowhere" / "chk-4"))
    with pytest.raises(ResumeError, match="there is no checkpoint"):
        would_begin_from(elsewhere)


def test_asking_what_a_job_would_begin_from_writes_nothing(volume: Volume) -> None:
    started(volume, FIRST, 5)
    before = {path: path.stat().st_mtime_ns for path in volume.base.rglob("*")}
    chosen = would_begin_from(volume.request(in_cluster=True, job_id=SECOND))
    assert chosen == volume.uri(volume.job / FIRST / "chk-5")
    assert {path: path.stat().st_mtime_ns for path in volume.base.rglob("*")} == before
