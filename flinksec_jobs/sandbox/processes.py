# SPDX-License-Identifier: Apache-2.0
"""Server processes: started, known to be ready, never left behind."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.files import open_regular

_TAIL_LINES = 15
_TAIL_BYTES = 64 * 1024
_STOP_SECONDS = 15.0


@dataclass(frozen=True)
class ServerRecord:
    """Identifies a process for good: process ids are used again, start times are not.

    Attributes:
        name: of the server.
        pid: its process id.
        created: when it was started, in seconds since 1970.
    """

    name: str
    pid: int
    created: float

    def process(self) -> psutil.Process | None:
        """Return the running process, or None if it is gone."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < 1.0
            alive = same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if alive else None


class Server:
    """A JVM that says ``READY name milliseconds`` for each server in it.

    It ends when its standard input is closed, so with this process at the latest, unless it is
    detached.

    Args:
        name: what it is called in messages; its log is named after it.
        command: the command line, without secrets.
        log: gets what it says.
        detached: whether it outlives this process.
        ready: called with name and seconds as each server in it gets ready.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        detached: bool,
        ready: Callable[[str, float], None],
    ) -> None:
        self.name = name
        self._log = log
        self._ready_names: set[str] = set()
        self._changed = threading.Condition()
        self._ended = False
        self._ready = ready
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                env=os.environ | {"PATH": _search_path()},
                start_new_session=True,  # Ctrl-C is for us; we then stop the servers
                umask=0o077,
            )
        created = psutil.Process(self._process.pid).create_time()
        self.record = ServerRecord(name, self._process.pid, created)
        threading.Thread(target=self._listen, name=f"sandbox-{name}", daemon=True).start()

    def wait_ready(self, name: str, seconds: float) -> None:
        """Wait until a server in this process answers.

        Raises:
            SandboxError: it died or is too slow; the message has the end of its log.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ended or name in self._ready_names, seconds)
            if name in self._ready_names:
                return
        if self._ended:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
            what = f"ended with exit code {self._process.returncode} before it was ready"
        else:
            what = f"was not ready after {seconds:.0f} s"
        raise SandboxError(
            f"the sandbox's {self.name} {what}; its log ends with:\n{tail(self._log)}",
            hint=f"the whole log is {self._log}",
        )

    def close_input(self) -> None:
        """Tell the process that its owner has gone, which makes it end in order."""
        if self._process.stdin:
            self._process.stdin.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  it was asked for
        with self._process.stdout as lines:
            for line in lines:
                words = line.split()
                if len(words) == 3 and words[0] == "READY":  # noqa: PLR2004
                    self._ready(words[1], int(words[2]) / 1000)
                    with self._changed:
                        self._ready_names.add(words[1])
                        self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def _search_path() -> str:
    """Return the user's PATH, and the system's own folders: Hadoop calls bash, df, du and chmod."""
    return os.pathsep.join(part for part in (os.environ.get("PATH"), os.defpath) if part)


def stop(records: Iterable[ServerRecord], *, at_once: bool) -> None:
    """End processes, at once or in order; those that do not listen are killed.

    Raises:
        SandboxError: one cannot be ended.
    """
    processes = [process for record in records if (process := record.process())]
    if not at_once:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        _, processes = psutil.wait_procs(processes, timeout=_STOP_SECONDS)
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _, left = psutil.wait_procs(processes, timeout=_STOP_SECONDS)
    if left:
        pids = ", ".join(str(process.pid) for process in left)
        raise SandboxError(f"processes of the sandbox cannot be ended: {pids}")


def tail(log: Path) -> str:
    """Return the last lines of a log, without the frames of Java's stack traces."""
    try:
        with open_regular(log) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            text = file.read(_TAIL_BYTES).decode("utf-8", "replace")
    except OSError:
        text = ""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("at ")]
    return "\n".join(f"  {line}" for line in lines[-_TAIL_LINES:]) or "  (nothing)"
