# SPDX-License-Identifier: Apache-2.0
"""What bench/sealed_state.py measured, as tables in Markdown."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

GIB = 1024**3
MIB = 1024**2
WAYS = ("plain", "sealed", "gocryptfs")
CIPHERS = {"jca": "Java (JCA)", "openssl": "OpenSSL", "cryptography": "Python (`cryptography`)"}


@dataclass(frozen=True)
class Round:
    """One of the rounds that count."""

    seconds: float
    cpu: float
    size: float


@dataclass
class Measured:
    """All rounds, by what was done and the way."""

    rounds: dict[tuple[str, str], list[Round]] = field(default_factory=lambda: defaultdict(list))

    def add(self, what: str, way: str, number: object, *figures: float | str) -> str:
        """Note seconds, CPU seconds and bytes; a line that tells of it."""
        seconds, cpu, size = map(float, figures)
        self.rounds[what, way].append(Round(seconds, cpu, size))
        rate = size / MIB / seconds
        return f"  {what:<12} {way:<10} {number!s:>2} {seconds:8.2f} s {rate:8,.0f} MiB/s"

    def seconds(self, what: str, way: str) -> float:
        """The median."""
        return median(each.seconds for each in self.rounds[what, way])

    def cpu_per_gib(self, what: str, way: str) -> float:
        """The median of CPU seconds for a GiB."""
        return median(each.cpu / each.size * GIB for each in self.rounds[what, way])

    def rate(self, what: str, way: str) -> float:
        """The median, in bytes per second."""
        return median(each.size / each.seconds for each in self.rounds[what, way])

    def ratio(self, what: str, way: str, to: str) -> str:
        """How fast the way is where the other is 1, and the range over the rounds."""
        pairs = list(zip(self.rounds[what, way], self.rounds[what, to], strict=True))
        each = sorted(b.seconds / a.seconds * (a.size / b.size) for a, b in pairs)
        middle = self.rate(what, way) / self.rate(what, to)
        return f"{middle:.2f} ({each[0]:.2f} to {each[-1]:.2f})"


def lines(measured: Measured, mib: int, first_mib: int, files: int, rounds: int) -> Iterator[str]:
    """The tables, with the machine."""
    labels = {
        "write": (f"write {_size(mib)}, tmpfs", MIB, "MiB/s"),
        "read": (f"read {_size(mib)}, tmpfs", MIB, "MiB/s"),
        "disk-write": (f"write {_size(mib)} and sync, disk", MIB, "MiB/s"),
        "disk-read": (f"read {_size(mib)}, disk", MIB, "MiB/s"),
        "random": ("4 KiB reads at random, tmpfs", 4096, "reads/s"),
        "small-write": (f"write {files:,} files of 8 KiB, tmpfs", 8192, "files/s"),
        "small-read": (f"read {files:,} files of 8 KiB, tmpfs", 8192, "files/s"),
        "checkpoint": (f"checkpoint of {_size(mib)}, RocksDB, tmpfs", MIB, "MiB/s"),
        "restore": (f"restore of {_size(mib)}, RocksDB, tmpfs", MIB, "MiB/s"),
        "first-0": (f"first {_size(first_mib)} of a new JVM, at once", MIB, "MiB/s"),
        "first-5": (f"first {_size(first_mib)} of a new JVM, after 5 s", MIB, "MiB/s"),
    }
    yield f"{_machine()}; medians of {rounds} rounds in turns, and the range of the ratios."
    yield ""
    yield (
        "| | plain | sealed | gocryptfs | sealed / plain | sealed / gocryptfs "
        "| CPU s per GiB: plain | sealed | gocryptfs |"
    )
    yield "|---" * 9 + "|"
    for what, (label, unit, name) in labels.items():
        if (what, "plain") not in measured.rounds:
            continue
        there = [way for way in WAYS if (what, way) in measured.rounds]
        rates = [f"{measured.rate(what, way) / unit:,.0f} {name}" for way in there]
        cpu = [f"{measured.cpu_per_gib(what, way):.2f}" for way in there]
        ratios = [measured.ratio(what, "sealed", way) for way in there if way != "sealed"]
        cells = [*_filled(rates, 3), *_filled(ratios, 2), *_filled(cpu, 3)]
        yield f"| {label} | {' | '.join(cells)} |"
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


def _filled(cells: list[str], width: int) -> list[str]:
    return cells + ["-"] * (width - len(cells))


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
