# SPDX-License-Identifier: Apache-2.0
"""What bench/sealed_state.py measured, as tables in Markdown."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.spread import Ratio, ratio

GIB = 1024**3
MIB = 1024**2
CIPHERS = {"jca": "Java (JCA)", "openssl": "OpenSSL", "cryptography": "Python (`cryptography`)"}


@dataclass(frozen=True)
class Round:
    """One of the rounds that count."""

    seconds: float
    cpu: float
    size: float


@dataclass
class Measured:
    """All rounds, by what was done and the way; and what could not be done."""

    rounds: dict[tuple[str, str], list[Round]] = field(default_factory=lambda: defaultdict(list))
    refused: list[str] = field(default_factory=list)

    def add(self, what: str, way: str, number: object, *figures: float | str) -> str:
        """Note seconds, CPU seconds and bytes; a line that tells of it."""
        seconds, cpu, size = map(float, figures)
        self.rounds[what, way].append(Round(seconds, cpu, size))
        rate = size / MIB / seconds
        return f"  {what:<12} {way:<10} {number!s:>2} {seconds:8.2f} s {rate:8,.0f} MiB/s"

    def drop(self, what: str) -> None:
        """Forget what turned out to be worth nothing."""
        for key in [key for key in self.rounds if key[0] == what]:
            del self.rounds[key]

    def cpu_per_gib(self, what: str, way: str) -> float:
        """The median of CPU seconds for a GiB."""
        return median(each.cpu / each.size * GIB for each in self.rounds[what, way])

    def rate(self, what: str, way: str) -> float:
        """The median, in bytes per second."""
        return median(each.size / each.seconds for each in self.rounds[what, way])

    def ratio(self, what: str, way: str, to: str) -> Ratio:
        """How fast the way is where the other is 1, round by round."""
        return self._ratio((what, way), (what, to), lambda each: each.seconds)

    def cpu_ratio(self, what: str, way: str, to: str) -> Ratio:
        """The same, by CPU seconds."""
        return self._ratio((what, way), (what, to), lambda each: each.cpu)

    def warm_ratio(self, way: str) -> Ratio:
        """How fast a new JVM's first file is where its later ones are 1, JVM by JVM."""
        first, warm = self.rounds["first-0", way], self.rounds["warm", way]
        later = [median(r.seconds for r in warm[i : i + WARM]) for i in range(0, len(warm), WARM)]
        # Of a run that was cut short the last one may lack some.
        return ratio([b / a.seconds for a, b in zip(first, later, strict=False)])

    def settled(self, what: str, spread: float) -> bool:
        """Whether sealed and plain were measured as well as this."""
        if (what, "plain") not in self.rounds:
            return True
        if len(self.rounds[what, "plain"]) != len(self.rounds[what, "sealed"]):
            return False
        both = (self.ratio(what, "sealed", "plain"), self.cpu_ratio(what, "sealed", "plain"))
        return all(one.spread <= spread for one in both)

    def _ratio(
        self, one: tuple[str, str], other: tuple[str, str], cost: Callable[[Round], float]
    ) -> Ratio:
        # Of a run that was cut short one way may have a round more.
        pairs = zip(self.rounds[one], self.rounds[other], strict=False)
        return ratio([cost(b) / b.size / (cost(a) / a.size) for a, b in pairs])


# What is measured, in the order of the table: its label, what is counted, and the aim, if any, of
# sealed / plain.
ROWS: dict[str, tuple[str, int, str, float | None]] = {
    "write": ("write {large}, tmpfs", MIB, "MiB/s", 0.8),
    "read": ("read {large}, tmpfs", MIB, "MiB/s", 0.7),
    "random": ("4 KiB reads at random, tmpfs", 4096, "reads/s", None),
    "small-write": ("write {files} files of 8 KiB, tmpfs", 8192, "files/s", 0.45),
    "small-read": ("read {files} files of 8 KiB, tmpfs", 8192, "files/s", 0.6),
    "checkpoint": ("checkpoint of {large}, RocksDB, tmpfs", MIB, "MiB/s", 0.85),
    "restore": ("restore of {large}, RocksDB, tmpfs", MIB, "MiB/s", 0.85),
    "slow-125": ("write {large} and sync, 125 MB/s", MIB, "MiB/s", 0.95),
    "slow-250": ("write {large} and sync, 250 MB/s", MIB, "MiB/s", 0.95),
    "slow-500": ("write {large} and sync, 500 MB/s", MIB, "MiB/s", 0.95),
    "disk-write": ("write {large} and sync, disk", MIB, "MiB/s", None),
    "disk-read": ("read {large}, disk", MIB, "MiB/s", None),
    "first-0": ("first {large} of a new JVM, at once", MIB, "MiB/s", None),
    "first-5": ("first {large} of a new JVM, after 5 s", MIB, "MiB/s", None),
}
WARM_AIM = 0.7
# Files that a JVM writes last, by which the first one is judged.
WARM = 4


