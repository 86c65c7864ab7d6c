# SPDX-License-Identifier: Apache-2.0
"""A sealed file's contents survive, and nothing but the whole file is ever read."""

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor

from flinksec_jobs.sealed import (
    KeyRing,
    NamePolicy,
    SealedReader,
    SealedWriter,
    Status,
    inspect_file,
    open_sealed,
    read_header,
    verify_file,
    verify_tree,
)
from flinksec_jobs.sealed.format import (
    CHUNK,
    CONTEXT,
    HEADER,
    SEALED_CHUNK,
    SLOT,
    SealedFileError,
    chunk_offset,
    lies_under,
    plaintext_length,
    stored_name,
)
from tests.unit.sealed.bound_keys import ANY


@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 16385, 32768, 5_000_000])
def test_what_was_written_is_read_back(
    seal: Callable[[str, bytes], Path], ring: KeyRing, size: int, data_of: Callable[[int], bytes]
) -> None:
    path = seal("file", data_of(size))
    with open_sealed(path, ring) as reader:
        assert reader.length == size == plaintext_length(path.stat().st_size)
        assert reader.read() == data_of(size)
    assert verify_file(path, ring).status is Status.WHOLE
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_payload_opens_with_cryptography_alone(
    seal: Callable[[str, bytes], Path], ring: KeyRing, data_of: Callable[[int], bytes]
) -> None:
    path = seal("file", data_of(50_000))
    raw = path.read_bytes()
    data_key = ring.unwrap(read_header(path).slots[0].key, ANY)
    decryptor = Cobblestone256Decryptor(data_key, raw[:CONTEXT])
    assert decryptor.update(raw[HEADER:]) + decryptor.finalize() == data_of(50_000)


def test_seeking_gives_the_bytes_at_that_position(
    seal: Callable[[str, bytes], Path], ring: KeyRing, data_of: Callable[[int], bytes]
) -> None:
    data = data_of(100_000)
    with open_sealed(seal("file", data), ring) as reader:
        buffered = io.BufferedReader(reader)
        for position in (99_999, 0, CHUNK - 1, CHUNK, 70_000, CHUNK + 1):
            buffered.seek(position)
            assert buffered.read(20_000) == data[position : position + 20_000]
        assert reader.seek(-1, os.SEEK_END) == 99_999


@pytest.mark.slow
def test_every_flipped_byte_of_a_small_file_is_found(
    seal: Callable[[str, bytes], Path], ring: KeyRing, data_of: Callable[[int], bytes]
) -> None:
    path = seal("file", data_of(100))
    good = path.read_bytes()
    slot_b = range(CONTEXT + SLOT, HEADER)
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 1 << at % 8
        path.write_bytes(bad)
        # Slot B is empty: a torn slot counts as empty too.
        assert verify_file(path, ring).whole is (at in slot_b), f"byte {at}"


def test_a_failed_read_stays_failed(
    seal: Callable[[str, bytes], Path], ring: KeyRing, data_of: Callable[[int], bytes]
) -> None:
    path = seal("file", data_of(60_000))
    bad = bytearray(path.read_bytes())
    bad[chunk_offset(1) + 5] ^= 1
    path.write_bytes(bad)
    with open_sealed(path, ring) as reader:
        assert reader.read(CHUNK) == data_of(60_000)[:CHUNK]
        with pytest.raises(SealedFileError, match="chunk 1 is not authentic"):
            reader.read(1)
        reader.seek(0)
        with pytest.raises(SealedFileError, match="earlier read failed"):
            reader.read(1)
    assert verify_file(path, ring).status is Status.TAMPERED


@pytest.mark.slow
def test_truncation_at_every_length_is_found(
    seal: Callable[[str, bytes], Path], ring: KeyRing, data_of: Callable[[int], bytes]
) -> None:
    path = seal("file", data_of(30))
    good = path.read_bytes()
    for length in range(len(good)):
        path.write_bytes(good[:length])
        status = verify_file(path, ring).status
        cut_in_chunk = length >= chunk_offset(0) + 16
        assert status is (Status.TAMPERED if cut_in_chunk else Status.TRUNCATED), length


def test_each_status_has_its_cause(
    seal: Callable[[str, bytes], Path], ring: KeyRing, tmp_path: Path
) -> None:
    checkpoint = seal("job/chk-1/_metadata", b"state")
    swapped = tmp_path / "job/chk-2/_metadata"
    swapped.parent.mkdir()
    shutil.copy(checkpoint, swapped)
    plain = tmp_path / "job/plain.json"
    plain.write_text("{}")
    newer = tmp_path / "job/version"
    raw = bytearray(checkpoint.read_bytes())
    raw[8] = 2
    newer.write_bytes(raw)
    found = {r.path.relative_to(tmp_path): r for r in verify_tree(tmp_path / "job", ring)}
    assert {str(path): report.status for path, report in found.items()} == {
        "job/chk-1/_metadata": Status.WHOLE,
        "job/chk-2/_metadata": Status.FOREIGN,
        "job/plain.json": Status.PLAINTEXT,
        "job/version": Status.UNSUPPORTED,
    }
    other = KeyRing.create(tmp_path / "other", "k9")
    report = verify_file(checkpoint, other)
    assert report.status is Status.KEY_MISSING
    assert report.detail == f"key 'k1' is not in the key ring {tmp_path / 'other'}"


