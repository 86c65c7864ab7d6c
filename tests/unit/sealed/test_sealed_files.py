# SPDX-License-Identifier: Apache-2.0
"""A sealed file's contents survive, and nothing but the whole file is ever read."""

import io
import os
import random
import shutil

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor

from flinksec_jobs.sealed import (
    KeyRing,
    NamePolicy,
    SealedWriter,
    Status,
    open_sealed,
    read_header,
    verify_file,
    verify_tree,
)
from flinksec_jobs.sealed.format import (
    CHUNK,
    CONTEXT,
    HEADER,
    SLOT,
    SealedFileError,
    chunk_offset,
    lies_under,
    plaintext_length,
    stored_name,
)


@pytest.fixture
def ring(tmp_path):
    return KeyRing.create(tmp_path / "ring", "k1")


@pytest.fixture
def seal(tmp_path, ring):
    def write(name, data):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with SealedWriter(path, ring) as writer:
            for start in range(0, len(data), 70_000):
                writer.write(data[start : start + 70_000])
        return path

    return write


def data_of(size):
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 16385, 32768, 5_000_000])
def test_what_was_written_is_read_back(seal, ring, size):
    path = seal("file", data_of(size))
    with open_sealed(path, ring) as reader:
        assert reader.length == size == plaintext_length(path.stat().st_size)
        assert reader.read() == data_of(size)
    assert verify_file(path, ring).status is Status.WHOLE
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_payload_opens_with_cryptography_alone(seal, ring):
    path = seal("file", data_of(50_000))
    raw = path.read_bytes()
    data_key = ring.unwrap(read_header(path).slots[0].key)
    decryptor = Cobblestone256Decryptor(data_key, raw[:CONTEXT])
    assert decryptor.update(raw[HEADER:]) + decryptor.finalize() == data_of(50_000)


def test_seeking_gives_the_bytes_at_that_position(seal, ring):
    data = data_of(100_000)
    with open_sealed(seal("file", data), ring) as reader:
        buffered = io.BufferedReader(reader)
        for position in (99_999, 0, CHUNK - 1, CHUNK, 70_000, CHUNK + 1):
            buffered.seek(position)
            assert buffered.read(20_000) == data[position : position + 20_000]
        assert reader.seek(-1, os.SEEK_END) == 99_999


def test_every_flipped_byte_of_a_small_file_is_found(seal, ring):
    path = seal("file", data_of(100))
    good = path.read_bytes()
    slot_b = range(CONTEXT + SLOT, HEADER)
    for at in range(len(good)):
        bad = bytearray(good)
        bad[at] ^= 1 << at % 8
        path.write_bytes(bad)
        # Slot B is empty: a torn slot counts as empty too.
        assert verify_file(path, ring).whole is (at in slot_b), f"byte {at}"


def test_a_failed_read_stays_failed(seal, ring):
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


def test_truncation_at_every_length_is_found(seal, ring):
    path = seal("file", data_of(30))
    good = path.read_bytes()
    for length in range(len(good)):
        path.write_bytes(good[:length])
        status = verify_file(path, ring).status
        cut_in_chunk = length >= chunk_offset(0) + 16
        assert status is (Status.TAMPERED if cut_in_chunk else Status.TRUNCATED), length


def test_each_status_has_its_cause(seal, ring, tmp_path):
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


def test_a_wrong_key_under_the_right_id_is_not_taken(seal, tmp_path):
    path = seal("file", b"state")
    impostor = KeyRing.create(tmp_path / "impostor", "k1")
    assert verify_file(path, impostor).status is Status.TAMPERED


def test_the_header_tells_name_time_and_key_without_a_key(seal):
    header = read_header(seal("job/chk-7/part", b""))
    assert header.name == "job/chk-7/part"
    assert header.context.policy is NamePolicy.ENFORCE
    assert header.key_ids == ("k1",)
    assert header.created.year >= 2026


def test_names_are_relative_and_bounded():
    assert stored_name("/mnt/state/job/chk-1/f", "/mnt/state") == "job/chk-1/f"
    assert stored_name("/mnt/state/a/job/chk-1/f") == "job/chk-1/f"
    assert stored_name("/f") == "f"
    assert stored_name("/" + "/".join(["x" * 200] * 3)) == "x" * 200
    assert lies_under("/elsewhere/job/chk-1/f", "job/chk-1/f")
    assert not lies_under("/elsewhere/otherjob/chk-1/f", "job/chk-1/f")
