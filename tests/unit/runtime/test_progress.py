# SPDX-License-Identifier: Apache-2.0
"""A job's progress is read from what Flink's REST server answers. There is no network."""

from typing import Any, cast

import pytest

from flinksec_jobs.runtime.progress import JobProgress, Progress
from flinksec_jobs.runtime.rest import RestClient, RestUnreachableError

METRICS = "/subtasks/metrics"
DELAYS = "Elasticsearch__delays__Writer.numRecordsSend"
HOURS = "Elasticsearch__hours__Writer.numRecordsSend"
ANSWERS: dict[str, Any] = {
    "/jobs/j": {"vertices": [{"id": "v1"}, {"id": "v2"}]},
    "/jobs/j/checkpoints": {
        "counts": {"completed": 3},
        "latest": {"completed": {"state_size": 2048, "end_to_end_duration": 40}},
    },
    f"/jobs/j/vertices/v1{METRICS}": [
        {"id": "Source__Kafka_flights.numRecordsIn"},
        {"id": "Process.numRecordsIn"},
    ],
    f"/jobs/j/vertices/v1{METRICS}?get=Source__Kafka_flights.numRecordsIn&agg=sum": [
        {"id": "Source__Kafka_flights.numRecordsIn", "sum": 100.0}
    ],
    f"/jobs/j/vertices/v2{METRICS}": [
        {"id": "HDFS__all__Writer.numRecordsSend"},
        {"id": DELAYS},
        {"id": HOURS},
    ],
    f"/jobs/j/vertices/v2{METRICS}?get={DELAYS},{HOURS}&agg=sum": [
        {"id": DELAYS, "sum": 7.0},
        {"id": HOURS, "sum": 5.0},
    ],
}


class Answers:
    """Answers of the server by path, and what it was asked."""

    def __init__(self) -> None:
        self.given = dict(ANSWERS)
        self.asked: list[str] = []

    def get(self, path: str) -> Any:
        self.asked.append(path)
        if path not in self.given:
            raise RestUnreachableError("gone")
        return self.given[path]

    def progress(self) -> JobProgress:
        return JobProgress(cast(RestClient, self), "j")


@pytest.fixture
def answers() -> Answers:
    return Answers()


def test_records_documents_and_checkpoints_are_added_up(answers: Answers) -> None:
    assert answers.progress().now() == Progress(
        records_in=100, documents_out=12, checkpoints=3, checkpoint_bytes=2048, checkpoint_ms=40
    )


def test_before_the_first_checkpoint_there_is_none_to_tell_of(answers: Answers) -> None:
    answers.given["/jobs/j/checkpoints"] = {
        "counts": {"completed": 0},
        "latest": {"completed": None},
    }
    progress = answers.progress().now()
    assert progress
    assert (progress.checkpoints, progress.checkpoint_bytes, progress.checkpoint_ms) == (0, 0, 0)


def test_metrics_that_come_later_are_found_then(answers: Answers) -> None:
    job = answers.progress()
    path = f"/jobs/j/vertices/v1{METRICS}"
    listed, answers.given[path] = answers.given[path], []
    first = job.now()
    assert first
    assert first.records_in == 0
    answers.given[path] = listed
    second = job.now()
    assert second
    assert second.records_in == 100


def test_names_of_metrics_that_are_known_are_not_asked_for_again(answers: Answers) -> None:
    job = answers.progress()
    assert job.now() == job.now()
    listings = [path for path in answers.asked if path.endswith(METRICS)]
    # Both vertices for both metrics, then only where there was none of the kind.
    assert len(listings) == 4 + 2


def test_a_server_that_goes_away_in_between_is_no_error(answers: Answers) -> None:
    del answers.given["/jobs/j/checkpoints"]
    assert answers.progress().now() is None
