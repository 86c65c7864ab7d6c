# SPDX-License-Identifier: Apache-2.0
"""The example job of Parquet does what it says, and is killed while it compacts.

The readers are Hadoop's own shell and pyarrow.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet  # type: ignore[import-untyped]

from flinksec_jobs.demo import flights
from flinksec_jobs.sandbox import Sandbox
from tests.hdfs.hadoop_shell import HadoopShell
from tests.patience import PATIENCE
from tests.servers.conftest import StartedJob

JOB = Path(__file__).parents[2] / "jobs" / "departures_by_day.py"
DIRECTORY = "/data/departures-by-day"
# After so many checkpoints small files are merged, as the job has it by default.
COMPACTED = 10


def day_of(milliseconds: int) -> str:
    return f"day={datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d}"


class Reader:
    """Sees each file once: readers never see one go away."""

    def __init__(self, hadoop: HadoopShell, copies: Path, expected: Counter[str]) -> None:
        self._hadoop = hadoop
        self._copies = copies
        self._expected = expected
        self.files: dict[str, str] = {}
        self.ids: Counter[str] = Counter()
        self.days: Counter[str] = Counter()
        self.marked: set[str] = set()
        self.hidden: set[str] = set()

    def look(self) -> None:
        """Look at marks first: what they say is true of what is listed after them."""
        listed = self._hadoop.fs("-ls", "-C", "-R", DIRECTORY)
        self.marked = {Path(line).parent.name for line in listed if line.endswith("/_SUCCESS")}
        found = self._hadoop.files(DIRECTORY)
        self.hidden = {name for name in found if name.startswith(".")}
        visible = {name: day for name, day in found.items() if name not in self.hidden}
        assert self.files.items() <= visible.items()
        new = {name: day for name, day in visible.items() if name not in self.files}
        target = self._copies / str(len(self.files))
        target.mkdir(parents=True, exist_ok=True)
        self._hadoop.get(DIRECTORY, new, target)
        for name, day in new.items():
            table = pyarrow.parquet.ParquetFile(target / name).read(["id", "scheduled_at"])
            times = table.column("scheduled_at").to_pylist()
            assert {day_of(each) for each in times} == {day}
            self.ids.update(table.column("id").to_pylist())
            self.days[day] += len(times)
        self.files = visible
        assert set(self.ids.values()) <= {1}, "a row is there twice"
        for day in self.marked:
            assert self.days[day] == self._expected[day], day


def test_departures_are_in_few_large_files_of_days_that_are_marked_when_they_are_whole(
    sandbox: Sandbox, flights_in_kafka: list[flights.Row], tmp_path: Path
) -> None:
    expected = Counter(day_of(flights.scheduled_at(row)) for row in flights_in_kafka)
    settings = tmp_path / "settings.toml"
    sandbox.write_settings(settings)
    state = tmp_path / "state"

    def start(parallelism: int) -> StartedJob:
        variables = {
            "FLINKSEC_STATE__DIRECTORY": str(state),
            "FLINKSEC_STATE__CHECKPOINT_INTERVAL": "500 ms",
            "FLINKSEC_KAFKA__GROUP_ID": "flink-departures",
            "FLINKSEC_JOB__PARALLELISM": str(parallelism),
            "FLINKSEC_LOG_DIR": str(tmp_path / "logs"),
        }
        return StartedJob(settings, variables, JOB)

    def newest() -> int:
        found = [int(path.parent.name[4:]) for path in state.glob("*/*/chk-*/_metadata")]
        return max(found, default=0)

    def wait(job: StartedJob, what: str, done: object, pause: float) -> None:
        end = time.monotonic() + PATIENCE
        while not done():  # type: ignore[operator]
            assert job.process.poll() is None, job.end(5).err[-3000:]
            assert time.monotonic() < end, f"not seen: {what}"
            time.sleep(pause)

    later = random.SystemRandom().random() * 0.5
    with HadoopShell(sandbox) as hadoop:
        reader = Reader(hadoop, tmp_path / "copies", expected)
        job = start(2)
        try:
            wait(job, "the first compaction", lambda: newest() >= COMPACTED, 0.002)
            time.sleep(later)
        finally:
            job.kill()
        reader.look()
        assert reader.hidden, "nothing was left to compact"
        sys.stdout.write(f"killed {later:.3f} s after the checkpoint: {len(reader.files)} files\n")
        job = start(3)

        def is_whole() -> bool:
            reader.look()
            # Nothing is later than the last day, and so it does not end.
            return reader.marked == set(expected) - {max(expected)} and not reader.hidden

        try:
            wait(job, "all days but the last one marked, and no hidden file", is_whole, 1)
        finally:
            job.kill()
    assert reader.days == expected
    assert len(reader.ids) == len(flights_in_kafka)
    # A file for each writer and checkpoint would be many times as many.
    assert len(reader.files) <= 3 * len(expected)
