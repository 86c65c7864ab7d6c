# SPDX-License-Identifier: Apache-2.0
"""A record is read where it was written, and nothing else in its place."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flinksec_jobs.errors import SealedStateError
from flinksec_jobs.sealed import KeyRing, Status, verify_file
from flinksec_jobs.sealed.small_file import read_record, write_record

Seal = Callable[[str, bytes], Path]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "state" / "a").mkdir(parents=True)
    return tmp_path / "state" / "a" / "job"


def test_a_record_is_read_back_and_replaced_as_a_whole(place: Path, ring: KeyRing) -> None:
    assert read_record(place, ring) is None
    for content in (b'{"job": "a"}', b"", b"x" * (1 << 20)):
        write_record(place, ring, content)
        assert read_record(place, ring) == content
    assert [path.name for path in place.parent.iterdir()] == ["job"]
    assert place.stat().st_mode & 0o777 == 0o600
    assert verify_file(place, ring).whole
    with pytest.raises(ValueError, match="1 MiB"):
        write_record(place, ring, b"x" * ((1 << 20) + 1))


def test_a_record_that_cannot_be_written_leaves_the_one_before(
    place: Path, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_record(place, ring, b"before")

    def fails(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="Input/output"):
        write_record(place, ring, b"after")
    monkeypatch.undo()
    assert read_record(place, ring) == b"before"
    assert [path.name for path in place.parent.iterdir()] == ["job"]


def test_no_other_sealed_file_is_read_in_its_place(place: Path, ring: KeyRing, seal: Seal) -> None:
    other = place.parent.with_name("b")
    other.mkdir()
    write_record(other / "job", ring, b"another job's")
    state = [
        other / "job",
        seal("state/a/x/chk-1/job", b""),
        seal("state/a/savepoint-1/job", b""),
        seal("ha/a/job", b""),
    ]
    for path in state:
        shutil.copy(path, place)
        with pytest.raises(SealedStateError, match=str(place)) as refused:
            read_record(place, ring)
        assert getattr(refused.value, "status", None) is Status.FOREIGN


def test_what_cannot_be_read_is_never_no_record(place: Path, ring: KeyRing) -> None:
    place.symlink_to(place.with_name("gone"))
    with pytest.raises(SealedStateError, match="leads nowhere"):
        read_record(place, ring)
    place.unlink()
    os.mkfifo(place)
    with pytest.raises(SealedStateError, match="named pipe"):
        read_record(place, ring)
    place.unlink()
    place.write_bytes(b"{}")
    with pytest.raises(SealedStateError, match="not a sealed file"):
        read_record(place, ring)
    write_record(place, ring, b"content")
    place.write_bytes(place.read_bytes()[:-1])
    with pytest.raises(SealedStateError, match=r"not authentic|cut short"):
        read_record(place, ring)
