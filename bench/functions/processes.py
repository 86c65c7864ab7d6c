# SPDX-License-Identifier: Apache-2.0
"""The processes of one run: started, watched for CPU and memory, and all ended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.functions.figures import Sample
from flinksec_jobs import FlinkSecError

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY = 0.1
_SHOWN = 2000
_LOOKS = 100
_LOOK_EVERY = 0.02
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


@dataclass
class Watched:
    """A program with all processes that come from it, also of those that outlive their parent.

    Attributes:
        pid: of the program.
        before: the children that this process had before.
        samples: of their CPU together.
        memory_mb: the most that they held together.
    """

    pid: int
    before: frozenset[int] = frozenset()
    samples: list[Sample] = field(default_factory=list)
    memory_mb: float = 0.0
    _cpu: dict[int, float] = field(default_factory=dict)

    def look(self) -> list[int]:
        """Take a sample, and return the processes that run."""
        rows = {pid: row for pid, row in _all() if pid != os.getpid()}
        own = {self.pid} | self._cpu.keys()
        while more := {pid for pid, row in rows.items() if row.parent in own} - own:
            own |= more
        own |= {pid for pid, row in rows.items() if row.session == self.pid}
        own |= {pid for pid, row in rows.items() if row.parent == os.getpid()} - self.before
        alive = [pid for pid in own if pid in rows]
        for pid in alive:
            self._cpu[pid] = rows[pid].cpu
        self.memory_mb = max(self.memory_mb, sum(rows[pid].memory for pid in alive) / 1e6)
        self.samples.append(Sample(time.time(), sum(self._cpu.values())))
        return alive


@dataclass(frozen=True)
class _Row:
    parent: int
    session: int
    cpu: float
    memory: int


def _all() -> Iterator[tuple[int, _Row]]:
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # it has ended
            text = (directory / "stat").read_text(encoding="utf-8", errors="replace")
            # Behind the name, which may hold anything: state, parent, group, session, …
            rest = text[text.rindex(")") + 2 :].split()
            cpu = (int(rest[11]) + int(rest[12])) / _TICKS
            memory = int(rest[21]) * _PAGE
            yield int(directory.name), _Row(int(rest[1]), int(rest[3]), cpu, memory)


def cpu_of(pid: int) -> float:
    """Seconds of CPU of one process so far; 0 if it has ended."""
    return next((row.cpu for other, row in _all() if other == pid), 0.0)


def cpu_of_machine() -> float:
    """Seconds that the machine's processors have worked so far."""
    first = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0]
    parts = [int(part) for part in first.split()[1:9]]
    return (sum(parts) - parts[3] - parts[4]) / _TICKS


def run(
    command: Sequence[str],
    log: Path,
    *,
    directory: Path,
    environment: Mapping[str, str],
    seconds: float,
    meanwhile: Callable[[], bool] | None = None,
) -> Watched:
    """Run a program to its end, in a session of its own; nothing of it is left behind.

    Args:
        command: the program with its arguments.
        log: takes what it prints.
        directory: where it runs.
        environment: its own variables, besides those of this process.
        seconds: how long at most.
        meanwhile: is called again and again; when it is true the run is over, and is ended.

    Raises:
        FlinkSecError: it failed, or did not end in time.
    """
    _adopt_orphans()
    before = frozenset(pid for pid, row in _all() if row.parent == os.getpid())
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    watched = Watched(process.pid, before)
    end = time.monotonic() + seconds
    try:
        while process.poll() is None:
            watched.look()
            if meanwhile is not None and meanwhile():
                return watched
            if time.monotonic() > end:
                raise FlinkSecError(
                    f"{_name(command)} did not end within {seconds:.0f} s:\n{_tail(log)}",
                    hint="give it fewer --records or more --limit seconds",
                )
            time.sleep(_EVERY)
        watched.look()
    finally:
        _end(watched, process)
    if process.returncode:
        raise FlinkSecError(
            f"{_name(command)} ended with {process.returncode}:\n{_tail(log)}",
            hint="run it alone with --ways and --keep-logs",
        )
    return watched


def _adopt_orphans() -> None:
    """Be the parent of processes whose parent has ended: else nobody knew whose they were."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end(watched: Watched, process: subprocess.Popen[bytes]) -> None:
    for _ in range(_LOOKS):  # what has been started meanwhile, too
        alive = watched.look()
        if not alive:
            return
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        for pid in alive:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(_LOOK_EVERY)


def _name(command: Sequence[str]) -> str:
    named = [part for part in command if part.startswith("bench.")]
    return named[0] if named else command[0]


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-_SHOWN:]
