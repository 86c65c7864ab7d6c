# SPDX-License-Identifier: Apache-2.0
"""Linux in User Mode Linux: a kernel of its own, whose processes see this machine's files."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.faults.java import Lines

INIT = Path(__file__).with_name("init.sh")
PRELOAD = "FLINKSEC_UML_PRELOAD"
PACKAGES = "FLINKSEC_UML_ROOT"
_PATIENCE = 60.0


@dataclass(frozen=True)
class Network:
    """A cable between two guests; whoever holds an end may be replaced."""

    server: socket.socket
    client: socket.socket

    @classmethod
    def new(cls) -> Network:
        """A cable."""
        return cls(*socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))

    def close(self) -> None:
        """Cut it."""
        self.server.close()
        self.client.close()


class Guest:
    """A running guest: this machine's root, read-only, and memory where it writes.

    Args:
        role: ``server`` or ``client``; ``init.sh`` has what that means.
        end: its end of the cable.
        log: gets what its kernel says.
        disk: a file that is its disk.
        mebibytes: its memory.
    """

    def __init__(
        self,
        role: str,
        end: socket.socket,
        log: Path,
        *,
        disk: Path | None = None,
        mebibytes: int = 256,
    ) -> None:
        self._pipes: list[int] = []
        shell_in, shell_to = self._pipe()
        shell_of, shell_out = self._pipe()
        extra_in, extra_to = self._pipe()
        extra_of, extra_out = self._pipe()
        inherited = (shell_in, shell_out, extra_in, extra_out)
        packages = os.environ[PACKAGES]
        parameters = [
            f"mem={mebibytes}M",
            "root=/dev/root",
            "rootfstype=hostfs",
            "rootflags=/",
            "ro",
            f"init={INIT}",
            "quiet",
            f"role={role}",
            f"packages={packages}",
            "con=null",
            "con0=null,fd:2",
            f"con1=fd:{shell_in},fd:{shell_out}",
            f"con2=fd:{extra_in},fd:{extra_out}",
            f"vec0:transport=fd,fd={end.fileno()},depth=64",
        ]
        if disk:
            parameters.append(f"ubd0={disk}")
        environment = {
            "HOME": str(log.parent),
            "PATH": os.pathsep.join([f"{packages}/usr/bin", os.environ["PATH"]]),
            "TMPDIR": "/dev/shm",
        }
        if preload := os.environ.get(PRELOAD):
            environment["LD_PRELOAD"] = preload
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                ["linux.uml", *parameters],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=(*inherited, end.fileno()),
                env=environment,
                start_new_session=True,
            )
        for descriptor in inherited:
            os.close(descriptor)
        self._shell = Lines(os.fdopen(shell_to, "w"), os.fdopen(shell_of, "r", errors="replace"))
        self.extra = Lines(os.fdopen(extra_to, "w"), os.fdopen(extra_of, "r", errors="replace"))
        try:
            self._shell.wait_for("up")
        except BaseException:
            self.kill()
            raise

    def _pipe(self) -> tuple[int, int]:
        return os.pipe()

    def run(self, command: str) -> tuple[int, str]:
        """Run a shell command; its exit code, and all that it printed."""
        self._shell.tell(command)
        lines = []
        while not (end := re.match(r"exit (\d+)$", line := self._shell.line())):
            lines.append(line)
        return int(end[1]), "\n".join(lines)

    def do(self, command: str) -> str:
        """Run a shell command that must succeed; what it printed."""
        code, said = self.run(command)
        assert code == 0, f"{command}: {code}: {said}"
        return said

    def start(self, command: list[str], **variables: str) -> Lines:
        """Start a program whose input and output are lines; the one before is killed."""
        settings = "".join(f"{name}={shlex.quote(value)} " for name, value in variables.items())
        self.run('[ -z "$program" ] || { kill -9 "$program"; wait "$program"; }')
        self.do(f"{settings}{shlex.join(command)} </dev/tty2 >/dev/tty2 2>/run/program.log &")
        self.do("program=$!")
        return self.extra

    def kill(self) -> None:
        """SIGKILL: the machine is gone, with all that it had not written."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            self._process.wait(_PATIENCE)
            self._shell.close()
            self.extra.close()
