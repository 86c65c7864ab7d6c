# SPDX-License-Identifier: Apache-2.0
"""A job with functions in batches that is killed, rescaled and moved loses and doubles nothing.

Its functions are in the JVM and in processes of their own by turns.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.hdfs.reading_jobs import INTERVAL, Job
from tests.servers.numbered import (
    Keyed,
    end_all_windows,
    windows_of,
    wrong_totals,
    wrong_windows,
)

PROGRAM = Path(__file__).parent / "programs" / "batches_killed.py"
TOPIC = "killed-batches"


@pytest.fixture
def form(tmp_path: Path) -> Path:
    return tmp_path / "form"


@pytest.fixture
def job(sandbox: Sandbox, tmp_path: Path, form: Path) -> Iterator[Job]:
    made = Job(sandbox, tmp_path, PROGRAM, {"TOPIC": TOPIC, "FORM": str(form)})
    yield made
    made.kill()


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def test_a_job_that_is_killed_rescaled_and_moved_by_savepoints_has_exact_totals_and_windows(
    sandbox: Sandbox, job: Job, form: Path
) -> None:
    seed = random.SystemRandom().getrandbits(32)
    chance = random.Random(seed)
    say(f"seed {seed}")

    def start(parallelism: int, backend: str, mode: str) -> None:
        job.start(
            parallelism,
            FLINKSEC_STATE__BACKEND=backend,
            FLINKSEC_PYTHON__BATCH_EXECUTION_MODE=mode,
        )

    def kill_in(parallelism: int, backend: str, mode: str) -> None:
        start(parallelism, backend, mode)
        job.wait_for_checkpoints(chance.choice((1, 2, 3)))
        # Between a checkpoint and the commit of its transactions, and whenever it may be.
        later = chance.choice((0, 0.005, chance.random() * INTERVAL))
        say(
            f"{backend}, {mode}, parallelism {parallelism}: killed {later:.3f} s after a checkpoint"
        )
        time.sleep(later)
        job.kill()

    def stop_in(parallelism: int, backend: str, mode: str, savepoint: str) -> None:
        start(parallelism, backend, mode)
        job.wait_for_checkpoints(1)
        time.sleep(chance.random() * INTERVAL)
        form.write_text(savepoint)
        job.wait_for_end()
        say(f"{backend}, {mode}, parallelism {parallelism}: stopped, {savepoint} savepoint")

    sandbox.create_topics({TOPIC: 2, f"{TOPIC}-totals": 1, f"{TOPIC}-windows": 1})
    with Keyed(sandbox, TOPIC) as readings:
        kill_in(1, "hashmap", "thread")
        kill_in(3, "hashmap", "process")
        stop_in(2, "hashmap", "process", "CANONICAL")
        kill_in(1, "rocksdb", "thread")  # which can read only canonical savepoints of the other
        stop_in(3, "rocksdb", "thread", "NATIVE")
        kill_in(2, "rocksdb", "process")
    end_all_windows(sandbox, TOPIC)
    numbers = readings.numbers
    windows = len(windows_of(numbers))
    start(2, "rocksdb", "process")

    def is_all_there() -> bool:
        return len(sandbox.consume(f"{TOPIC}-windows")) >= windows

    job.wait_for("all windows", is_all_there, pause=2)
    job.kill()
    say(f"{len(numbers)} readings, {windows} windows")
    assert wrong_windows(numbers, map(json.loads, sandbox.consume(f"{TOPIC}-windows"))) is None
    assert wrong_totals(numbers, map(json.loads, sandbox.consume(f"{TOPIC}-totals"))) is None