def test_a_wrong_key_under_the_right_id_is_not_taken(
    seal: Callable[[str, bytes], Path], tmp_path: Path
) -> None:
    path = seal("file", b"state")
    impostor = KeyRing.create(tmp_path / "impostor", "k1")
    assert verify_file(path, impostor).status is Status.TAMPERED


def test_the_header_tells_name_time_and_key_without_a_key(
    seal: Callable[[str, bytes], Path],
) -> None:
    path = seal("job/chk-7/part", b"")
    header = read_header(path)
    assert header.name == str(path).removeprefix("/")
    assert header.context.policy is NamePolicy.ENFORCE
    assert header.key_ids == ("k1",)
    assert header.created.year >= 2026
    assert header.created_at_ms == int(header.created.timestamp() * 1000)


def test_names_are_relative_and_bounded() -> None:
    assert stored_name("/mnt/state/job/chk-1/f", "/mnt/state") == "job/chk-1/f"
    assert stored_name("/mnt/state/a/job/chk-1/f") == "mnt/state/a/job/chk-1/f"
    assert stored_name("/f") == "f"
    assert stored_name("/" + "/".join(["x" * 200] * 3)) == "x" * 200
    assert lies_under("/elsewhere/job/chk-1/f", "job/chk-1/f")
    assert not lies_under("/elsewhere/otherjob/chk-1/f", "job/chk-1/f")


JOB_ID = "0" * 31 + "1"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (f"eu/checkpoints/{JOB_ID}/chk-42/_metadata", f"us/checkpoints/{JOB_ID}/chk-42/_metadata"),
        (f"state/a/{JOB_ID}/shared/x", f"state/b/{JOB_ID}/shared/x"),
        (f"state/a/{JOB_ID}/chk-1/x", f"state/a/{'0' * 32}/chk-1/x"),
        ("ha/a/completedCheckpoint00ff", "ha/b/completedCheckpoint00ff"),
        ("ha/a/submittedExecutionPlan00ff", "ha/b/submittedExecutionPlan00fe"),
        (f"ha/a/blob/job_{JOB_ID}/blob_p-1", f"ha/b/blob/job_{JOB_ID}/blob_p-1"),
        ("a/chk-1/_metadata", "ha/results/job_DIRTY.json"),
    ],
)
def test_no_file_of_another_job_stands_in_although_the_ring_is_the_same(
    seal: Callable[[str, bytes], Path], ring: KeyRing, ours: str, theirs: str
) -> None:
    path = seal(ours, b"ours")
    assert verify_file(path, ring).whole
    path.write_bytes(seal(theirs, b"theirs").read_bytes())
    report = verify_file(path, ring)
    assert report.status is Status.FOREIGN
    assert "it was written as" in report.detail


def test_a_name_of_the_last_three_components_as_it_was_written_before_is_still_whole(
    tmp_path: Path, ring: KeyRing
) -> None:
    path = tmp_path / "state" / "job" / JOB_ID / "chk-3" / "_metadata"
    path.parent.mkdir(parents=True)
    with SealedWriter(path, ring, root=str(path.parents[2])) as writer:
        writer.write(b"state")
    assert read_header(path).name == f"{JOB_ID}/chk-3/_metadata"
    assert verify_file(path, ring).whole


def test_a_volume_that_is_mounted_elsewhere_is_checked_by_the_path_that_jobs_see(
    seal: Callable[[str, bytes], Path], ring: KeyRing, tmp_path: Path
) -> None:
    for name in ("mnt/state/a/chk-1/f", "mnt/state/b/chk-1/f"):
        seal(name, b"")
    (tmp_path / "mnt" / "state").rename(tmp_path / "export")
    (tmp_path / "mnt" / "state" / "b").mkdir(parents=True)
    found = {r.path.parts[-3]: r for r in verify_tree(tmp_path / "export", ring)}
    assert {name: report.status for name, report in found.items()} == dict.fromkeys(
        ("a", "b"), Status.FOREIGN
    )
    place = tmp_path / "mnt" / "state"
    assert all(r.whole for r in verify_tree(tmp_path / "export", ring, place=place))
    shutil.copy(tmp_path / "export/a/chk-1/f", tmp_path / "export/b/chk-1/f")
    statuses = [r.status for r in verify_tree(tmp_path / "export", ring, place=place)]
    assert statuses == [Status.WHOLE, Status.FOREIGN]


