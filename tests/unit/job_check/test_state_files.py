# SPDX-License-Identifier: Apache-2.0
"""The files that a checkpoint names: whole, missing, cut, swapped, or of another day."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.job_check.facts import StateFacts, StateFile
from flinksec_jobs.job_check.savepoint_manifest import check_manifest, read_manifest
from flinksec_jobs.job_check.state_files import Looked, look_at
from flinksec_jobs.sealed import KeyRing, SealedWriter
from tests.unit.resume.conftest import Volume

CONTENT = b"state of an operator " * 4000


class Savepoint:
    """A savepoint of two files beside its metadata."""

    def __init__(self, volume: Volume) -> None:
        self.volume = volume
        self.directory = volume.base / "savepoints" / "savepoint-0a1b2c-77"
        volume.write(self.directory, 7)
        for name in ("one", "two"):
            self.write(name, CONTENT + name.encode())

    def write(self, name: str, content: bytes) -> None:
        path = self.directory / name
        path.unlink(missing_ok=True)
        if self.volume.keys is None:
            path.write_bytes(content)
            return
        with SealedWriter(path, self.volume.keys) as writer:
            writer.write(content)

    @property
    def facts(self) -> StateFacts:
        uri = self.volume.uri(self.directory)
        files = [StateFile(f"{uri}/{name}", len(CONTENT) + 3) for name in ("one", "two")]
        return StateFacts(uri, number=7, files=files)

    def look(self, *, deep: bool = False, keys: KeyRing | None = None) -> Looked:
        return look_at(self.facts, keys or self.volume.keys, deep=deep)

    def ids(self, *, deep: bool = False) -> list[str]:
        return [one.id for one in self.look(deep=deep).findings]


@pytest.fixture
def savepoint(volume: Volume) -> Savepoint:
    return Savepoint(volume)


@pytest.fixture
def sealed_savepoint(sealed: Volume) -> Iterator[Savepoint]:
    yield Savepoint(sealed)


def test_a_whole_one_is_whole_and_has_a_manifest(savepoint: Savepoint) -> None:
    looked = savepoint.look()
    assert looked.whole
    assert savepoint.look(deep=True).whole
    manifest = looked.manifest(1_000)
    assert manifest is not None
    assert set(manifest.parts) == {"_metadata", "one", "two"}
    assert (manifest.savepoint, manifest.number, manifest.count) == ("savepoint-0a1b2c-77", 7, 3)
    again = read_manifest(manifest.to_json())
    assert again == manifest
    assert list(check_manifest(again, manifest, "x")) == []


def test_a_file_that_is_missing_is_named(savepoint: Savepoint) -> None:
    (savepoint.directory / "two").unlink()
    (found,) = savepoint.look().findings
    assert found.id == "state-file-gone"
    assert str(savepoint.directory / "two") in str(found)
    assert savepoint.look().manifest(1_000) is None


def test_a_file_of_another_length_is_named(savepoint: Savepoint) -> None:
    savepoint.write("one", CONTENT)
    assert savepoint.ids() == ["state-file-of-other-length"]


def test_a_file_that_is_cut_short_is_named(sealed_savepoint: Savepoint) -> None:
    path = sealed_savepoint.directory / "one"
    path.write_bytes(path.read_bytes()[:-100])
    assert sealed_savepoint.ids() == ["state-file-tampered"]


def test_a_bit_in_the_middle_is_found_by_reading_all(sealed_savepoint: Savepoint) -> None:
    path = sealed_savepoint.directory / "one"
    data = bytearray(path.read_bytes())
    data[20_000] ^= 1
    path.write_bytes(bytes(data))
    assert sealed_savepoint.ids() == []
    assert sealed_savepoint.ids(deep=True) == ["state-file-tampered"]


def test_a_bit_in_the_header_is_found_at_once(sealed_savepoint: Savepoint) -> None:
    path = sealed_savepoint.directory / "one"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(bytes(data))
    assert sealed_savepoint.ids() == ["state-file-tampered"]


def test_a_ring_without_the_key_opens_nothing(sealed_savepoint: Savepoint, tmp_path: Path) -> None:
    other = KeyRing.create(tmp_path / "other-keys", "another")
    found = {one.id for one in sealed_savepoint.look(keys=other).findings}
    assert found == {"state-key-missing"}


def test_a_file_in_clear_among_sealed_ones_is_named(sealed_savepoint: Savepoint) -> None:
    (sealed_savepoint.directory / "one").write_bytes(CONTENT + b"one")
    assert sealed_savepoint.ids() == ["state-file-plaintext"]


def test_a_file_that_was_written_anew_is_not_that_of_the_manifest(savepoint: Savepoint) -> None:
    before = savepoint.look().manifest(1_000)
    savepoint.write("one", CONTENT[:-3] + b"new" + b"one")
    after = savepoint.look().manifest(1_000)
    assert before is not None
    assert after is not None
    (found,) = check_manifest(before, after, "it")
    assert found.id == "savepoint-replaced"
    assert found.why.endswith(": one")


def test_files_that_changed_places_are_not_those_of_the_manifest(
    sealed_savepoint: Savepoint,
) -> None:
    before = sealed_savepoint.look().manifest(1_000)
    one, two = (sealed_savepoint.directory / name for name in ("one", "two"))
    kept = one.read_bytes()
    shutil.copyfile(two, one)
    two.write_bytes(kept)
    after = sealed_savepoint.look().manifest(1_000)
    assert before is not None
    assert after is None or list(check_manifest(before, after, "it"))


def test_a_volume_that_was_set_back_is_noticed(savepoint: Savepoint) -> None:
    older = savepoint.look().manifest(1_000)
    savepoint.write("one", CONTENT[:-3] + b"new" + b"one")
    newer = savepoint.look().manifest(2_000)
    assert older is not None
    assert newer is not None
    (found,) = check_manifest(newer, older, "it")
    assert "an older one" in found.why


def test_metadata_that_cannot_be_read_is_a_problem() -> None:
    looked = look_at(StateFacts("sealed+file:///x", error="it was altered"), None)
    assert [one.id for one in looked.findings] == ["state-metadata-unread"]


def test_state_of_a_kind_that_is_not_known_is_a_problem(savepoint: Savepoint) -> None:
    facts = StateFacts(savepoint.facts.uri, number=7, unknown=["org.example.Handle"])
    found = look_at(facts, savepoint.volume.keys).findings
    assert [one.id for one in found] == ["state-handle-unknown"]


def test_where_only_flink_can_look_it_says_what_it_could_not_open() -> None:
    files = [StateFile("sealed+hdfs://n/a", 3, "no such file"), StateFile("sealed+hdfs://n/b", 3)]
    looked = look_at(StateFacts("sealed+hdfs://n/chk-1", number=1, files=files), None)
    assert [one.id for one in looked.findings] == ["state-file-unread"]
    assert looked.manifest(1_000) is None
