# SPDX-License-Identifier: Apache-2.0
"""The commands `state rekey` and `state keys add`, killed (SIGKILL) at each step they take."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flinksec_jobs.sealed import KeyRing, Outcome, SealedWriter, open_sealed, rekey_file
from flinksec_jobs.sealed.needs import keys_needed
from tests.faults.contents import content, is_whole
from tests.faults.rules import Rule
from tests.faults.volume import Volume

FILES = {"empty": 0, "small": 100, "large": 40_000}
# How much of a write is done: nothing, the fields, all but the last byte of a key slot.
TORN = (0, 100, 351)


def test_rekey_leaves_every_file_readable_wherever_it_is_killed(
    volume: Volume, tmp_path: Path
) -> None:
    ring = KeyRing.create(tmp_path / "ring", "k1")
    for name, size in FILES.items():
        with SealedWriter(volume.path / name, ring) as writer:
            writer.write(content(name, size))
    before = tmp_path / "before"
    shutil.copytree(volume.behind, before)
    new = ring.add("k2")
    rekey = ["state", "rekey", "--keys", str(ring.directory), str(volume.path)]

    for left in killed_everywhere(volume, before, rekey, tmp_path, TORN):
        for name in FILES:
            assert is_whole(left / name, new), name
    # What the last one left is brought to an end by another run.
    volume.heal()
    assert run(rekey) == 0
    assert keys_needed(volume.path.iterdir()).named == {"k2": len(FILES)}
    only = new.remove("k1")
    for name, size in FILES.items():
        with open_sealed(volume.path / name, only) as reader:
            assert reader.read() == content(name, size)


def test_a_key_that_was_told_as_added_is_there_wherever_the_power_fails(
    volume: Volume, tmp_path: Path
) -> None:
    KeyRing.create(volume.path / "ring", "k1")
    before = tmp_path / "before"
    shutil.copytree(volume.behind, before)
    add = ["state", "keys", "add", str(volume.path / "ring"), "k2"]
    for left in killed_everywhere(volume, before, add, tmp_path, (0, 16)):
        ring = KeyRing.open(left / "ring")
        assert ring.primary_id in {"k1", "k2"}
        assert "k1" in ring.key_ids
    volume.become(before)
    assert run(add) == 0
    ring = KeyRing.open(volume.power_cut("at-the-end") / "ring")
    assert (ring.primary_id, set(ring.key_ids)) == ("k2", {"k1", "k2"})


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EDQUOT"])
@pytest.mark.parametrize("op", ["write", "fsync", "flush"])
def test_a_rekey_that_fails_is_told_and_leaves_the_file_readable(
    volume: Volume, tmp_path: Path, op: str, error: str
) -> None:
    ring = KeyRing.create(tmp_path / "ring", "k1")
    path = volume.path / "file"
    with SealedWriter(path, ring) as writer:
        writer.write(content("file", 100))
    before = tmp_path / "before"
    shutil.copytree(volume.behind, before)
    new = ring.add("k2")
    for skip in range(1 if op == "flush" else 2):
        volume.become(before)
        volume.fail(Rule(op, skip=skip, error=error))
        with pytest.raises(OSError):
            rekey_file(path, new)
        volume.heal()
        assert is_whole(path, new)
        assert is_whole(volume.power_cut(f"{tmp_path.name}-{skip}") / "file", new)
        # And so it does when another run brought it to its end.
        assert rekey_file(path, new).outcome in {Outcome.REWRAPPED, Outcome.CURRENT}
        assert is_whole(volume.power_cut(f"{tmp_path.name}-{skip}-again") / "file", new)


def test_a_rekey_goes_on_where_a_write_was_cut_short(volume: Volume, tmp_path: Path) -> None:
    ring = KeyRing.create(tmp_path / "ring", "k1")
    path = volume.path / "file"
    with SealedWriter(path, ring) as writer:
        writer.write(content("file", 100))
    new = ring.add("k2")
    volume.fail(Rule("write", keep=7, times=3))
    assert rekey_file(path, new).outcome is Outcome.REWRAPPED
    volume.heal()
    assert is_whole(path, new.remove("k1"))


def killed_everywhere(
    volume: Volume, before: Path, command: list[str], cuts: Path, torn: tuple[int, ...]
) -> Iterator[Path]:
    """What is left after a kill at each step, and after a power cut there."""
    volume.become(before)
    assert run(command) == 0
    for number, (op, _) in enumerate(volume.steps()):
        for keep in torn if op == "write" else (None,):
            volume.become(before)
            with waiting(command) as process:
                volume.fail(Rule("*", skip=number, times=1, keep=keep, kill=process.pid))
            assert process.wait() == -signal.SIGKILL
            yield volume.behind
            yield volume.power_cut(f"{cuts.name}-{number}-{keep}")
            volume.restart()


@contextmanager
def waiting(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """`flinksec`, which goes on at the end of the block."""
    program = "import sys; sys.stdin.read(); from flinksec_jobs.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, *command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    yield process
    assert process.stdin
    process.stdin.close()


def run(command: list[str]) -> int:
    """The exit code of `flinksec`."""
    with waiting(command) as process:
        pass
    return process.wait()
