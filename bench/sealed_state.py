# SPDX-License-Identifier: Apache-2.0
"""Write and read files of Flink state, plain and sealed; checkpoint and restore."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pyflink

from bench import raw_ciphers, sealed_table
from bench.gocryptfs import Mount, mounted
from bench.sealed_table import MIB, Measured
from bench.slow_storage import MB, inside, kept, throttled
from flinksec_jobs.runtime import artifacts

SOURCES = sorted(Path(__file__).parent.glob("SealedState*.java"))
PARTS = ("files", "checkpoint", "slow", "first", "cipher")
# No aim names what they measure.
MORE_PARTS = ("disk", "later")
SLOW_MB_PER_SECOND = (125, 250, 500)
# MiniCluster opens these; the log would go to standard output.
OPTIONS = (
    "-Dlog4j2.level=OFF",
    "-Dlog4j2.statusLoggerLevel=OFF",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
)


@dataclass(frozen=True)
class Sizes:
    """How much work.

    Attributes:
        mib: of a large file, and of the state of a job.
        files: how many small ones.
        rounds: that count, at least.
        most: rounds, however much the ratios spread.
        spread: half of a ratio's interval, at which rounds end.
        jvms: that begin anew.
    """

    mib: int
    files: int
    rounds: int
    most: int
    spread: float
    jvms: int

    def enough(self, rounds: int, measured: Measured, what: str) -> bool:
        """Whether no more rounds are needed."""
        settled = rounds >= self.rounds and measured.settled(what, self.spread)
        return settled or rounds >= self.most


@click.command(help=__doc__)
@click.option("--mib", type=click.IntRange(8), default=256, show_default=True, help="Large files.")
@click.option("--files", type=click.IntRange(1), default=10_000, show_default=True, help="Small.")
@click.option(
    "--rounds", type=click.IntRange(1), default=12, show_default=True, help="At least so many."
)
@click.option(
    "--most", type=click.IntRange(1), default=20, show_default=True, help="No more of them."
)
@click.option(
    "--spread",
    type=click.FloatRange(0),
    default=0.03,
    show_default=True,
    help="Go on until ratios are known as well as this.",
)
@click.option(
    "--cipher",
    type=click.Choice(["jdk", "conscrypt"]),
    default="jdk",
    show_default=True,
    help="As state.cipher.",
)
@click.option("--jvms", type=click.IntRange(1), default=10, show_default=True, help="New ones.")
@click.option(
    "--part", "parts", type=click.Choice(PARTS + MORE_PARTS), multiple=True, help="Not all of it."
)
@click.option("--more", is_flag=True, help="The disk, gocryptfs, other ciphers, a JVM after 5 s.")
def main(parts: tuple[str, ...], cipher: str, *, more: bool, **numbers: Any) -> None:
    """Measure and print; what there is, if that is cut short (Ctrl-C)."""
    # Mounts, devices and the table are not left to whoever ends a run by its id or a timeout.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sizes = Sizes(**numbers)
    measured = Measured()
    with ExitStack() as stack:
        tmpfs = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm")))
        disk = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp")))
        jars = artifacts.jars(cipher) if cipher != "jdk" else []
        classes = os.pathsep.join([compiled(tmpfs / "classes"), *map(str, jars)])
        run = Run(classes, keys(tmpfs / "keys"), sizes, measured, cipher, more=more)
        try:
            for part in parts or (PARTS + MORE_PARTS if more else PARTS):
                say(f"{part} ...")
                run.part(part, disk if part == "disk" else tmpfs, disk)
        except KeyboardInterrupt:
            measured.refused.append("what came after this run was cut short")
    click.echo(f"Cipher: {cipher}.")
    for line in sealed_table.lines(measured, sizes.mib, sizes.files, sizes.spread):
        click.echo(line)


@dataclass
class Run:
    """The JVMs of a run."""

    classes: str
    keys: Path
    sizes: Sizes
    measured: Measured
    cipher: str
    more: bool

    def part(self, part: str, where: Path, disk: Path) -> None:
        """Measure one of PARTS."""
        if part in {"first", "later"}:
            self._first(where, 5 if part == "later" else 0)
        elif part == "slow":
            for rate in SLOW_MB_PER_SECOND:
                self._slow(where, rate)
        elif part == "cipher":
            self._java(part, [])
            if self.more:
                raw_ciphers.measure(self.sizes.mib, self.sizes.rounds, self.measured)
        else:
            with directories(where, gocryptfs=self.more) as (ways, mount):
                options = [f"-Dbench.process.gocryptfs={mount.pid}"] if mount else []
                with tempfile.TemporaryDirectory(dir=disk) as local:
                    self._java(part, list(ways.values()), *options, f"-Dbench.local={local}")

    def _first(self, where: Path, seconds: int) -> None:
        for number in range(self.sizes.jvms):
            for way in ("plain", "sealed") if number % 2 == 0 else ("sealed", "plain"):
                with directories(where, gocryptfs=False) as (ways, _):
                    self._java("first", [ways[way]], f"-Dbench.after={seconds}")

    def _slow(self, where: Path, rate: int) -> None:
        size = 2 * max(rate * MB, self.sizes.mib * MIB) + 64 * MIB
        with (
            tempfile.TemporaryDirectory(dir=where) as base,
            throttled(Path(base), rate, size, self._refuse) as storage,
        ):
            if storage is None:
                return
            say(f"  a synced write reaches {storage.rate / MB:,.0f} MB/s")
            with directories(storage.directory, gocryptfs=False) as (ways, _):
                options = f"-Dbench.slow={rate}"
                self._java("slow", list(ways.values()), options, slowed_by=storage.processes)
        row = f"slow-{rate}"
        reached = self.measured.rate(row, "plain")
        if not kept(reached, rate):
            self.measured.drop(row)
            self._refuse(
                f"the plain files reached {reached / MB:,.0f} MB/s where the limit was {rate}"
            )

    def _refuse(self, why: str) -> None:
        say(why)
        self.measured.refused.append(why)

    def _java(
        self, part: str, ways: list[str], *options: str, slowed_by: Path | None = None
    ) -> None:
        command = [
            jdk("java"),
            "-Xmx2g",
            *OPTIONS,
            *options,
            f"-Dflinksec.sealed.cipher={self.cipher}",
            f"-Dbench.mib={self.sizes.mib}",
            f"-Dbench.files={self.sizes.files}",
            f"-Dbench.keys={self.sizes.mib * 1024}",
            *("-cp", self.classes, "SealedStateBench", str(self.keys), part, *ways),
        ]
        if slowed_by:
            command = inside(slowed_by, command)
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                self._follow(process)
            except KeyboardInterrupt:
                process.kill()
                raise
        if process.returncode:
            raise click.ClickException(f"the JVM of {part!r} ended with {process.returncode}")

    def _follow(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            word, *rest = line.split()
            if word == "bench":
                say(self.measured.add(*rest))
            elif word == "more" and process.stdin:
                process.stdin.write("no\n" if self._enough(rest[0]) else "yes\n")
                process.stdin.flush()

    def _enough(self, what: str) -> bool:
        ways = [rounds for (name, _), rounds in self.measured.rounds.items() if name == what]
        return self.sizes.enough(len(ways[0]), self.measured, what)


@contextmanager
def directories(where: Path, *, gocryptfs: bool) -> Iterator[tuple[dict[str, str], Mount | None]]:
    """An empty directory for each way: the argument for Java, and gocryptfs if it can be had."""
    with tempfile.TemporaryDirectory(dir=where) as name, ExitStack() as stack:
        base = Path(name)
        behind = {way: base / way for way in ("plain", "sealed")}
        urls = {"plain": f"file://{behind['plain']}", "sealed": f"sealed+file://{behind['sealed']}"}
        mount = stack.enter_context(mounted(base / "gocryptfs", say)) if gocryptfs else None
        if mount:
            behind["gocryptfs"] = mount.ciphertext
            urls["gocryptfs"] = f"file://{mount.directory}"
        for directory in behind.values():
            directory.mkdir(exist_ok=True)
        yield {way: f"{way}={url}={behind[way]}" for way, url in urls.items()}, mount


def compiled(classes: Path) -> str:
    """Compile the Java half; the class path for it."""
    jars = sorted((Path(pyflink.__file__).parent / "lib").glob("*.jar"))
    path = os.pathsep.join(map(str, [classes, artifacts.own_jar("flinksec-sealed-state"), *jars]))
    subprocess.run(
        [jdk("javac"), "-XDsuppressNotes", "-cp", path, "-d", classes, *SOURCES],
        check=True,
        stdout=sys.stderr,
    )
    return path


def keys(directory: Path) -> Path:
    """Make a key ring."""
    command = [sys.executable, "-m", "flinksec_jobs", "state", "keys", "init", str(directory)]
    subprocess.run(command, check=True, capture_output=True)
    return directory


def jdk(tool: str) -> str:
    """A tool of the JDK that JAVA_HOME or PATH names."""
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / tool) if home else shutil.which(tool)
    if not found:
        raise click.ClickException(f"no {tool!r}: set JAVA_HOME to a JDK 17 or 21")
    return found


def say(line: str) -> None:
    """Progress, beside the table."""
    click.echo(line, err=True)


if __name__ == "__main__":
    main()
