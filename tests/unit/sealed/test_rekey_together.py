# SPDX-License-Identifier: Apache-2.0
"""Two re-keys at once, to different keys: whatever the order of their steps, no file is lost."""

import itertools
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import file_locks
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.resume import one_run
from flinksec_jobs.sealed import (
    KeyRing,
    Outcome,
    SealedWriter,
    Status,
    open_sealed,
    rekey,
    rekey_file,
    verify_file,
)

Seal = Callable[[str, bytes], Path]


@pytest.fixture
def rings(ring: KeyRing) -> tuple[KeyRing, KeyRing]:
    """The ring with another primary key each, as two administrators hold it."""
    return ring.add("k2"), ring.add("k3")


def test_the_second_waits_until_the_first_is_done(
    seal: Seal, rings: tuple[KeyRing, KeyRing], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = seal("file", b"state")
    order: list[str] = []
    at_work = threading.Event()
    real = rekey._write

    def write(descriptor: int, offset: int, data: bytes) -> None:
        name = threading.current_thread().name
        order.append(name)
        if name == "first" and not at_work.is_set():
            at_work.set()
            threading.Event().wait(0.2)
        real(descriptor, offset, data)

    monkeypatch.setattr(rekey, "_write", write)
    reports = []

    def work(ring: KeyRing) -> None:
        reports.append(rekey_file(path, ring))

    first = threading.Thread(target=work, args=(rings[0],), name="first")
    second = threading.Thread(target=work, args=(rings[1],), name="second")
    first.start()
    at_work.wait()
    second.start()
    first.join()
    second.join()
    assert order == ["first", "first", "second", "second"]
    assert [report.needs for report in reports] == [("k2",), ("k3",)]
    assert open_sealed(path, rings[1].remove("k2")).read() == b"state"


def test_a_file_whose_lock_is_held_is_left_and_told(
    seal: Seal, rings: tuple[KeyRing, KeyRing], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = seal("file", b"state")
    monkeypatch.setattr(rekey, "_LOCK_PATIENCE", 0.05)
    with path.open("rb+") as file:
        file_locks.lock(file.fileno(), file_locks.HEADER)
        report = rekey_file(path, rings[0])
    assert (report.outcome, report.status) == (Outcome.LEFT, Status.UNREADABLE)
    assert report.detail.startswith("another process has held its lock")
    assert report.needs == ("k1",)
    assert rekey_file(path, rings[0]).outcome is Outcome.REWRAPPED


def test_the_lock_of_a_job_that_runs_is_re_keyed_beside_it(
    tmp_path: Path, rings: tuple[KeyRing, KeyRing]
) -> None:
    with one_run.held(tmp_path / "job", "job", rings[0], "nobody"):
        assert rekey_file(tmp_path / "job" / one_run.FILE, rings[1]).needs == ("k3",)
        with pytest.raises(FlinkSecError), one_run.held(tmp_path / "job", "job", rings[0], "us"):
            pass


def test_a_volume_without_locks_is_told(
    seal: Seal, rings: tuple[KeyRing, KeyRing], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = seal("file", b"state")

    def unsupported(*arguments: Any) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(file_locks, "lock", unsupported)
    with pytest.raises(OSError, match="No locks"):
        rekey_file(path, rings[0])
    assert verify_file(path, rings[0]).whole


class Turns:
    """Lets two threads do their reads and writes of a header in a given order.

    Args:
        order: whose turn it is, step by step; who has ended leaves his turns to the other.
    """

    def __init__(self, order: Iterator[int]) -> None:
        self._order = order
        self._condition = threading.Condition()
        self._running = {0, 1}
        self._next = next(order)

    def ended(self, who: int) -> None:
        with self._condition:
            self._running.discard(who)
            self._condition.notify_all()

    @contextmanager
    def mine(self, who: int) -> Iterator[None]:
        with self._condition:
            self._condition.wait_for(lambda: self._next == who or self._next not in self._running)
            yield
            self._next = next(self._order)
            self._condition.notify_all()


def _by_chance(seed: int) -> Iterator[int]:
    rng = random.Random(seed)
    while True:
        yield rng.randrange(2)


def test_without_locks_no_order_of_their_steps_loses_a_file(
    seal: Seal, rings: tuple[KeyRing, KeyRing], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on NFS with ``nolock``. Each of them reads and writes some 8 times."""
    path = seal("file", b"state")
    good = path.read_bytes()
    local = threading.local()
    pread, pwrite = os.pread, os.pwrite

    def step(real: Any) -> Any:
        def taken(*arguments: Any) -> Any:
            if not hasattr(local, "who"):
                return real(*arguments)
            with local.turns.mine(local.who):
                return real(*arguments)

        return taken

    monkeypatch.setattr(file_locks, "lock", lambda *arguments: None)
    monkeypatch.setattr(os, "pread", step(pread))
    monkeypatch.setattr(os, "pwrite", step(pwrite))
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)

    def work(who: int, turns: Turns) -> Outcome:
        local.who, local.turns = who, turns
        try:
            return rekey_file(path, rings[who]).outcome
        finally:
            turns.ended(who)

    outcomes = set()
    # Every order of the first eight steps, what comes then by chance.
    with ThreadPoolExecutor(2) as pool:
        for number, first in enumerate(itertools.product((0, 1), repeat=8)):
            path.write_bytes(good)
            turns = Turns(itertools.chain(first, _by_chance(number)))
            done = [pool.submit(work, who, turns) for who in (0, 1)]
            outcomes.add(frozenset(one.result() for one in done))
            assert open_sealed(path, rings[1]).read() == b"state", first
            assert rekey_file(path, rings[1]).outcome is not Outcome.LEFT
            assert open_sealed(path, rings[1]).read() == b"state"
    # So the orders were not all harmless ones.
    assert any(Outcome.LEFT in pair for pair in outcomes)


PROGRAM = """
import sys
from pathlib import Path
from flinksec_jobs.sealed import KeyRing, Outcome, rekey_file
ring = KeyRing.open(sys.argv[1]).use(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
for _ in range(3):
    for path in sorted(Path(sys.argv[2]).iterdir()):
        if rekey_file(path, ring).outcome is Outcome.LEFT:
            sys.exit(f"left {path}")
"""


@pytest.mark.slow
def test_processes_that_re_key_at_once_to_different_keys_lose_no_file(
    ring: KeyRing, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    for number in range(30):
        with SealedWriter(tmp_path / "state" / f"{number:02}", ring) as writer:
            writer.write(b"%d" % number)
    for key in ("k2", "k3", "k4"):
        ring.add(key)
    started = []
    for key in ("k1", "k2", "k3", "k4"):
        directories = (str(ring.directory), str(tmp_path / "state"))
        command = [sys.executable, "-c", PROGRAM, *directories, key]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        started.append(process)
    # A writer goes on beside them: a header is written once, and the file grows.
    growing = SealedWriter(tmp_path / "growing", ring)
    growing.write(b"x" * 100_000)
    (tmp_path / "growing").rename(tmp_path / "state" / "zz")
    for process in started:
        assert process.stdin
        process.stdin.write(b"\n")
        process.stdin.flush()
    growing.write(b"y" * 100_000)
    started[0].kill()
    codes = [process.wait(60) for process in started]
    for process in started:
        assert process.stdin
        assert process.stdout
        process.stdin.close()
        process.stdout.close()
    assert codes[1:] == [0, 0, 0]
    growing.close()
    keys = KeyRing.open(ring.directory)
    assert all(verify_file(path, keys).whole for path in (tmp_path / "state").iterdir())
    assert open_sealed(tmp_path / "state" / "07", keys).read() == b"7"
