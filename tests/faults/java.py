# SPDX-License-Identifier: Apache-2.0
"""The JVMs of these tests: Flink with the real plugin, told what to do by lines of text."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyflink

from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.java import Java
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "connectors/sealed-state/src/test/java/org/flinksec/sealed/faults"
_PACKAGE = "org.flinksec.sealed.faults"
_JAR = "programs.jar"
# Quick to start; the log would go to standard output.
_OPTIONS = (
    "-Xmx256m",
    "-Xshare:auto",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dlog4j2.statusLoggerLevel=OFF",
    "-Dlog4j2.level=OFF",
)


def flink_jars() -> list[Path]:
    """Flink as PyFlink brings it."""
    return sorted((Path(pyflink.__file__).parent / "lib").glob("*.jar"))


@dataclass
class Programs:
    """The programs, compiled.

    Attributes:
        java: runs them.
        directory: where they lie, beside the plugin as Flink wants it: not on their class path.
    """

    java: Java
    directory: Path

    @classmethod
    def compile(cls, java: Java, directory: Path) -> Programs:
        """Compile them into an empty directory."""
        tools = java.home / "bin"
        path = os.pathsep.join(str(jar) for jar in flink_jars())
        classes = directory / "classes"
        subprocess.run(
            [tools / "javac", "-cp", path, "-d", classes, *SOURCES.glob("*.java")], check=True
        )
        subprocess.run([tools / "jar", "cf", directory / _JAR, "-C", classes, "."], check=True)
        plugin = directory / "plugins" / "sealed-state"
        plugin.mkdir(parents=True)
        (plugin / "plugin.jar").symlink_to(artifacts.own_jar("flinksec-sealed-state"))
        return cls(java, directory)

    def command(self, program: str, *arguments: str | Path) -> list[str]:
        """The command line of a program."""
        path = os.pathsep.join(str(jar) for jar in [self.directory / _JAR, *flink_jars()])
        # Made at the end of the first run; Java does without where it is missing or another's.
        archive = self.directory / f"{program}.jsa"
        share = "SharedArchiveFile" if archive.exists() else "ArchiveClassesAtExit"
        words = [self.java.executable, *_OPTIONS, f"-XX:{share}={archive}", "-cp", path]
        return [str(word) for word in [*words, f"{_PACKAGE}.{program}", *arguments]]

    def start(self, program: str, *arguments: str | Path) -> Jvm:
        """Run a program."""
        return Jvm(self.command(program, *arguments), self.directory / "plugins")


class Lines:
    """A program that is told what to do by lines of text, and answers by lines.

    Args:
        to: where it reads.
        of: where it writes.

    Attributes:
        said: every line that was read so far.
    """

    def __init__(self, to: IO[str], of: IO[str]) -> None:
        self._to = to
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, args=(of,), daemon=True).start()

    def _listen(self, of: IO[str]) -> None:
        # A console may end by an error.
        with suppress(OSError), of as lines:
            for line in lines:
                self._lines.put(line.rstrip("\r\n"))
        self._lines.put(None)

    def tell(self, *commands: str) -> None:
        """Give commands without waiting for answers."""
        self._to.write("".join(f"{line}\n" for line in commands))
        self._to.flush()

    def ask(self, command: str) -> str:
        """Give one command and wait for its answer."""
        self.tell(command)
        return self.line()

    def line(self) -> str:
        """The next line."""
        line = self._lines.get(timeout=PATIENCE)
        assert line is not None, f"it ended after: {self.said[-5:]}"
        self.said.append(line)
        return line

    def wait_for(self, start: str) -> str:
        """Read lines until one begins so."""
        while not (line := self.line()).startswith(start):
            pass
        return line

    def rest(self) -> list[str]:
        """Every line; the program must be at its end."""
        while (line := self._lines.get(timeout=PATIENCE)) is not None:
            self.said.append(line)
        return self.said

    def close(self) -> None:
        """Say nothing more."""
        with suppress(OSError):
            self._to.close()


class Jvm(Lines):
    """A running program.

    Attributes:
        pid: its process id.
    """

    def __init__(self, command: Sequence[str], plugins: Path) -> None:
        self._process = subprocess.Popen(
            list(command),
            env=os.environ | {"FLINK_PLUGINS_DIR": str(plugins)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.pid = self._process.pid
        assert self._process.stdin
        assert self._process.stdout
        super().__init__(self._process.stdin, self._process.stdout)
        self.wait_for("ready")

    def end(self) -> int:
        """Let it end in order; its exit code."""
        self.close()
        try:
            return self._process.wait(PATIENCE)
        finally:
            self.kill()

    def killed_by(self) -> int:
        """Wait for a process that is being killed; the signal."""
        return -self._process.wait(PATIENCE)

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()
