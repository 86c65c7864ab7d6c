# SPDX-License-Identifier: Apache-2.0
"""A job that has run for a while begins to keep dead letters, and ends to: it goes on.

While it runs, Flink's REST server tells how many elements it leaves out, and how many it keeps.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from flinksec_jobs.runtime import running
from flinksec_jobs.sandbox import Sandbox
from tests.patience import PATIENCE
from tests.servers.conftest import StartedJob

PROGRAM = Path(__file__).parent / "programs" / "letters_added.py"
RECORDS = 100
NAMES = ("a", "b")


def line(number: int, n: int) -> str:
    return "\t\t" + json.dumps({"id": NAMES[number % 2], "n": n})


SKIPPED = line(0, 100)


def until(job: StartedJob, wanted: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not wanted():
        assert job.process.poll() is None, job.process.communicate()
        assert time.monotonic() < end
        time.sleep(1)


def metrics(job: StartedJob, name: str) -> Iterator[tuple[str, int]]:
    """The vertex and value of each metric of this name, as Flink's REST server tells them."""
    below = {process.pid for process in psutil.Process(job.process.pid).children(recursive=True)}
    below.add(job.process.pid)
    (found,) = (one for one in running.jobs() if one.process_id in below)
    client = found.connect()
    for vertex in client.get(f"/jobs/{found.job_id}")["vertices"]:
        path = f"/jobs/{found.job_id}/vertices/{vertex['id']}/metrics"
        ids = [one["id"] for one in client.get(path) if one["id"].endswith(name)]
        for one in ids:
            (told,) = client.get(f"{path}?get={one}")
            yield vertex["name"], int(told["value"])


def total(counted: list[tuple[str, int]]) -> int:
    """Over all vertices and instances."""
    return sum(count for _, count in counted)


@dataclass
class Runs:
    """The job as it is started again and again, each time from its last checkpoint."""

    sandbox: Sandbox
    logs: Path
    good: int = 0
    letters: int = 0

    def start(self, variables: dict[str, str]) -> StartedJob:
        usual = {
            "FLINKSEC_LOG_DIR": str(self.logs),
            "FLINKSEC_STATE__CHECKPOINT_INTERVAL": "1 s",
        }
        return StartedJob(self.sandbox.directory / "settings.toml", usual | variables, PROGRAM)

    def produce(self, *bad: str) -> None:
        self.sandbox.produce("added-in", [*bad, *(line(number, 1) for number in range(RECORDS))])
        self.good += RECORDS

    def is_through(self) -> bool:
        return (
            len(self.sandbox.consume("added-out")) >= self.good
            and len(self.sandbox.consume("added-dead")) >= self.letters
        )

    def run(self, variables: dict[str, str], *bad: str) -> dict[str, Any]:
        """Run it until all is through and the letters are there, and return some metrics."""
        self.produce(*bad)
        self.letters += sum(line is not SKIPPED for line in bad)
        job = self.start(variables)
        try:
            until(job, self.is_through)
            if not bad:
                return {}
            counted: dict[str, list[tuple[str, int]]] = {}

            def are_counted() -> bool:  # Flink's server collects metrics every ten seconds
                counted.update(
                    skipped=list(metrics(job, "flinksec.skippedElements")),
                    kept=list(metrics(job, "flinksec.deadLetters")),
                )
                return total(counted["skipped"]) >= 1 and total(counted["kept"]) >= self.letters

            until(job, are_counted)
            return counted
        finally:
            job.kill()
            job.process.communicate()


@pytest.fixture(scope="module")
def came(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of the job without letters, with them, without them, and without their topic."""
    sandbox.create_topics({"added-in": 2, "added-out": 1, "added-dead": 1})
    runs = Runs(sandbox, tmp_path_factory.mktemp("added"))
    topic = {"FLINKSEC_JOB__DEAD_LETTERS": "added-dead"}
    on = topic | {"FLINKSEC_JOB__ON_ERROR": "dead_letter"}
    one, two = ({"FLINKSEC_JOB__PARALLELISM": number} for number in "12")
    runs.run(one)
    found = runs.run(two | on, "\t\tno document", line(0, 0), line(1, 0), SKIPPED)
    runs.run(one | topic | {"FLINKSEC_JOB__ON_ERROR": "fail"})
    found["removed"] = runs.start({}).end(PATIENCE)
    found["dead"] = sandbox.consume("added-dead")
    found["out"] = [json.loads(text) for text in sandbox.consume("added-out")]
    return found


def test_a_job_without_uids_goes_on_when_it_begins_to_keep_letters_and_when_it_ends_to(
    came: dict[str, Any],
) -> None:
    for name in NAMES:
        counts = [one["count"] for one in came["out"] if one["id"] == name]
        assert sorted(counts) == list(range(1, 3 * RECORDS // 2 + 1))
    assert len(came["dead"]) == 3


def test_a_job_that_has_kept_letters_does_not_start_without_their_topic(
    came: dict[str, Any],
) -> None:
    assert came["removed"].code != 0
    assert "writes Kafka topic added-dead" in came["removed"].err


def test_what_was_left_out_is_counted_in_a_metric_of_the_running_job(
    came: dict[str, Any],
) -> None:
    assert total(came["skipped"]) == 1


def test_the_letters_of_all_instances_are_counted_in_a_metric_of_the_sink_that_writes_them(
    came: dict[str, Any],
) -> None:
    assert total(came["kept"]) == len(came["dead"]) == 3
    assert all("added-dead" in vertex for vertex, count in came["kept"] if count), came["kept"]
