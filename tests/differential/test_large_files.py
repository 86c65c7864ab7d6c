# SPDX-License-Identifier: Apache-2.0
"""Sealed files beyond 4 GiB: real ones on disk, most of them holes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from flinksec_jobs.sealed import KeyRing, Status, verify_file
from tests.differential import library, peer
from tests.differential.cases import CHUNK, PREFIX, SEALED, File
from tests.differential.compare import make_ring
from tests.differential.peer import Peer
from tests.vectors import sealing

LENGTHS = [(1 << 32) - 1, 1 << 32, (1 << 32) + 1, (1 << 32) + 40_000]


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    return make_ring(tmp_path_factory.mktemp("large") / "ring")


@pytest.fixture(scope="module")
def java(ring: KeyRing) -> Iterator[Peer]:
    with Peer(ring.directory) as running:
        yield running


def plain(chunk: int, size: int = CHUNK) -> bytes:
    """The plaintext of a chunk: its number, again and again."""
    return (chunk.to_bytes(8) * (CHUNK // 8))[:size]


def sealed_with_holes(path: Path, length: int, present: set[int]) -> None:
    """A sealed file of which only some chunks, and the last, were ever written."""
    file = File(1, 0, path.name, "ignore", 0)
    head = file.sealed()[:PREFIX]
    salt = head[sealing.HEADER :][:24]
    okm = HKDFExpand(SHA512(), 76, sealing.LABEL + salt + head[:320]).derive(file.key)
    last = length // CHUNK
    with path.open("wb") as out:
        out.write(head)
        for chunk in sorted({*present, last}):
            out.seek(PREFIX + chunk * SEALED)
            nonce = (int.from_bytes(okm[32:44]) ^ chunk).to_bytes(12)
            size = length % CHUNK if chunk == last else CHUNK
            out.write(AESGCM(okm[:32]).encrypt(nonce, plain(chunk, size), None))


@pytest.mark.parametrize("length", LENGTHS)
def test_both_read_the_bytes_around_every_boundary(
    tmp_path: Path, ring: KeyRing, java: Peer, length: int
) -> None:
    path = tmp_path / "large"
    last = length // CHUNK
    in_file = ((1 << 32) - PREFIX) // SEALED  # where the position in the file passes 4 GiB
    near = {c + d for c in (1 << 17, last - 1, in_file) for d in (-1, 0, 1) if 0 <= c + d < last}
    sealed_with_holes(path, length, near)
    steps = []
    for chunk in sorted(near):
        steps += [f"s{chunk * CHUNK + 5}", "r20", "t", f"p{chunk * CHUNK + CHUNK - 3},3", "a"]
    steps += [f"s{length - 10}", "r99", "b", "t", f"q{length - 1},1", f"s{length + 1}", f"k{-5}"]
    java.ask([peer.file(path, steps)])
    with path.open("rb") as file:
        ours = library.read(file, str(path), tuple(steps), ring)
    assert java.answers() == [ours]
    for chunk in sorted(near):
        expected = library._data((plain(chunk) * 2)[5:25])
        assert f"ok {expected} {chunk * CHUNK + 25}" in ours
    tail = (plain(last - 1) + plain(last, length % CHUNK))[-10:]
    said = [library._data(tail), "-1", str(length), library._data(tail[-1:]), "beyond", "0"]
    assert ours.split()[-6:] == said
    assert path.stat().st_blocks * 512 < 10 << 20


def test_a_hole_is_tampered_for_both(tmp_path: Path, ring: KeyRing, java: Peer) -> None:
    path = tmp_path / "hole"
    sealed_with_holes(path, LENGTHS[-1], {0, 1})
    steps = ("r30000", f"s{1 << 31}", "r1", "b")
    java.ask([peer.file(path, steps)])
    with path.open("rb") as file:
        ours = library.read(file, str(path), steps, ring)
    assert java.answers() == [ours]
    assert ours.split()[-2:] == ["TAMPERED", "failed"]
    report = verify_file(path, ring)
    assert report.status is Status.TAMPERED
    assert report.length == LENGTHS[-1]
    assert "chunk 2 is not authentic" in report.detail
