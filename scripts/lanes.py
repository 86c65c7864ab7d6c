# SPDX-License-Identifier: Apache-2.0
"""Run all suites of tests in lanes, and print a table of their seconds.

Three run at a time, on two cores; and a fourth of those that mostly wait, for servers and times
that pass, beside those that compute. What a suite said is printed in one piece when it has ended,
that of one which fails at the end. One that fails stops no other, so that one run tells all that is
wrong. What has not ended after ``--minutes`` is stopped, and the run has failed.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LANES = 3
# How long what is interrupted has to stop its servers.
GRACE = 120
_TICK = 0.2


@dataclass(frozen=True)
class Stage:
    """A suite.

    Attributes:
        name: as it is shown.
        command: what runs it.
        after: the stages whose files it reads: it begins when they have ended.
        waits: whether it needs less than half a processor, so that it may run beside full lanes;
            one such stage does at a time.
    """

    name: str
    command: tuple[str, ...]
    after: tuple[str, ...] = ()
    waits: bool = False


def suite(name: str, after: tuple[str, ...] = (), *, waits: bool = False) -> Stage:
    """Build the stage of a suite that scripts/test.sh knows."""
    word = name if name in {"lint", "java"} else f"tests/{name}"
    return Stage(name, ("scripts/test.sh", word), after, waits)


# In the order in which they begin: the longest first.
STAGES = (
    suite("servers"),
    suite("topics"),
    suite("lint"),
    suite("hdfs", waits=True),
    # Maven writes below connectors/: spotless and the Java half of the differential tests read it.
    suite("java", after=("lint",)),
    suite("kafka", waits=True),
    suite("formats"),
    suite("unit"),
    suite("elasticsearch", waits=True),
    suite("cluster"),
    suite("monitoring", waits=True),
    suite("faults"),
    suite("manifests"),
    suite("proxy"),
    suite("tls"),
    suite("differential", after=("java",)),
    suite("tables"),
)


@dataclass
class Run:
    """A stage that was started: ``status`` is ``None`` until it has ended."""

    stage: Stage
    log: Path
    begun: float
    process: subprocess.Popen[bytes]
    status: int | None = None
    seconds: float = 0
    cpu: float = 0
    was_stopped: bool = False

    @property
    def result(self) -> str:
        """What became of it, in a word."""
        if self.was_stopped:
            return "stopped"
        return "passed" if self.status == 0 else "FAILED"

    def wait(self) -> None:
        """Wait for its end."""
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = time.monotonic() - self.begun
        self.cpu = usage.ru_utime + usage.ru_stime
        self.status = self.process.returncode

    def signal(self, number: signal.Signals) -> None:
        """Signal the process and all that it started in its group."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return