def test_a_reader_is_a_binary_stream(
    seal: Callable[[str, bytes], Path], ring: KeyRing, data_of: Callable[[int], bytes]
) -> None:
    data = data_of(40_000)
    with open_sealed(seal("file", data), ring) as stream:
        assert stream.readable()
        assert stream.seekable()
        assert not stream.writable()
        assert stream.read(20_000) == data[:20_000]
        assert stream.tell() == 20_000
        assert stream.read() == data[20_000:]
        assert stream.read(1) == b""
        stream.seek(50_000)
        assert stream.read() == b""
        with pytest.raises(ValueError, match="negative position"):
            stream.seek(-1)
    with pytest.raises(ValueError, match="closed"):
        stream.read()
    lines = open_sealed(seal("lines", b"one\ntwo\n"), ring)
    assert list(lines) == [b"one\n", b"two\n"]


def test_opening_a_file_that_is_not_whole_names_it_and_says_why(
    seal: Callable[[str, bytes], Path], ring: KeyRing
) -> None:
    path = seal("file", b"state")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SealedFileError, match=f"{path}: chunk 0 is not authentic") as caught:
        open_sealed(path, ring)
    assert caught.value.status is Status.TAMPERED


def test_an_error_of_the_volume_fails_the_reader_for_ever(
    seal: Callable[[str, bytes], Path], ring: KeyRing, data_of: Callable[[int], bytes]
) -> None:
    class Volume(io.BytesIO):
        broken = False

        def read(self, size: int | None = -1, /) -> bytes:
            if self.broken:
                raise OSError(5, "Input/output error")
            return super().read(size)

    volume = Volume(seal("file", data_of(60_000)).read_bytes())
    reader = SealedReader(volume, ring)
    volume.broken = True
    with pytest.raises(OSError, match="Input/output"):
        reader.read(1)
    volume.broken = False
    with pytest.raises(SealedFileError, match="earlier read failed"):
        reader.read(1)


def test_a_moved_savepoint_is_whole_with_a_remark(
    seal: Callable[[str, bytes], Path], ring: KeyRing, tmp_path: Path
) -> None:
    path = seal("job/savepoint-1/part", b"state")
    moved = tmp_path / "savepoint-2" / "part"
    moved.parent.mkdir()
    path.rename(moved)
    report = verify_file(moved, ring)
    assert report.whole
    assert report.detail == "it was written as 'job/savepoint-1/part'"


def test_several_files_are_verified_side_by_side_in_order(
    seal: Callable[[str, bytes], Path],
    ring: KeyRing,
    tmp_path: Path,
    data_of: Callable[[int], bytes],
) -> None:
    for number in range(40):
        seal(f"job/chk-1/{number:02}", data_of(number * 1000))
    seen: list[int] = []
    reports = list(verify_tree(tmp_path / "job", ring, workers=4, progress=seen.append))
    assert [r.path.name for r in reports] == [f"{number:02}" for number in range(40)]
    assert all(r.whole for r in reports)
    assert sum(seen) == sum(r.length or 0 for r in reports) == sum(n * 1000 for n in range(40))


def test_what_headers_tell_is_told_without_a_key_and_checked_with_one(
    seal: Callable[[str, bytes], Path], ring: KeyRing, tmp_path: Path
) -> None:
    path = seal("job/chk-1/_metadata", b"state")
    info = inspect_file(path)
    assert (info.status, info.length, info.file_length) == (None, 5, path.stat().st_size)
    assert inspect_file(path, ring).status is None
    other = KeyRing.create(tmp_path / "other", "k9")
    assert inspect_file(path, other).status is Status.KEY_MISSING
    path.write_bytes(path.read_bytes()[:1090])
    assert inspect_file(path).status is Status.TRUNCATED
    assert inspect_file(path).header is not None


def test_an_unfinished_file_is_truncated(tmp_path: Path, ring: KeyRing) -> None:
    class Killed(BaseException):
        pass

    path = tmp_path / "unfinished"
    with pytest.raises(Killed), SealedWriter(path, ring) as writer:
        writer.write(b"x" * 16_384)
        raise Killed
    assert verify_file(path, ring).status is Status.TRUNCATED


def test_reading_on_reads_ahead_and_jumping_does_not(
    seal: Callable[[str, bytes], Path], ring: KeyRing, data_of: Callable[[int], bytes]
) -> None:
    class Volume(io.BytesIO):
        sizes: ClassVar[list[int]] = []

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            self.sizes.append(len(data) // SEALED_CHUNK)
            return data

    data = data_of(200 * CHUNK)
    reader = SealedReader(Volume(seal("file", data).read_bytes()), ring)
    Volume.sizes.clear()
    assert reader.read() == data
    assert Volume.sizes == [2, 4, 8, 16, 32, 64, 64, 10]
    for position in (150 * CHUNK, 20 * CHUNK + 5, 199 * CHUNK, 0):
        reader.seek(position)
        Volume.sizes.clear()
        assert reader.read(1) == data[position : position + 1]
        assert Volume.sizes in ([1], [])
