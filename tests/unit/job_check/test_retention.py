# SPDX-License-Identifier: Apache-2.0
"""Which savepoints go: never the last good one, one that is needed, or one that is not whole."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flinksec_jobs.errors import SealedStateError
from flinksec_jobs.job_check.retention import (
    BEGAN,
    COUNTED,
    LAST,
    LINK,
    NAMED,
    UNREAD,
    Kept,
    decide,
    remove,
    sweep,
)

DAY = 24 * 3600 * 1000
NOW = 100 * DAY


def removed(
    savepoints: list[Kept],
    keep: int | None = None,
    days: int | None = None,
    needed: tuple[str, ...] = (),
) -> list[str]:
    age = None if days is None else timedelta(days=days)
    paths = {Path(name): NAMED for name in needed}
    found = decide(savepoints, keep=keep, max_age=age, needed=paths, now_ms=NOW)
    assert [one.directory for one in found] == [one.directory for one in savepoints]
    return [str(one.directory) for one in found if one.removed]


def savepoint(name: str, days: int, *, whole: bool = True) -> Kept:
    return Kept(Path(name), NOW - days * DAY, whole)


FOUR = [savepoint("/d", 1), savepoint("/c", 3), savepoint("/b", 5), savepoint("/a", 9)]


def test_so_many_stay_and_the_older_ones_go() -> None:
    assert removed(FOUR, keep=2) == ["/b", "/a"]
    assert removed(FOUR, keep=4) == []


def test_what_is_older_goes() -> None:
    assert removed(FOUR, days=4) == ["/b", "/a"]
    assert removed(FOUR, keep=3, days=4) == ["/b", "/a"]
    assert removed(FOUR, keep=1, days=8) == ["/c", "/b", "/a"]


def test_the_last_good_one_stays_however_old_it_is() -> None:
    assert removed([savepoint("/a", 90)], keep=1, days=1) == []
    assert removed([savepoint("/b", 80), savepoint("/a", 90)], days=1) == ["/a"]


def test_a_newer_one_that_is_not_whole_does_not_count_as_the_last_good_one() -> None:
    two = [savepoint("/b", 1, whole=False), savepoint("/a", 90)]
    assert removed(two, keep=1, days=1) == []


def test_what_could_not_be_looked_at_stays() -> None:
    assert removed([savepoint("/b", 1), savepoint("/a", 90, whole=False)], keep=1, days=1) == []


def test_what_is_needed_stays_and_counts() -> None:
    assert removed(FOUR, keep=1, needed=("/b",)) == ["/c", "/a"]


def test_a_savepoint_of_the_future_is_not_old() -> None:
    assert removed([savepoint("/b", -3), savepoint("/a", -2)], days=1) == []


def test_a_link_stays(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    listed = [savepoint("/b", 1), savepoint(str(tmp_path / "link"), 9)]
    assert removed(listed, keep=1) == []


def test_each_one_that_stays_has_its_own_reason(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    link = str(tmp_path / "link")
    listed = [
        savepoint("/f", 1, whole=False),
        savepoint("/e", 2),
        savepoint("/d", 3),
        savepoint("/c", 4),
        savepoint("/b", 5),
        savepoint(link, 6),
        savepoint("/a", 7),
    ]
    needed = {Path("/c"): BEGAN, Path("/b"): NAMED}
    found = decide(listed, keep=2, max_age=timedelta(days=30), needed=needed, now_ms=NOW)
    assert [(str(one.directory), one.removed, one.why) for one in found] == [
        ("/f", False, UNREAD),
        ("/e", False, LAST),
        ("/d", False, COUNTED),
        ("/c", False, BEGAN),
        ("/b", False, NAMED),
        (link, False, LINK),
        ("/a", True, "2 newer ones are kept"),
    ]


def test_a_removal_that_was_killed_is_finished_by_the_next(tmp_path: Path) -> None:
    directory = tmp_path / "savepoint-0a1b2c-1"
    directory.mkdir()
    (directory / "_metadata").write_text("x")
    directory.rename(tmp_path / ".disposed-savepoint-0a1b2c-1")  # where it was killed
    assert list(sweep([tmp_path])) == [directory]
    assert list(tmp_path.iterdir()) == []


def test_removing_what_is_gone_is_well(tmp_path: Path) -> None:
    directory = tmp_path / "savepoint-0a1b2c-1"
    directory.mkdir()
    (directory / "_metadata").write_text("x")
    remove(directory)
    assert list(tmp_path.iterdir()) == []
    remove(directory)


def test_what_cannot_be_removed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr("os.rename", refuse)
    with pytest.raises(SealedStateError, match="cannot be removed: "):
        remove(tmp_path / "savepoint-0a1b2c-1")
