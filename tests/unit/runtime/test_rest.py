# SPDX-License-Identifier: Apache-2.0
"""A job's progress is read from what Flink's REST endpoint answers. There is no network."""

import io
import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from flinksec_jobs.runtime.rest import JobRest, Progress

METRICS = "/subtasks/metrics"
DELAYS = "Elasticsearch__delays__Writer.numRecordsSend"
HOURS = "Elasticsearch__hours__Writer.numRecordsSend"
ANSWERS: dict[str, Any] = {
    "/jobs": {"jobs": [{"id": "j", "status": "RUNNING"}]},
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


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the endpoint answers, by path, and under ``asked`` what it was asked."""
    given = {**ANSWERS, "asked": []}

    def urlopen(url: str, timeout: float) -> io.BytesIO:
        assert 0 < timeout <= 5
        base, path = url[:21], url[21:]
        assert base == "http://localhost:8081"
        given["asked"].append(path)
        if (answer := given.get(path)) is None:
            raise urllib.error.URLError("not found")
        return io.BytesIO(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return given


def test_records_documents_and_checkpoints_are_added_up(answers: dict[str, Any]) -> None:
    assert JobRest(8081).progress() == Progress(
        records_in=100, documents_out=12, checkpoints=3, checkpoint_bytes=2048, checkpoint_ms=40
    )


def test_before_the_first_checkpoint_there_is_none_to_tell_of(answers: dict[str, Any]) -> None:
    answers["/jobs/j/checkpoints"] = {"counts": {"completed": 0}, "latest": {"completed": None}}
    progress = JobRest(8081).progress()
    assert progress
    assert (progress.checkpoints, progress.checkpoint_bytes, progress.checkpoint_ms) == (0, 0, 0)


def test_metrics_that_come_later_are_found_then(answers: dict[str, Any]) -> None:
    rest = JobRest(8081)
    path = f"/jobs/j/vertices/v1{METRICS}"
    listed, answers[path] = answers[path], []
    first = rest.progress()
    assert first
    assert first.records_in == 0
    answers[path] = listed
    second = rest.progress()
    assert second
    assert second.records_in == 100


def test_names_of_metrics_that_are_known_are_not_asked_for_again(answers: dict[str, Any]) -> None:
    rest = JobRest(8081)
    assert rest.progress() == rest.progress()
    listings = [path for path in answers["asked"] if path.endswith(METRICS)]
    # Both vertices for both metrics, then only where there was none of the kind.
    assert len(listings) == 4 + 2


@pytest.mark.parametrize("answer", [None, {"jobs": []}, {}, b"<html>", b""])
def test_while_there_is_no_job_there_is_no_progress(answers: dict[str, Any], answer: Any) -> None:
    answers["/jobs"] = answer
    assert JobRest(8081).progress() is None


def test_an_endpoint_that_goes_away_in_between_is_no_error(answers: dict[str, Any]) -> None:
    del answers["/jobs/j/checkpoints"]
    assert JobRest(8081).progress() is None
