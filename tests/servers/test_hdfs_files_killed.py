# SPDX-License-Identifier: Apache-2.0
"""What readers see of a job's files on HDFS whose processes are killed, whenever that is.

The readers are Hadoop's own shell (``hadoop fs -get``) and pyarrow.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet  # type: ignore[import-untyped]
import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.servers.conftest import StartedJob
from tests.servers.hadoop_shell import HadoopShell

PROGRAM = Path(__file__).parent / "programs" / "hdfs_files_killed.py"
TOPIC = "killed-files"
DIRECTORY = "/data/killed-files"
PATIENCE = 240
INTERVAL = 1.0
FIRST = datetime(2024, 12, 30, 21, tzinfo=UTC)
HOURS = 3


def taken_at(n: int) -> datetime:
    """Return when a reading was taken."""
    return FIRST + timedelta(hours=n % HOURS, milliseconds=n)


def finished(name: str) -> str:
    """Return what an unfinished file is called once it is visible."""
    return name.removeprefix(".").partition(".inprogress.")[0]


class Readings:
    """Writes numbered readings to Kafka within a ``with`` block; ``numbers`` are they, after it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.numbers = range(0)
        self._sandbox = sandbox
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
            self._sandbox.produce(TOPIC, self._lines())
        except Exception as error:
            self._failed.append(error)

    def _lines(self) -> Iterator[str]:
        n = 0
        while not self._is_enough.wait(0.02):
            for _ in range(20):
                yield f'\t{n}\t{{"n":{n},"at":"{taken_at(n).isoformat()}"}}'
                n += 1
            self.numbers = range(n)


@dataclass
class Reader:
    """Reads each file once it is visible, and all of them again to see whether they stay so.

    Attributes:
        found: how often each number was seen.
        files: the content of each file, by its name.
        unfinished: names that readers pass over, when it looked last.
    """

    hadoop: HadoopShell
    copies: Path
    found: Counter[int] = field(default_factory=Counter)
    files: dict[str, bytes] = field(default_factory=dict)
    unfinished: set[str] = field(default_factory=set)
    looks: int = 0

    def look(self) -> None:
        """Read what is visible since the last time; each row is there once, in its directory."""
        listed = self.hadoop.files(DIRECTORY)
        self.unfinished = {name for name in listed if name.startswith(".")}
        visible = {name: within for name, within in listed.items() if not name.startswith(".")}
        assert self.files.keys() <= visible.keys()
        new = {name: within for name, within in visible.items() if name not in self.files}
        for name, content in self._get(new).items():
            rows = pyarrow.parquet.read_table(pyarrow.BufferReader(content)).to_pylist()
            assert rows, name
            for row in rows:
                assert row["at"] == taken_at(row["n"])
                assert new[name] == f"hour={row['at']:%Y-%m-%d-%H}"
            self.found.update(row["n"] for row in rows)
            self.files[name] = content
        twice = [n for n, times in self.found.items() if times > 1]
        assert not twice, f"{len(twice)} rows are there twice: {sorted(twice)[:5]}"

    def look_again(self) -> None:
        """See that no file has changed since it was visible."""
        listed = self.hadoop.files(DIRECTORY)
        assert self._get({name: listed[name] for name in self.files}) == self.files

    def _get(self, files: dict[str, str]) -> dict[str, bytes]:
        self.looks += 1
        target = self.copies / str(self.looks)
        target.mkdir(parents=True)
        self.hadoop.get(DIRECTORY, files, target)
        copied = {path.name: path.read_bytes() for path in target.iterdir()}
        assert copied.keys() == files.keys()
        return copied


class Job:
    """The job and its checkpoints, started again and again."""

    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        self._settings = directory / "settings.toml"
        sandbox.write_settings(self._settings)
        self._state = directory / "state"
        self._logs = directory / "logs"
        self._started: StartedJob | None = None

    def start(self, parallelism: int) -> None:
        self._known = self.checkpoints()
        variables = {
            "TOPIC": TOPIC,
            "DIRECTORY": DIRECTORY,
            "FLINKSEC_STATE__DIRECTORY": str(self._state),
            "FLINKSEC_STATE__CHECKPOINT_INTERVAL": f"{INTERVAL} s",
            "FLINKSEC_JOB__PARALLELISM": str(parallelism),
            "FLINKSEC_LOG_DIR": str(self._logs),
        }
        self._started = StartedJob(self._settings, variables, PROGRAM)

    def kill(self) -> str:
        """SIGKILL to Python and the JVM; returns what it had said."""
        if self._started is None:
            return ""
        started, self._started = self._started, None
        started.kill()
        return started.process.communicate()[1]

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


@pytest.fixture
def job(sandbox: Sandbox, tmp_path: Path) -> Iterator[Job]:
    made = Job(sandbox, tmp_path)
    yield made
    made.kill()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def kill_in(job: Job, reader: Reader, parallelism: int, checkpoints: int, later: float) -> None:
    """Start the job, and kill it so many seconds after it has completed so many checkpoints."""
    job.start(parallelism)
    job.wait_for_checkpoints(checkpoints)
    time.sleep(later)
    job.kill()
    reader.look()


def test_each_row_of_a_job_that_is_killed_is_in_one_whole_file_and_nothing_else_is_left(
    sandbox: Sandbox, job: Job, tmp_path: Path
) -> None:
    seed = random.SystemRandom().getrandbits(32)
    chance = random.Random(seed)
    # Between a checkpoint and the commit of its files, and whenever it may be.
    kills = ((3, 4, chance.choice((0, 0.003, 0.01))), (4, 1, chance.random() * INTERVAL))
    say(f"seed {seed}: parallelism, checkpoints and seconds before a kill are {kills}")
    # With two partitions some writers have nothing to write, in each run other ones.
    sandbox.create_topics({TOPIC: 2})
    left: set[str] = set()
    with HadoopShell(sandbox) as hadoop:
        reader = Reader(hadoop, tmp_path / "copies")
        with Readings(sandbox) as readings:
            for kill in kills:
                kill_in(job, reader, *kill)
                while not reader.unfinished:
                    kill_in(job, reader, *kill)
                left |= reader.unfinished
            job.start(3)
            job.wait_for_checkpoints(1)

        def is_all_there() -> bool:
            reader.look()
            return reader.found.keys() == set(readings.numbers)

        def is_nothing_left() -> bool:
            return not any(name.startswith(".") for name in hadoop.files(DIRECTORY))

        job.wait_for("all rows in files", is_all_there)
        saved = {name for name in left if finished(name) in reader.files}
        say(f"{len(readings.numbers)} rows in {len(reader.files)} files")
        say(f"{len(saved)} of {len(left)} unfinished files were made visible by the next run")
        assert left - saved, "the kills left nothing that is of no use"
        # Each writer has looked for them by now, as each row is there.
        job.wait_for("no unfinished file", is_nothing_left, seconds=60)
        reader.look_again()
    assert set(reader.found.values()) == {1}
