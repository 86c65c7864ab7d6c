# SPDX-License-Identifier: Apache-2.0
"""Numbered readings in Kafka, and a job that reads them, which is killed and started again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flinksec_jobs.sandbox import Sandbox
from tests.patience import PATIENCE
from tests.servers.conftest import StartedJob

INTERVAL = 1.0
FIRST = datetime(2024, 12, 30, 21, tzinfo=UTC)
HOURS = 3


def taken_at(n: int) -> datetime:
    """Return when a reading was taken."""
    return FIRST + timedelta(hours=n % HOURS, milliseconds=n)


class Readings:
    """Writes numbered readings to Kafka within a ``with`` block; ``numbers`` are they, after it."""

    def __init__(self, sandbox: Sandbox, topic: str) -> None:
        self.numbers = range(0)
        self._sandbox = sandbox
        self._topic = topic
        self._is_enough = threading.Event()
        self._failed: list[Exception] = []
        self._thread = threading.Thread(target=self._produce, daemon=True)

    def __enter__(self) -> Readings:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_enough.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive() and not self._failed, self._failed

    def _produce(self) -> None:
        try:
            self._sandbox.produce(self._topic, self._lines())
        except Exception as error:
            self._failed.append(error)

    def _lines(self) -> Iterator[str]:
        n = 0
        while not self._is_enough.wait(0.05):
            for _ in range(20):
                yield f'\t{n}\t{{"n":{n},"at":"{taken_at(n).isoformat()}"}}'
                n += 1
            self.numbers = range(n)


class Job:
    """A job and its checkpoints, started again and again.

    Args:
        sandbox: its servers.
        directory: of its own, for settings, state and logs.
        program: its file.
        variables: what the environment says besides.
        flink: options of Flink's own, as TOML.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        directory: Path,
        program: Path,
        variables: dict[str, str],
        flink: str = "",
    ) -> None:
        self._settings = directory / "settings.toml"
        sandbox.write_settings(self._settings)
        if flink:
            with self._settings.open("a") as file:
                file.write(f"\n[flink]\n{flink}")
        self._program = program
        self._variables = variables
        self._state = directory / "state"
        self._logs = directory / "logs"
        self._started: StartedJob | None = None

    def start(self, parallelism: int, **more: str) -> None:
        self._known = self.checkpoints()
        variables = self._variables | {
            "FLINKSEC_STATE__DIRECTORY": str(self._state),
            "FLINKSEC_STATE__CHECKPOINT_INTERVAL": f"{INTERVAL} s",
            "FLINKSEC_JOB__PARALLELISM": str(parallelism),
            "FLINKSEC_LOG_DIR": str(self._logs),
            **more,
        }
        self._started = StartedJob(self._settings, variables, self._program)

    def kill(self) -> str:
        """SIGKILL to Python and the JVM; returns what it had said."""
        if self._started is None:
            return ""
        started, self._started = self._started, None
        started.kill()
        return started.process.communicate()[1]

    def wait_for_end(self) -> None:
        """Wait until it has ended well by itself."""
        assert self._started is not None
        ended = self._started.end(PATIENCE)
        self._started = None
        assert ended.code == 0, ended.err[-3000:]

    @property
    def log(self) -> str:
        """All that its JVMs have logged."""
        return "".join(path.read_text() for path in sorted(self._logs.rglob("*.log*")))

    def checkpoints(self) -> set[Path]:
        """Return what says of each checkpoint on disk that it is complete.

        It is written before any file that the checkpoint covers is made visible.
        """
        return set(self._state.glob("*/*/chk-*/_metadata"))

    def wait_for_checkpoints(self, number: int) -> None:
        """Wait until so many of this run are complete; comes back within milliseconds of it."""
        seen: set[Path] = set()

        def done() -> bool:
            seen.update(self.checkpoints() - self._known)
            return len(seen) >= number

        self.wait_for(f"{number} checkpoints", done, 0.002)

    def wait_for(
        self, what: str, done: Callable[[], bool], pause: float = 0.5, seconds: float = PATIENCE
    ) -> None:
        """Wait until something is so while it runs."""
        assert self._started is not None
        end = time.monotonic() + seconds
        while not done():
            is_running = self._started.process.poll() is None
            if not is_running or time.monotonic() > end:
                raise AssertionError(f"not seen: {what}\n{self.kill()[-3000:]}")
            time.sleep(pause)
