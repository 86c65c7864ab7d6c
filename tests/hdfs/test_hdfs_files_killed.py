# SPDX-License-Identifier: Apache-2.0
"""What readers see of a job's files on HDFS whose processes are killed, whenever that is.

The readers are Hadoop's own shell (``hadoop fs -get``) and pyarrow.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet  # type: ignore[import-untyped]
import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.hdfs.hadoop_shell import HadoopShell
from tests.hdfs.reading_jobs import INTERVAL, Job, Readings, taken_at

PROGRAM = Path(__file__).parent / "programs" / "hdfs_files_killed.py"
TOPIC = "killed-files"
DIRECTORY = "/data/killed-files"


def finished(name: str) -> str:
    """Return what an unfinished file is called once it is visible."""
    return name.removeprefix(".").partition(".inprogress.")[0]


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


@pytest.fixture
def job(sandbox: Sandbox, tmp_path: Path) -> Iterator[Job]:
    made = Job(sandbox, tmp_path, PROGRAM, {"TOPIC": TOPIC, "DIRECTORY": DIRECTORY})
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
        with Readings(sandbox, TOPIC) as readings:
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
        job.wait_for("no unfinished file", is_nothing_left)
        reader.look_again()
    assert set(reader.found.values()) == {1}
