# SPDX-License-Identifier: Apache-2.0
"""A machine within this one: processes, mounts and network of its own, and gone without a trace."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

# What a kubelet writes for the whole machine; here it writes to files of its own instead.
_MACHINE_SETTINGS = {
    "vm/overcommit_memory": 1,
    "vm/panic_on_oom": 0,
    "kernel/panic": 10,
    "kernel/panic_on_oops": 1,
    "kernel/keys/root_maxkeys": 1000000,
    "kernel/keys/root_maxbytes": 25000000,
}
_START_SECONDS = 20


class Machine:
    """Namespaces for processes, mounts and network, linked to this machine by one cable.

    All that runs inside dies with the first process, containers too, and the mounts with it.

    Args:
        directory: for logs and the files of the machine.
        network: the first three numbers of the cable's addresses: ours is ``.1``, its ``.2``.
    """

    def __init__(self, directory: Path, network: str) -> None:
        self.directory = directory
        self.outer_address = f"{network}.1"
        self.address = f"{network}.2"
        self.logs = directory / "logs"
        self.logs.mkdir(parents=True)
        self._cable = f"fs{network.replace('.', '')}"
        self._init: psutil.Process | None = None

    def start(self) -> None:
        """Make the namespaces and the cable."""
        command = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child"]
        command += ["--mount-proc", "tini", "-s", "--", "sleep", "infinity"]
        outer = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self._init = _only_child(outer.pid)
        self._wait_for_init()
        self._shadow_machine_settings()
        self._plug_in()

    def _wait_for_init(self) -> None:
        # The process exists before its /proc is mounted; `ps` of one process tells when it is.
        for _ in range(_START_SECONDS * 10):
            if (
                subprocess.run(
                    self.inside(
                        "sh", "-c", "read _ name _ </proc/1/stat && [ \"$name\" = '(tini)' ]"
                    ),
                    check=False,
                    capture_output=True,
                ).returncode
                == 0
            ):
                return
            time.sleep(0.1)
        raise RuntimeError("the namespaces of the node did not come up")

    def _shadow_machine_settings(self) -> None:
        script = ["set -e", "mount --make-rshared /"]
        shadows = self.directory / "settings"
        shadows.mkdir()
        for name, value in _MACHINE_SETTINGS.items():
            file = shadows / name.replace("/", "_")
            file.write_text(f"{value}\n")
            script.append(f"mount --bind '{file}' /proc/sys/{name}")
        self.run("sh", "-c", "\n".join(script))

    def _plug_in(self) -> None:
        pid = str(self._pid())
        _do("ip", "link", "add", self._cable, "type", "veth", "peer", "eth0", "netns", pid)
        _do("ip", "address", "add", f"{self.outer_address}/24", "dev", self._cable)
        _do("ip", "link", "set", self._cable, "up")
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "address", "add", f"{self.address}/24", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")
        self.run("ip", "route", "add", "default", "via", self.outer_address)

    def inside(self, *command: str | Path) -> list[str]:
        """The command line that runs a command inside."""
        enter = ["nsenter", f"--target={self._pid()}", "--mount", "--net", "--pid"]
        return [*enter, f"--wd={self.directory}", *map(str, command)]

    def run(self, *command: str | Path, input: str | None = None) -> str:  # noqa: A002
        """Run a command inside to its end and return what it printed."""
        done = subprocess.run(
            self.inside(*command), input=input, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
        return done.stdout

    def daemon(self, name: str, command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        """Start a program that stays, with its output in ``logs/NAME``."""
        with (self.logs / name).open("ab") as log:
            return subprocess.Popen(
                self.inside(*command), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def stop(self) -> None:
        """End everything inside at once."""
        if self._init is not None:
            with suppress(psutil.NoSuchProcess):
                self._init.kill()
                self._init.wait(timeout=30)
            self._init = None
        # The cable goes with the inner end's namespace, which the kernel takes its time to end.
        subprocess.run(["ip", "link", "delete", self._cable], check=False, capture_output=True)

    def _pid(self) -> int:
        assert self._init is not None, "the machine is not started"
        return int(self._init.pid)


def _only_child(pid: int) -> psutil.Process:
    for _ in range(_START_SECONDS * 20):
        children = psutil.Process(pid).children()
        if children:
            return children[0]
        time.sleep(0.05)
    raise RuntimeError("unshare did not start its child")


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
