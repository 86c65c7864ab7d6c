# SPDX-License-Identifier: Apache-2.0
"""Our own vectors, which the Java tests read too: each file byte for byte, each alteration."""

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor

from flinksec_jobs.sealed import KeyRing, NamePolicy, open_sealed, verify_file
from flinksec_jobs.sealed.format import (
    CONTEXT,
    HEADER,
    Context,
    lies_under,
    new_header,
    stored_name,
)
from tests.unit.sealed.bound_keys import ANY
from tests.vectors import make, sealing

VECTORS = Path(__file__).parents[2] / "vectors"
FILE = json.loads((VECTORS / "sealed-files.json").read_text())
PREFIX, SEALED_CHUNK = 1080, 16400


@functools.cache
def sealed(name: str) -> bytes:
    """A file as another implementation of the specification writes it."""
    data: bytes = sealing.seal(FILE["files"][name])
    return data


def chunk(index: int) -> slice:
    return slice(PREFIX + index * SEALED_CHUNK, PREFIX + (index + 1) * SEALED_CHUNK)


def altered(name: str, changes: list[list[Any]]) -> bytes:
    data = bytearray(sealed(name))
    for change, *arguments in changes:
        CHANGES[change](data, *arguments)
    return bytes(data)


def truncate(data: bytearray, length: int) -> None:
    assert length < len(data)
    del data[length:]


def append(data: bytearray, more: str) -> None:
    data += bytes.fromhex(more)


def xor(data: bytearray, at: int, mask: str) -> None:
    for index, byte in enumerate(bytes.fromhex(mask)):
        data[at + index] ^= byte


def replace(data: bytearray, at: int, new: str) -> None:
    old = len(data)
    data[at : at + len(new) // 2] = bytes.fromhex(new)
    assert len(data) == old


def take(data: bytearray, name: str, at: int, count: int) -> None:
    data[at : at + count] = sealed(name)[at : at + count]


def swap_chunks(data: bytearray, i: int, j: int) -> None:
    data[chunk(i)], data[chunk(j)] = data[chunk(j)], data[chunk(i)]


def copy_chunk(data: bytearray, name: str, i: int, j: int) -> None:
    data[chunk(j)] = sealed(name)[chunk(i)]


def drop_chunk(data: bytearray, i: int) -> None:
    del data[chunk(i)]


def append_chunk(data: bytearray, name: str, i: int) -> None:
    data += sealed(name)[chunk(i)]


CHANGES: dict[str, Any] = {
    function.__name__: function
    for function in (
        truncate,
        append,
        xor,
        replace,
        take,
        swap_chunks,
        copy_chunk,
        drop_chunk,
        append_chunk,
    )
}


def make_ring(directory: Path, keys: dict[str, str]) -> KeyRing:
    directory.mkdir(mode=0o700)
    for key_id, name in keys.items():
        (directory / key_id).write_bytes(bytes.fromhex(FILE["keys"][name]))
        (directory / key_id).chmod(0o600)
    (directory / "primary").write_text(next(iter(keys)))
    (directory / "primary").chmod(0o600)
    return KeyRing.open(directory)


def test_the_vectors_are_what_their_program_writes() -> None:
    assert (VECTORS / "sealed-files.json").read_text() == make.vectors()


@pytest.mark.parametrize("name", FILE["files"])
def test_a_file_is_made_byte_for_byte(name: str, tmp_path: Path) -> None:
    file = FILE["files"][name]
    raw = sealed(name)
    assert len(raw) == file["file_length"]
    assert hashlib.sha256(raw).hexdigest() == file["file_sha256"]
    context = Context(
        NamePolicy[file["name_policy"].upper()],
        file["name"],
        bytes.fromhex(file["data_key_id"]),
        bytes.fromhex(file["file_id"]),
        file["created_at_ms"],
    )
    ring = make_ring(tmp_path / "ring", {"key-1": "key-1"})
    data_key = bytes.fromhex(file["data_key"])
    assert raw[:HEADER] == new_header(context.to_bytes(), ring.wrap(data_key, ANY))
    decryptor = Cobblestone256Decryptor(data_key, raw[:CONTEXT])
    assert decryptor.update(raw[HEADER:]) + decryptor.finalize() == sealing.plaintext(
        file["length"]
    )
    if "file_hex" in file:
        assert raw.hex() == "".join(file["file_hex"])


@pytest.mark.parametrize("case", FILE["names"], ids=lambda c: c["path"])
def test_a_new_file_gets_its_name_and_policy(case: dict[str, Any]) -> None:
    assert stored_name(case["path"], case.get("root")) == case["name"]
    assert NamePolicy.of(case["path"]).name.lower() == case["policy"]
    assert lies_under(case["path"], case["name"])


@pytest.mark.parametrize("case", FILE["cases"], ids=lambda c: f"{c['file']}: {c['what']}")
def test_each_alteration_gets_its_status(case: dict[str, Any], tmp_path: Path) -> None:
    ring = make_ring(tmp_path / "ring", case.get("ring", FILE["defaults"]["ring"]))
    file = FILE["files"][case["file"]]
    path = tmp_path / "state" / case.get("path", file["name"])
    path.parent.mkdir(parents=True)
    path.write_bytes(altered(case["file"], case["change"]))
    report = verify_file(path, ring)
    assert report.status.value == case["status"]
    assert bool(report.detail) == (not report.whole or "moved" in case["what"])
    if report.whole:
        assert report.length == file["length"]
        assert open_sealed(path, ring).read() == sealing.plaintext(file["length"])
