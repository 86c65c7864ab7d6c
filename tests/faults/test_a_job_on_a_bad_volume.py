# SPDX-License-Identifier: Apache-2.0
"""A Flink job whose checkpoints fail, or whose JVM is killed while it makes them."""

from __future__ import annotations

import os
import random
import re
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.sealed import KeyRing, Outcome, verify_file
from flinksec_jobs.sealed.directories import walk
from flinksec_jobs.sealed.rekey import rekey_found
from tests.faults.conftest import StartJvm
from tests.faults.java import Jvm
from tests.faults.rules import Rule
from tests.faults.volume import Volume

KEYS = 16
STATE = "/*/chk-{}/[0-9a-f]*"
METADATA = "/*/chk-{}/_metadata"
# Which fault meets which checkpoint; those between them have none.
FAULTS = {
    2: Rule("flush", STATE.format(2), error="ENOSPC"),
    4: Rule("flush", METADATA.format(4), error="EDQUOT"),
    6: Rule("fsync", STATE.format(6), error="EIO"),
    8: Rule("write", STATE.format(8), error="ENOSPC"),
    10: Rule("fsyncdir", "/*/chk-10", error="EIO"),
    12: Rule("write", METADATA.format(12), error="ENOSPC"),
    14: Rule("create", METADATA.format(14), error="EDQUOT"),
}
# Where the JVM is killed, one run each.
KILLS = (
    Rule("create", METADATA.format("*")),
    Rule("write", METADATA.format("*"), keep=500),
    Rule("fsync", METADATA.format("*")),
    Rule("flush", METADATA.format("*")),
    Rule("fsyncdir", "/*/chk-*"),
    Rule("flush", STATE.format("*")),
    Rule("unlink"),
)


@dataclass
class Told:
    """What a job said of its checkpoints: their positions, by number."""

    complete: dict[int, int]
    aborted: set[int]

    @classmethod
    def by(cls, jvm: Jvm) -> Told:
        words = [line.split() for line in jvm.said]
        return cls(
            {int(line[1]): int(line[2]) for line in words if line[0] == "complete"},
            {int(line[1]) for line in words if line[0] == "aborted"},
        )


def test_a_checkpoint_that_fails_is_declined_and_the_next_one_is_right(
    volume: Volume, start: StartJvm, ring: KeyRing, tmp_path: Path
) -> None:
    volume.fail(*FAULTS.values())
    jvm = start("JobCommands", ring.directory, volume.path, tmp_path)
    jvm.tell("start")
    last = max(FAULTS) + 1
    jvm.wait_for(f"complete {last} ")
    jvm.tell("cancel")
    assert jvm.wait_for("cancelled").endswith("true")

    told = Told.by(jvm)
    failed = {number for number in range(1, last) if number not in told.complete}
    assert failed == set(FAULTS)
    assert failed <= told.aborted

    volume.heal()
    left = last_complete(volume, ring)
    number = number_of(left)
    assert number == max(told.complete)
    jvm.tell(f"start {volume.path / left.relative_to(volume.behind)}")
    assert jvm.wait_for("restored") == f"restored {told.complete[number]}"
    check_end(jvm)
    assert jvm.end() == 0


def test_two_re_keys_beside_a_job_that_runs_lose_no_checkpoint(
    volume: Volume, start: StartJvm, tmp_path: Path
) -> None:
    ring = KeyRing.create(tmp_path / "ring", "k1")
    jvm = start("JobCommands", ring.directory, volume.path, tmp_path)
    jvm.tell("start")
    jvm.wait_for("complete")
    # Each to a key of its own; the JVM, which seals under the first one, finds both on disk.
    rings = ring.add("k2"), ring.add("k3")
    stop = threading.Event()
    done: Counter[str] = Counter()

    def rekey(to: KeyRing) -> None:
        while not stop.is_set():
            reports = [rekey_found(found, to) for found in walk(volume.path)]
            done.update(str(report.outcome) for report in reports if report)

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(rekey, to) for to in rings]
        try:
            for _ in range(6):
                jvm.wait_for("complete")
            while done[Outcome.REWRAPPED] <= 6 and not any(one.done() for one in running):
                jvm.wait_for("complete")
        finally:
            stop.set()
    assert [one.result() for one in running] == [None, None]
    assert done[Outcome.REWRAPPED] > 6

    jvm.tell("cancel")
    assert jvm.wait_for("cancelled").endswith("true")
    left = last_complete(volume, KeyRing.open(ring.directory))
    jvm.tell(f"start {volume.path / left.relative_to(volume.behind)}")
    assert jvm.wait_for("restored") == f"restored {Told.by(jvm).complete[number_of(left)]}"
    check_end(jvm)
    assert jvm.end() == 0


def test_a_job_that_is_killed_again_and_again_ends_with_the_right_figures(
    volume: Volume, start: StartJvm, ring: KeyRing, tmp_path: Path
) -> None:
    checkpoint: Path | None = None
    position = 0
    complete: dict[int, int] = {}
    # Once more at no step in particular.
    for number, rule in enumerate([*KILLS, None]):
        jvm = start("JobCommands", ring.directory, volume.path, tmp_path)
        go_on(jvm, volume, checkpoint, position)
        for _ in range(2):
            jvm.wait_for("complete")
        if rule:
            volume.fail(Rule(rule.op, rule.path, times=1, keep=rule.keep, kill=jvm.pid))
        else:
            time.sleep(random.random() / 10)
            os.kill(jvm.pid, signal.SIGKILL)
        assert jvm.killed_by() == signal.SIGKILL
        jvm.rest()
        complete |= Told.by(jvm).complete

        if number % 2:
            volume.become(volume.power_cut(f"after-kill-{number}"))
        volume.restart()
        checkpoint = last_complete(volume, ring)
        reached = number_of(checkpoint)
        assert reached >= max(complete)
        # The very last one may be complete without that the job was told.
        position = complete.get(reached, -1)

    jvm = start("JobCommands", ring.directory, volume.path, tmp_path)
    go_on(jvm, volume, checkpoint, position)
    check_end(jvm)


def go_on(jvm: Jvm, volume: Volume, checkpoint: Path | None, position: int) -> None:
    if not checkpoint:
        jvm.tell("start")
        return
    jvm.tell(f"start {volume.path / checkpoint.relative_to(volume.behind)}")
    restored = jvm.wait_for("restored")
    assert restored == f"restored {position}" or position < 0


def check_end(jvm: Jvm) -> None:
    """Each sum is that of all numbers up to the end, each counted once."""
    jvm.tell("end")
    assert jvm.wait_for("result") == "result true"
    end = [int(line.split()[1]) for line in jvm.said if line.startswith("end ")][-1]
    sums = {line for line in jvm.said if line.startswith("sum ")}
    assert sums == {f"sum {key} {sum(range(key, end, KEYS))} true" for key in range(KEYS)}


def last_complete(volume: Volume, ring: KeyRing) -> Path:
    """The newest checkpoint whose metadata is whole; every file of it is."""

    def is_whole(path: Path) -> bool:
        place = volume.path / path.relative_to(volume.behind)
        return verify_file(path, ring, place=place).whole

    found = volume.behind.glob("*/chk-*/_metadata")
    last = max((path.parent for path in found if is_whole(path)), key=number_of)
    assert [path for path in last.iterdir() if not is_whole(path)] == []
    return last


def number_of(checkpoint: Path) -> int:
    match = re.fullmatch(r"chk-(\d+)", checkpoint.name)
    assert match
    return int(match[1])