def lines(measured: Measured, mib: int, files: int, spread: float) -> Iterator[str]:
    """The tables, with the machine."""
    yield (
        f"{_machine()}; medians of rounds in turns, ± half of the interval that holds the true "
        "median in 95 of 100 cases."
    )
    for refused in measured.refused:
        yield f"Not measured: {refused}."
    yield ""
    yield (
        "| | plain | sealed | sealed / plain | by CPU seconds | aim "
        "| CPU s per GiB: plain | sealed | rounds | sealed / gocryptfs |"
    )
    yield "|---" * 10 + "|"
    sizes = {"large": _size(mib), "files": f"{files:,}"}
    unsettled = []
    for what, (template, unit, name, aim) in ROWS.items():
        if not all((what, way) in measured.rounds for way in ("plain", "sealed")):
            continue
        label = template.format_map(sizes)
        ways = ("plain", "sealed")
        cells = [f"{measured.rate(what, way) / unit:,.0f} {name}" for way in ways]
        cells += [str(measured.ratio(what, "sealed", "plain"))]
        cells += [str(measured.cpu_ratio(what, "sealed", "plain"))]
        cells += ["-" if aim is None else f"{aim}"]
        cells += [f"{measured.cpu_per_gib(what, way):.2f}" for way in ways]
        cells += [f"{len(measured.rounds[what, 'sealed'])}"]
        there = (what, "gocryptfs") in measured.rounds
        cells += [str(measured.ratio(what, "sealed", "gocryptfs")) if there else "-"]
        yield f"| {label} | {' | '.join(cells)} |"
        if not measured.settled(what, spread):
            unsettled.append(label)
    if unsettled:
        yield ""
        yield f"The machine was not quiet enough for ± {spread}: {'; '.join(unsettled)}."
    yield from _warm(measured)
    yield from _ciphers(measured)


def _warm(measured: Measured) -> Iterator[str]:
    if all(("warm", way) in measured.rounds for way in ("plain", "sealed")):
        plain, sealed = (measured.warm_ratio(way) for way in ("plain", "sealed"))
        yield ""
        yield (
            f"A new JVM's first file at once, to the median of its last four: plain {plain}, "
            f"sealed {sealed} (aim {WARM_AIM})."
        )


def _ciphers(measured: Measured) -> Iterator[str]:
    if ("encrypt", "jca") in measured.rounds:
        yield ""
        yield "| AES-256-GCM alone, chunks of 16 KiB | encrypt | decrypt |"
        yield "|---|---|---|"
        for way, label in CIPHERS.items():
            if ("encrypt", way) in measured.rounds:
                rates = [
                    f"{measured.rate(w, way) / MIB:,.0f} MiB/s" for w in ("encrypt", "decrypt")
                ]
                yield f"| {label} | {' | '.join(rates)} |"
        yield from _limits(measured)


def _limits(measured: Measured) -> Iterator[str]:
    """What one thread could reach at best: the plain file's time and the cipher's, added."""
    bounds = []
    for what, cipher in (("write", "encrypt"), ("read", "decrypt")):
        if (what, "plain") in measured.rounds:
            plain, raw = measured.rate(what, "plain"), measured.rate(cipher, "jca")
            bounds.append(f"{what} {raw / (plain + raw):.2f}")
    if bounds:
        yield ""
        yield (
            "One thread that does the plain file's work and JCA's, one after the other, and nothing"
            f" else, would reach sealed / plain of: {', '.join(bounds)} (tmpfs)."
        )


def _size(mib: int) -> str:
    return f"{mib // 1024} GiB" if mib % 1024 == 0 else f"{mib} MiB"


def _machine() -> str:
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*: (.*)$", cpuinfo, re.MULTILINE)
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return ", ".join(
        [
            f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}",
            f"{pages / GIB:.0f} GiB",
            f"Linux {platform.release()}",
            _first_line("java", "-version"),
            _first_line("gocryptfs", "-version"),
        ]
    )


def _first_line(*command: str) -> str:
    home = os.environ.get("JAVA_HOME")
    program = f"{home}/bin/java" if command[0] == "java" and home else command[0]
    try:
        done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=True)
    except OSError:
        return f"no {command[0]}"
    return (done.stderr + done.stdout).splitlines()[0].split(";")[0]
