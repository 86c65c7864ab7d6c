# SPDX-License-Identifier: Apache-2.0
"""The program of a process of its own for one function, which Flink's JVM starts.

``org.flinksec.functions.ProcessPython`` is at the other end of its standard input and output: a
message is a letter, its length in four bytes, and so many bytes. What the function itself prints
goes to the standard error, and so to Flink's log. The process ends with the pipe from the JVM, and
the kernel kills it when the thread that has started it ends, whatever its function does then.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import signal
import struct
import sys
import threading
from typing import IO, Any

_HEADER = struct.Struct(">cI")
_PR_SET_PDEATHSIG = 1
_NO_SUCH_PARENT = 1


class Pipes:
    """The messages from and to the JVM.

    Args:
        came: what the JVM writes to.
        goes: what it reads.
    """

    def __init__(self, came: IO[bytes], goes: IO[bytes]) -> None:
        self._came = came
        self._goes = goes
        self._lock = threading.Lock()

    def receive(self) -> tuple[bytes, bytes] | None:
        """Return a letter and a message; None when there are no more."""
        header = self._came.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return None
        what, length = _HEADER.unpack(header)
        message = self._came.read(length)
        return (what, message) if len(message) == length else None

    def send(self, what: bytes, message: bytes) -> None:
        """Send a letter and a message."""
        with self._lock:
            self._goes.write(_HEADER.pack(what, len(message)))
            self._goes.write(message)
            self._goes.flush()


class RemoteStates:
    """Stands for the JVM's side of states; it registers them there."""

    def __init__(self, pipes: Pipes) -> None:
        self._pipes = pipes

    def register(self, *told: Any) -> None:
        """Send what ``org.flinksec.functions.KeyedBlobs.register`` takes."""
        from flinksec_jobs.functions import packing

        self._pipes.send(b"s", packing.encoder()(told))


class OwnProcess:
    """One function: its main thread runs it, and another one reads what the JVM says.

    Args:
        pipes: from and to the JVM.
    """

    def __init__(self, pipes: Pipes) -> None:
        self._pipes = pipes
        self._todo: queue.SimpleQueue[tuple[bytes, bytes]] = queue.SimpleQueue()
        self._runner: Any = None
        self._metrics: Any = None

    def run(self) -> None:
        """Do all that the JVM asks for, until it has no more."""
        main = threading.get_ident()
        threading.Thread(target=self._listen, args=(main,), daemon=True).start()
        while True:
            try:
                what, message = self._todo.get()
                answer = self._answer(what, message)
            except _stopped():  # that has come too late
                continue
            if self._metrics is not None and (changed := self._metrics.changed()):
                self._pipes.send(b"m", changed)
            self._pipes.send(b"a", answer)

    def _listen(self, main: int) -> None:
        while (came := self._pipes.receive()) is not None:
            what, message = came
            if what in {b"l", b"s", b"n"}:
                from flinksec_jobs.functions import watch

                seen = watch.answer(f"{'c' if what == b'n' else what.decode()}{main}")
                if what == b"l":
                    self._pipes.send(b"w", message + seen)
            else:
                self._todo.put(came)
        # The JVM is gone, or done with it; what the function does now is for nobody.
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(0)

    def _answer(self, what: bytes, message: bytes) -> bytes:
        if what == b"p":
            return self._load(message)
        if what == b"o":
            return self._open(message)
        answer: bytes = self._runner.close() if what == b"c" else self._runner.call(message)
        return answer

    def _load(self, payload: bytes) -> bytes:
        from flinksec_jobs.functions import packing, told_errors

        try:
            from flinksec_jobs.functions.runner import Runner

            self._runner = Runner(payload)
        except BaseException as error:
            return packing.encoder()([told_errors.told(error, ())])
        return packing.encoder()([None, self._runner.name])

    def _open(self, message: bytes) -> bytes:
        from flinksec_jobs.functions import packing
        from flinksec_jobs.functions.own_context import OwnContext

        *told, is_keyed = packing.decoder()(message)
        context = OwnContext(*told)
        self._metrics = context.metrics
        states = RemoteStates(self._pipes) if is_keyed else None
        answer: bytes = self._runner.open(lambda: context, states)
        return answer


def _stopped() -> type[BaseException]:
    from flinksec_jobs.functions.watch import FunctionStopped

    return FunctionStopped


def _end_with_parent() -> None:
    """Let the kernel kill this process when the thread that has started it ends."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() in {_NO_SUCH_PARENT} - {parent}:
        os._exit(1)


def main() -> None:
    """Run the function that the JVM sends."""
    _end_with_parent()
    goes = os.fdopen(os.dup(1), "wb")
    came = os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)  # what the function prints
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    OwnProcess(Pipes(came, goes)).run()


if __name__ == "__main__":
    main()
