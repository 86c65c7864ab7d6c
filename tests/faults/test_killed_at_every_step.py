# SPDX-License-Identifier: Apache-2.0
"""A JVM that is killed (SIGKILL) at each step of its checkpoints, and a power that fails there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from flinksec_jobs.private_files import sync_directory
from flinksec_jobs.sealed import KeyRing
from tests.faults.conftest import StartJvm
from tests.faults.contents import is_whole
from tests.faults.rules import Rule
from tests.faults.volume import Volume

# Two checkpoints, the first of which is deleted in the end, and a job result, which Flink renames.
CHECKPOINTS = (
    "mkdirs {0}/job/chk-1",
    "write {0}/job/chk-1/state 40000",
    "write {0}/job/chk-1/_metadata 500",
    "write {0}/ha/result_DIRTY 300",
    "rename {0}/ha/result_DIRTY {0}/ha/result",
    "mkdirs {0}/job/chk-2",
    "write {0}/job/chk-2/state 1300000",
    "write {0}/job/chk-2/_metadata 500",
    "delete {0}/job/chk-1",
)
# How much of a write is done when the process dies within it: nothing; less than a header; a
# header and one chunk, where the next one would begin.
TORN = (0, 700, 17_480)


def test_the_power_takes_what_was_not_synced(volume: Volume) -> None:
    for name in ("lost", "kept", "nameless"):
        with (volume.path / name).open("wb") as file:
            file.write(b"x")
    with (volume.path / "kept").open("rb+") as file:
        os.fsync(file.fileno())
    sync_directory(volume.path)
    with (volume.path / "later").open("wb") as file:
        file.write(b"x")
        os.fsync(file.fileno())
    left = volume.power_cut("left-by-power")
    assert {path.name: path.read_bytes() for path in left.iterdir()} == {
        "lost": b"",
        "kept": b"x",
        "nameless": b"",
    }


def test_what_was_reported_durable_is_whole_and_what_was_cut_is_not(
    volume: Volume, start: StartJvm, ring: KeyRing
) -> None:
    jvm = start("FileCommands", ring.directory)
    jvm.tell(*commands(volume))
    assert jvm.end() == 0
    assert [line.split()[0] for line in jvm.rest()[1:]] == ["ok"] * len(CHECKPOINTS)
    steps = volume.steps()
    assert {op for op, _ in steps} == {
        *("mkdir", "create", "write", "fsync", "flush", "fsyncdir", "rename", "unlink", "rmdir")
    }
    for number, (op, _) in enumerate(steps):
        for keep in TORN if op == "write" else (None,):
            volume.clear()
            jvm = start("FileCommands", ring.directory)
            volume.fail(Rule("*", skip=number, times=1, keep=keep, kill=jvm.pid))
            jvm.tell(*commands(volume))
            assert jvm.killed_by() == 9
            done = sum(line.startswith("ok") for line in jvm.rest())
            cut = volume.power_cut(f"cut-{number}-{keep}")
            for left in (volume.behind, cut):
                check(left, volume.path, done, ring)
    assert verify_command(volume, ring) == 0


def commands(volume: Volume) -> list[str]:
    return [command.format(volume.path) for command in CHECKPOINTS]


def check(left: Path, mounted: Path, done: int, ring: KeyRing) -> None:
    """What is left of a volume, after so many commands were reported as done."""
    names = [path.relative_to(left) for path in files(left)]
    whole = {str(name) for name in names if is_whole(left / name, ring, place=mounted / name)}
    for durable in reported(done):
        assert durable & whole, f"{durable} was reported, and is not whole after {done} commands"
    checkpoints = [Path(name).parent for name in whole if name.endswith("_metadata")]
    if checkpoints:
        last = max(checkpoints)
        assert f"{last}/state" in whole, f"{last} has metadata and no state"
    if done >= 3:
        assert checkpoints, "the last complete checkpoint is lost"


def reported(done: int) -> list[set[str]]:
    """Files that must be there: each under one of these names."""
    names: dict[str, set[str]] = {}
    for number, line in enumerate(CHECKPOINTS[: done + 1]):
        op, *words = [word.removeprefix("{0}/") for word in line.split()]
        if op == "write" and number < done:
            names[words[0]] = {words[0]}
        elif op == "rename":
            # While it is being done, either name is right.
            both = {words[1]} if number < done else {words[0], words[1]}
            names[words[0]] = both
        elif op == "delete":
            names = {name: at for name, at in names.items() if not name.startswith(words[0])}
    return list(names.values())


def files(left: Path) -> list[Path]:
    return [path for path in left.rglob("*") if path.is_file()]


def verify_command(volume: Volume, ring: KeyRing) -> int:
    place = ["--place", str(volume.path), str(volume.behind)]
    command = ["state", "verify", "--keys", str(ring.directory), *place]
    return subprocess.run(
        [sys.executable, "-m", "flinksec_jobs", *command], capture_output=True, check=False
    ).returncode
