# SPDX-License-Identifier: Apache-2.0
"""Write and read files of Flink state: plain, sealed, and on gocryptfs; checkpoint and restore."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import pyflink

from bench import raw_ciphers, sealed_table
from bench.gocryptfs import Mount, mounted
from bench.sealed_table import Measured
from flinksec_jobs.runtime import artifacts

SOURCES = sorted(Path(__file__).parent.glob("SealedState*.java"))
PARTS = ("files", "disk", "checkpoint", "first", "cipher")
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
        rounds: that count.
    """

    mib: int
    files: int
    rounds: int

    @property
    def first_mib(self) -> int:
        """Of the file that a new JVM writes."""
        return max(1, self.mib // 4)


@click.command(help=__doc__)
@click.option("--mib", type=click.IntRange(8), default=1024, show_default=True, help="Large files.")
@click.option("--files", type=click.IntRange(1), default=10_000, show_default=True, help="Small.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--part", "parts", type=click.Choice(PARTS), multiple=True, help="Not all of it.")
def main(mib: int, files: int, rounds: int, parts: tuple[str, ...]) -> None:
    """Measure and print."""
    sizes = Sizes(mib, files, rounds)
    measured = Measured()
    with ExitStack() as stack:
        tmpfs = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm")))
        disk = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp")))
        run = Run(compiled(tmpfs / "classes"), keys(tmpfs / "keys"), sizes, measured)
        for part in parts or PARTS:
            say(f"{part} ...")
            run.part(part, disk if part == "disk" else tmpfs, disk)
            if part == "cipher":
                raw_ciphers.measure(mib, rounds, measured)
    for line in sealed_table.lines(measured, sizes.mib, sizes.first_mib, sizes.files, rounds):
        click.echo(line)


@dataclass
class Run:
    """The JVMs of a run."""

    classes: str
    keys: Path
    sizes: Sizes
    measured: Measured

    def part(self, part: str, where: Path, disk: Path) -> None:
        """Measure one of PARTS."""
        if part == "first":
            for seconds in (0, 5):
                for _ in range(self.sizes.rounds):
                    for way in ("plain", "sealed"):
                        with directories(where, gocryptfs=False) as (ways, _):
                            self._java(part, [ways[way]], f"-Dbench.after={seconds}")
            return
        if part == "cipher":
            self._java(part, [])
            return
        with directories(where, gocryptfs=True) as (ways, mount):
            options = [f"-Dbench.process.gocryptfs={mount.pid}"] if mount else []
            with tempfile.TemporaryDirectory(dir=disk) as local:
                self._java(part, list(ways.values()), *options, f"-Dbench.local={local}")

    def _java(self, part: str, ways: list[str], *options: str) -> None:
        mib = self.sizes.first_mib if part == "first" else self.sizes.mib
        command = [
            jdk("java"),
            "-Xmx2g",
            *OPTIONS,
            *options,
            f"-Dbench.mib={mib}",
            f"-Dbench.files={self.sizes.files}",
            f"-Dbench.rounds={self.sizes.rounds}",
            f"-Dbench.keys={self.sizes.mib * 1024}",
            *("-cp", self.classes, "SealedStateBench", str(self.keys), part, *ways),
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                if line.startswith("bench "):
                    say(self.measured.add(*line.split()[1:]))
        if process.returncode:
            raise click.ClickException(f"the JVM of {part!r} ended with {process.returncode}")


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