class Lanes:
    """Runs stages, so many at a time."""

    def __init__(self, stages: Sequence[Stage], logs: Path, lanes: int = LANES) -> None:
        self.runs: list[Run] = []
        self._waiting = list(stages)
        self._logs = logs
        self._lanes = lanes
        self._changed = threading.Condition()
        self._attends: list[threading.Thread] = []
        self.interrupts = 0

    def run(self, seconds: float = math.inf) -> bool:
        """Run all stages; returns whether all have passed.

        Args:
            seconds: after which those that have not ended are stopped, as by `interrupt`.
        """
        end = time.monotonic() + seconds
        with self._changed:
            while (self._waiting or self._running) and not self.interrupts:
                if time.monotonic() > end:
                    say(f"the {seconds / 60:.0f} minutes that there are have passed")
                    break
                self._start_what_may()
                self._changed.wait(_TICK)
        self._stop()
        if not self._running:
            for attends in self._attends:  # the last to end may not be shown yet
                attends.join()
        for one in self._failed:
            show(one)
        return not self._waiting and all(one.result == "passed" for one in self.runs)

    def interrupt(self, *_: object) -> None:
        """Stop everything, as the handler of a signal; once more: with less patience.

        It raises nothing: that could come between the start of a process and its being known.
        """
        self.interrupts += 1

    @property
    def not_run(self) -> list[Stage]:
        """The stages that never began."""
        return self._waiting

    @property
    def _running(self) -> list[Run]:
        return [one for one in self.runs if one.status is None]

    @property
    def _failed(self) -> list[Run]:
        return [one for one in self.runs if one.status and not one.was_stopped]

    def _start_what_may(self) -> None:
        ended = {one.stage.name for one in self.runs if one.status is not None}
        known = {stage.name for stage in self._waiting} | {one.stage.name for one in self.runs}
        for stage in list(self._waiting):
            if not {name for name in stage.after if name in known} <= ended:
                continue
            if self._has_room_for(stage):
                self._waiting.remove(stage)
                self._start(stage)

    def _has_room_for(self, stage: Stage) -> bool:
        """Whether a lane is free, or the one beside them and the stage is of its kind."""
        waiting = [one for one in self._running if one.stage.waits]
        if stage.waits and not waiting:
            return len(self._running) <= self._lanes
        return len(self._running) - bool(waiting) < self._lanes

    def _start(self, stage: Stage) -> None:
        log = self._logs / f"{stage.name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                stage.command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        one = Run(stage, log, time.monotonic(), process)
        self.runs.append(one)
        say(f"{stage.name}: begins; to watch it: tail -f {log}")
        attends = threading.Thread(target=self._attend, args=(one,), daemon=True)
        self._attends.append(attends)
        attends.start()

    def _attend(self, one: Run) -> None:
        one.wait()
        with self._changed:
            if one.status == 0:
                show(one)
            elif not one.was_stopped:
                say(f"{one.stage.name}: FAILED after {one.seconds:.0f} s; the others go on")
            self._changed.notify()

    def _stop(self) -> None:
        """Interrupt what runs, and end what does not end by itself."""
        with self._changed:
            stopped = self._running
            for one in stopped:
                one.was_stopped = True
        for number, seconds in ((signal.SIGINT, GRACE), (signal.SIGTERM, 10), (signal.SIGKILL, 10)):
            for one in self._running:
                one.signal(number)
            interrupts, deadline = self.interrupts, time.monotonic() + seconds
            with self._changed:
                while (
                    self._running and self.interrupts == interrupts and time.monotonic() < deadline
                ):
                    self._changed.wait(_TICK)
        for one in stopped:
            show(one)


def show(one: Run) -> None:
    """Print all that a stage has said."""
    say(f"\n==== {one.stage.name}: {one.result}, {one.seconds:.0f} s")
    sys.stdout.flush()
    sys.stdout.buffer.write(one.log.read_bytes())
    sys.stdout.buffer.flush()


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def table(lanes: Lanes, seconds: float) -> list[str]:
    """Lay out what became of each stage, its seconds and those of its processors."""
    rows = [
        (one.stage.name, one.result, f"{one.seconds:.0f}", f"{one.cpu:.0f}") for one in lanes.runs
    ]
    rows += [(stage.name, "not run", "-", "-") for stage in lanes.not_run]
    lines = [f"{'suite':14}{'result':10}{'seconds':>8}{'CPU':>8}"]
    lines += [f"{name:14}{result:10}{taken:>8}{cpu:>8}" for name, result, taken, cpu in rows]
    taken, cpu = sum(one.seconds for one in lanes.runs), sum(one.cpu for one in lanes.runs)
    lines.append(
        f"{'all':14}{'':10}{seconds:>8.0f}{cpu:>8.0f}   one after the other: {taken:.0f} s"
    )
    return lines


def left_out(lanes: Lanes) -> list[str]:
    """Say what was not tested, by whose word."""
    lines = []
    if without := os.environ.get("FLINKSEC_WITHOUT"):
        lines.append(f"LEFT OUT, as FLINKSEC_WITHOUT={without} says")
    for one in lanes.runs:
        skipped = [
            line
            for line in one.log.read_text(errors="replace").splitlines()
            if line.startswith("SKIPPED")
        ]
        lines += [f"LEFT OUT in {one.stage.name}: {line}" for line in skipped]
    return lines


def main(arguments: Sequence[str] = ()) -> int:
    """Run every stage; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=math.inf, help="Stop after so many.")
    seconds = 60 * parser.parse_args(arguments).minutes
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="flinksec-test-") as logs:
        lanes = Lanes(STAGES, Path(logs))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lanes.interrupt)
        passed = lanes.run(seconds)
        for line in ("", *table(lanes, time.monotonic() - begun), *left_out(lanes)):
            say(line)
    if lanes.interrupts:
        return 130
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
