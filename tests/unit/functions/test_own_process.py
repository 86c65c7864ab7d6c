# SPDX-License-Identifier: Apache-2.0
"""A process of its own for a function: what it answers, and that it ends with its parent."""

import ctypes
import itertools
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import msgspec
import pytest
from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction
from pyflink.datastream.state import ValueStateDescriptor

from flinksec_jobs.functions.crossing_types import crossing_type
from flinksec_jobs.functions.plan import Plan
from tests.patience import PATIENCE

pytestmark = pytest.mark.slow
HEADER = struct.Struct(">cI")
COMMAND = [sys.executable, "-P", "-m", "flinksec_jobs.functions.own_process"]
Message = tuple[bytes, Any]


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


class Sums(KeyedProcessFunction):  # type: ignore[misc]
    """Sums of longs; some numbers do something else."""

    def open(self, runtime_context: Any) -> None:
        self.sum = runtime_context.get_state(ValueStateDescriptor("sum", Types.LONG()))
        self.counter = runtime_context.get_metrics_group().add_group("mine").counter("numbers")
        self.index = runtime_context.get_index_of_this_subtask()
        self.wanted = runtime_context.get_job_parameter("wanted", "no")

    def process_element(self, number: int, ctx: Any) -> Iterator[int]:
        self.counter.inc()
        if number == 1:
            sys.stdout.write(f"printed by {self.index}, {self.wanted}\n")
            sys.stdout.flush()
        if number == 2:
            while True:
                pass
        if number == 3:
            ctypes.PyDLL(None).sleep(100_000)  # keeps the lock of Python
        self.sum.update((self.sum.value() or 0) + number)
        yield self.sum.value()


def payload() -> bytes:
    number = crossing_type(Types.LONG())
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    try:
        made: bytes = cloudpickle.dumps(
            Plan(Sums(), "Sums", number, number, None, False, True, number, None)
        )
    finally:
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    return made


def packed(value: Any) -> bytes:
    return msgspec.msgpack.encode(value)


def frame(*numbers: int) -> bytes:
    return packed([0, None, None, [[None]], [0] * len(numbers), [7], 0, True, list(numbers)])


class Started:
    """A process, and the JVM's side of it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def send(self, what: bytes, message: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(HEADER.pack(what, len(message)) + message)
        self.process.stdin.flush()

    def receive(self) -> Message:
        assert self.process.stdout
        what, length = HEADER.unpack(self.process.stdout.read(HEADER.size))
        message = self.process.stdout.read(length)
        return what, message if what == b"w" else msgspec.msgpack.decode(message)

    def answer(self) -> Any:
        """The next answer, without what comes before it."""
        while True:
            what, message = self.receive()
            if what == b"a":
                return message

    def opened(self) -> list[Message]:
        """Load and open the function, and return all that it says."""
        self.send(b"p", payload())
        said = [self.receive()]
        self.send(b"o", packed(["t", "t (3/4)", 4, 128, 2, 0, ["wanted", "yes"], True]))
        while len(said) < 2 or said[-1][0] != b"a":
            said.append(self.receive())
        return said


@pytest.fixture
def started() -> Iterator[Started]:
    made = Started()
    yield made
    made.process.kill()
    made.process.wait()
    for pipe in (made.process.stdin, made.process.stdout, made.process.stderr):
        assert pipe
        pipe.close()


def test_states_and_metrics_are_told_and_what_is_printed_goes_elsewhere(
    started: Started,
) -> None:
    loaded, state, metrics, opened = started.opened()
    assert loaded == (b"a", [None, "Sums"])
    assert state[0] == b"s"
    name, _, small, lives = state[1]
    assert (name, small, lives) == ("sum", True, None)
    assert metrics == (b"m", [[["counter", [["mine"]], "numbers", 0]], []])
    assert opened == (b"a", [None])
    started.send(b"b", frame(1, 5))
    assert started.receive() == (b"m", [[], [0, 2]])
    what, (error, states, timers, sources, results, sides) = started.receive()
    assert (what, error, timers, sources, results, sides) == (b"a", None, [], None, [1, 6], [])
    assert states == [[0, b"\x01\x06"]]
    started.send(b"c", b"")
    assert started.answer() == [None]
    assert started.process.stdin and started.process.stderr
    started.process.stdin.close()
    assert b"printed by 2, yes\n" in started.process.stderr.read()
    assert started.process.wait(PATIENCE) == 0


def test_a_function_that_does_not_return_is_seen_and_interrupted(started: Started) -> None:
    started.opened()
    started.send(b"b", frame(9, 2))
    looked: Any = (-1, [])
    numbers = itertools.count(1)
    while looked[0] != 1:  # it may not have begun with it
        number = bytes([next(numbers) % 256])
        started.send(b"l", number)
        what, answer = started.receive()
        assert (what, answer[:1]) == (b"w", number)
        looked = msgspec.msgpack.decode(answer[1:])
    frames = looked[1]
    assert frames[0][0] == __file__ and frames[0][2] == "process_element"
    started.send(b"s", b"\x00")
    (items, text, _), *_ = started.answer()
    assert items == [1]
    assert "FunctionStopped" in text
    started.send(b"b", frame(4))
    assert started.answer()[4] == [4]


def test_it_ends_with_the_pipe_whatever_its_function_does(started: Started) -> None:
    started.opened()
    started.send(b"b", frame(2))
    assert started.process.stdin
    started.process.stdin.close()
    assert started.process.wait(PATIENCE) == 0


def test_a_function_that_cannot_be_loaded_is_told(started: Started) -> None:
    started.send(b"p", b"no pickle")
    ((_, text, _),) = started.answer()
    assert "UnpicklingError" in text


PARENT = """
import subprocess, sys, time
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
process.stdin.write(sys.stdin.buffer.read())
process.stdin.flush()
process.stdout.read(1)
print(process.pid, flush=True)
time.sleep(100_000)
"""


def test_it_is_killed_with_its_parent_though_its_function_keeps_the_lock_of_python() -> None:
    messages = [
        (b"p", payload()),
        (b"o", packed(["t", "t (1/1)", 1, 128, 0, 0, [], True])),
        (b"b", frame(3)),
    ]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdin and parent.stdout
    for what, message in messages:
        parent.stdin.write(HEADER.pack(what, len(message)) + message)
    parent.stdin.close()
    pid = int(parent.stdout.readline())
    # It has the lock when it is asleep in the C library's sleep.
    until(lambda: "nanosleep" in Path(f"/proc/{pid}/wchan").read_text())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    until(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    """Whether a process is there, and is no zombie that nobody has asked for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
