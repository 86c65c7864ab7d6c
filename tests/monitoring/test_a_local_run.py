# SPDX-License-Identifier: Apache-2.0
"""A job that runs in its own process has metrics of ours, too, for whoever asks Flink's REST."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from flinksec_jobs.runtime import running
from flinksec_jobs.sealed import KeyRing
from tests.patience import PATIENCE
from tests.servers.conftest import StartedJob

T = TypeVar("T")
COUNT = Path(__file__).parents[1] / "cluster" / "programs" / "count.py"


@pytest.fixture
def job(tmp_path: Path) -> Iterator[StartedJob]:
    """It counts for minutes, with sealed state."""
    KeyRing.create(tmp_path / "keys")
    settings = tmp_path / "settings.toml"
    settings.write_text(
        f'[state]\ndirectory = "{tmp_path / "state"}"\nkeys = "{tmp_path / "keys"}"\n'
        'checkpoint_interval = "300 ms"\n'
    )
    started = StartedJob(settings, {"FLINKSEC_LOG_DIR": str(tmp_path)}, COUNT, [str(10**9)])
    yield started
    started.kill()
    started.process.communicate()


def test_a_local_run_tells_of_its_seal_and_of_its_checkpoints(job: StartedJob) -> None:
    client, job_id = found(job)
    unseals, in_use, memory = values(
        client,
        job,
        "/jobmanager/metrics",
        ("flinksec.failedUnseals", "flinksec.key.key-1.inUse", "flinksec.residentMemory"),
    )
    assert unseals == "0"
    assert in_use == "1"
    assert int(memory) > 100_000_000
    for age in values(
        client,
        job,
        f"/jobs/{job_id}/metrics",
        ("flinksec.checkpointAge", "flinksec.savepointAge"),
    ):
        assert 0 <= int(age) < PATIENCE


def found(job: StartedJob) -> tuple[Any, str]:
    """A client of the REST server of a run, and the id of its job."""

    def seek() -> tuple[Any, str] | None:
        tree = psutil.Process(job.process.pid).children(recursive=True)
        below = {job.process.pid, *(process.pid for process in tree)}
        for one in running.jobs():
            if one.process_id in below:
                return one.connect(), one.job_id
        return None

    return until(job, seek)


def values(client: Any, job: StartedJob, path: str, names: Sequence[str]) -> list[str]:
    """Metrics at a path, as soon as all of them are there: Flink tells of each by itself."""

    def ask() -> list[str] | None:
        told = client.get(f"{path}?get={','.join(names)}")
        found = {one["id"]: str(one["value"]) for one in told}
        return [found[name] for name in names] if found.keys() >= set(names) else None

    return until(job, ask)


def until(job: StartedJob, ask: Callable[[], T | None]) -> T:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := ask():
            return answer
        assert job.process.poll() is None, job.process.communicate()
        time.sleep(0.5)
    raise AssertionError("it is not there")
