# SPDX-License-Identifier: Apache-2.0
"""The servers that the job uses, outside the cluster: the sandbox at the other end of the cable."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

HOST = "servers.sandbox.internal"
# A name for the processes of this machine, in mounts of their own.
_NAMED = 'mount --bind "$1" /etc/hosts; shift; exec "$@"'


class Outside:
    """A sandbox that listens on an address of this machine that only the cluster reaches.

    Args:
        directory: for its files.
        address: to listen on.
    """

    def __init__(self, directory: Path, address: str) -> None:
        directory.mkdir()
        self.box = directory / "box"
        self._hosts = directory / "hosts"
        own = Path("/etc/hosts").read_text(encoding="utf-8")
        self._hosts.write_text(f"{address} {HOST}\n{own}")
        self._address = address
        self._log = directory / "log"
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        listening = ("--host", HOST, "--bind", self._address, "--well-known-ports")
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(
                self._named(self._program("up", "--foreground", *listening)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self

    def wait(self) -> None:
        """Wait until all of them run."""
        assert self._server is not None
        while b"settings for a job" not in self._log.read_bytes():
            try:
                ended = self._server.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                continue
            raise RuntimeError(f"the sandbox ended with {ended}: {self._log.read_text()[-2000:]}")

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGTERM)
            self._server.wait(timeout=120)

    def fill(self, rows: int) -> None:
        """Make the topics of the flight job and write so many of its records."""
        self._run("fill", "--rows", str(rows))

    def limit_reading(self, bytes_per_second: int) -> None:
        """Let the job read so much a second from Kafka; 0 ends the limit."""
        program = "import sys; from pathlib import Path; from flinksec_jobs.sandbox import Sandbox"
        program += "; Sandbox.attach(Path(sys.argv[1])).limit_reading(int(sys.argv[2]))"
        self._finish([sys.executable, "-c", program, str(self.box), str(bytes_per_second)])

    def hand_over(self, directory: Path) -> None:
        """Write what the job needs into a new directory, laid out as its mounts."""
        self._run("hand-over", str(directory))

    def figures(self, rows: int) -> list[dict[str, object]]:
        """What the job has written beside what a plain pass gives, check by check."""
        said = json.loads(self._run("figures", "--rows", str(rows), "--json", check=False))
        checks: list[dict[str, object]] = said["checks"]
        return checks

    def _run(self, *arguments: str, check: bool = True) -> str:
        return self._finish(self._program(*arguments), check=check)

    def _finish(self, program: list[str], *, check: bool = True) -> str:
        done = subprocess.run(
            self._named(program), capture_output=True, text=True, check=False, timeout=300
        )
        if check and done.returncode != 0:
            raise RuntimeError(done.stderr[-2000:])
        return done.stdout

    def _program(self, command: str, *arguments: str) -> list[str]:
        program = [sys.executable, "-m", "flinksec_jobs", "sandbox", command]
        return [*program, *arguments, "--dir", str(self.box)]

    def _named(self, program: list[str]) -> list[str]:
        """Run where the name of the servers is known."""
        return ["unshare", "--mount", "sh", "-ec", _NAMED, "named", str(self._hosts), *program]
