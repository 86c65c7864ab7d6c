# SPDX-License-Identifier: Apache-2.0
"""Re-keying writes headers only, and a file stays readable whenever it is killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flinksec_jobs.sealed import (
    KeyRing,
    Outcome,
    SealedWriter,
    Status,
    open_sealed,
    read_header,
    rekey_file,
    verify_file,
    verify_tree,
)
from flinksec_jobs.sealed.format import (
    CONTEXT,
    HEADER,
    MAX_GENERATION,
    SLOT,
    SLOT_OFFSETS,
    KeySlot,
    WrappedKey,
)
from flinksec_jobs.sealed.needs import keys_needed
from tests.unit.sealed.bound_keys import ANY


class Killed(BaseException):
    """Stands for SIGKILL."""


def slot_keys(path: Path) -> list[tuple[int, str] | None]:
    raw = path.read_bytes()
    slots = (KeySlot.parse(raw[at : at + SLOT]) for at in SLOT_OFFSETS)
    return [(slot.generation, slot.key.key_id) if slot else None for slot in slots]


def ring_of(tmp_path: Path, name: str, *key_ids: str) -> KeyRing:
    """A ring that has only these keys of the first ring."""
    directory = tmp_path / name
    directory.mkdir(mode=0o700)
    for key_id in key_ids:
        shutil.copy(tmp_path / "ring" / key_id, directory)
    (directory / "primary").write_text(key_ids[0])
    (directory / "primary").chmod(0o600)
    return KeyRing.open(directory)


def test_only_the_key_slots_are_written(
    seal: Callable[[str, bytes], Path], ring: KeyRing, data_of: Callable[[int], bytes]
) -> None:
    path = seal("file", data_of(100_000))
    before = path.read_bytes()
    new = ring.add("k2")
    report = rekey_file(path, new)
    assert (report.outcome, report.needs) == (Outcome.REWRAPPED, ("k2",))
    after = path.read_bytes()
    assert after[:CONTEXT] == before[:CONTEXT]
    assert after[HEADER:] == before[HEADER:]
    assert slot_keys(path) == [None, (2, "k2")]
    assert after[CONTEXT : CONTEXT + SLOT] == bytes(SLOT)
    assert open_sealed(path, new.remove("k1")).read() == data_of(100_000)


def test_a_second_run_changes_nothing(seal: Callable[[str, bytes], Path], ring: KeyRing) -> None:
    path = seal("file", b"state")
    new = ring.add("k2")
    rekey_file(path, new)
    before = path.read_bytes()
    assert rekey_file(path, new).outcome is Outcome.CURRENT
    assert path.read_bytes() == before


def test_the_slots_take_turns(seal: Callable[[str, bytes], Path], ring: KeyRing) -> None:
    path = seal("file", b"state")
    expected: list[list[tuple[int, str] | None]] = [
        [None, (2, "k2")],
        [(3, "k3"), None],
        [None, (4, "k4")],
    ]
    for number, slots in enumerate(expected, 2):
        ring = ring.add(f"k{number}")
        rekey_file(path, ring)
        assert slot_keys(path) == slots


@pytest.mark.parametrize("written", [0, 1, 8, 71, 100, 347, 351, 352])
@pytest.mark.parametrize("step", [0, 1])
def test_a_file_stays_readable_whenever_it_is_killed(
    seal: Callable[[str, bytes], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    written: int,
) -> None:
    path = seal("file", b"state")
    new = KeyRing.open(tmp_path / "ring").add("k2")
    writes: list[int] = []
    real = os.pwrite

    def dying(descriptor: int, data: bytes, offset: int) -> int:
        writes.append(offset)
        if len(writes) == step + 1:
            real(descriptor, data[:written], offset)
            raise Killed
        return real(descriptor, data, offset)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(os, "pwrite", dying)
        rekey_file(path, new)

    assert open_sealed(path, new).read() == b"state"
    if step == 0:
        assert open_sealed(path, ring_of(tmp_path, "old", "k1")).read() == b"state"
    else:
        assert open_sealed(path, ring_of(tmp_path, "new", "k2")).read() == b"state"
    rekey_file(path, new)
    assert [slot for slot in slot_keys(path) if slot] == [(2, "k2")]
    assert read_header(path).key_ids == ("k2",)
    assert bytes(SLOT) in (path.read_bytes()[at : at + SLOT] for at in SLOT_OFFSETS)


def test_each_write_is_synced_before_the_next(
    seal: Callable[[str, bytes], Path], ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = seal("file", b"state")
    calls: list[int | str] = []
    real = os.pwrite
    new = ring.add("k2")

    def write(descriptor: int, data: bytes, offset: int) -> int:
        calls.append(offset)
        return real(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", write)
    monkeypatch.setattr(os, "fsync", lambda descriptor: calls.append("sync"))
    rekey_file(path, new)
    assert calls == [SLOT_OFFSETS[1], "sync", SLOT_OFFSETS[0], "sync"]


@pytest.mark.slow
def test_killed_for_real_again_and_again_no_file_is_lost(tmp_path: Path, ring: KeyRing) -> None:
    for number in range(200):
        with SealedWriter(tmp_path / f"f{number:03}", ring) as writer:
            writer.write(b"x" * number)
    new = ring.add("k2")
    program = (
        "import pathlib, sys; from flinksec_jobs.sealed import KeyRing, rekey_file\n"
        "ring = KeyRing.open(sys.argv[1])\n"
        "print('ready', flush=True)\n"
        "for file in sorted(pathlib.Path(sys.argv[2]).glob('f*')): rekey_file(file, ring)\n"
    )
    command = [sys.executable, "-c", program, str(ring.directory), str(tmp_path)]
    for milliseconds in (1, 5, 20):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(milliseconds / 1000)
            process.send_signal(signal.SIGKILL)
        assert all(verify_file(file, new).whole for file in tmp_path.glob("f*"))
    subprocess.run(command, check=True, capture_output=True)
    assert keys_needed(tmp_path.glob("f*")).named == {"k2": 200}
    assert all(r.whole for r in verify_tree(tmp_path, new.remove("k1")) if r.path.name[0] == "f")


def test_what_cannot_be_opened_is_left_as_it_is(
    seal: Callable[[str, bytes], Path], ring: KeyRing, tmp_path: Path
) -> None:
    new = ring.add("k2")
    plain = tmp_path / "plain"
    plain.write_bytes(b"{}")
    assert (r := rekey_file(plain, new)).outcome is Outcome.LEFT
    assert (r.status, r.needs) == (Status.PLAINTEXT, ())

    short = seal("short", b"state")
    short.write_bytes(short.read_bytes()[:1079])
    assert rekey_file(short, new).status is Status.TRUNCATED

    altered = seal("altered", b"state")
    raw = bytearray(altered.read_bytes())
    raw[60] ^= 1
    raw[100] ^= 1
    altered.write_bytes(raw)
    assert rekey_file(altered, new).status is Status.TAMPERED
    assert altered.read_bytes() == raw

    lost = seal("lost", b"state")
    report = rekey_file(lost, ring_of(tmp_path, "other", "k2"))
    assert (report.status, report.needs) == (Status.KEY_MISSING, ("k1",))

    link = tmp_path / "link"
    link.symlink_to(lost)
    with pytest.raises(OSError, match="symbolic links"):
        rekey_file(link, new)


def test_a_file_still_being_written_is_rekeyed_too(tmp_path: Path, ring: KeyRing) -> None:
    path = tmp_path / "open"
    writer = SealedWriter(path, ring)
    writer.write(b"x" * 100_000)
    new = ring.add("k2")
    assert rekey_file(path, new).outcome is Outcome.REWRAPPED
    writer.close()
    assert open_sealed(path, new.remove("k1")).read() == b"x" * 100_000


def test_a_forged_newest_slot_is_passed_over_and_replaced(
    seal: Callable[[str, bytes], Path], ring: KeyRing
) -> None:
    path = seal("file", b"state")
    forged = KeySlot(MAX_GENERATION, ring.wrap(bytes(32), ANY)).to_bytes()
    raw = bytearray(path.read_bytes())
    raw[SLOT_OFFSETS[1] : SLOT_OFFSETS[1] + SLOT] = forged
    path.write_bytes(raw)
    assert open_sealed(path, ring).read() == b"state"
    new = ring.add("k2")
    rekey_file(path, new)
    assert slot_keys(path) == [None, (2, "k2")]


def test_the_highest_generation_goes_no_higher(
    seal: Callable[[str, bytes], Path], ring: KeyRing
) -> None:
    path = seal("file", b"state")
    key = read_header(path).slots[0].key
    raw = bytearray(path.read_bytes())
    raw[CONTEXT : CONTEXT + SLOT] = KeySlot(
        MAX_GENERATION, WrappedKey(key.algorithm, key.key_id, key.data)
    ).to_bytes()
    path.write_bytes(raw)
    new = ring.add("k2")
    assert rekey_file(path, new).outcome is Outcome.REWRAPPED
    assert slot_keys(path) == [None, (MAX_GENERATION, "k2")]
