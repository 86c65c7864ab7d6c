# SPDX-License-Identifier: Apache-2.0
"""The flights file is read in the order of time, and written as Kafka gets it."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from flinksec_jobs.demo import flights
from flinksec_jobs.demo.flights import Row
from flinksec_jobs.errors import FlinkSecError

JANUARY_1_AT_10_05 = 1_357_034_700_000


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[Row]], None]:
    """Put rows in the place of the package's file."""

    def write(rows: list[Row]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        with zipfile.ZipFile(tmp_path / "flights.csv.zip", "w") as archive:
            archive.writestr("flights.csv", text.getvalue())
        monkeypatch.setattr(flights, "_data_file", lambda: tmp_path / "flights.csv.zip")

    return write


def test_rows_come_in_the_order_of_time_and_within_a_minute_in_that_of_the_file(
    put: Callable[[list[Row]], None], flight: Callable[..., Row]
) -> None:
    put(
        [
            flight("2013-01-01T12:00", flight=1),
            flight("2013-01-01T10:05", flight=2),
            flight("2013-01-01T10:05", flight=3),
            flight("2013-01-01T09:59", flight=4),
        ]
    )
    assert [row["flight"] for row in flights.read_rows()] == ["4", "2", "3", "1"]
    assert [row["flight"] for row in flights.read_rows(2)] == ["4", "2"]


def test_a_missing_package_is_told_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights, "find_spec", lambda _: None)
    with pytest.raises(FlinkSecError, match="the data for the demo is not installed") as caught:
        flights.read_rows()
    assert "flinksec-jobs[demo]" in str(caught.value.hint)


def test_the_time_of_a_flight_is_its_hour_in_utc_and_its_minute(
    flight: Callable[..., Row],
) -> None:
    row = flight("2013-01-01T10:05")
    assert flights.scheduled_at(row) == JANUARY_1_AT_10_05
    assert flights.flight_id(row) == f"{JANUARY_1_AT_10_05}-UA1545-EWR-IAH"


def test_what_is_not_available_is_none(flight: Callable[..., Row]) -> None:
    row = flight(dep_delay="-3", arr_delay="NA", tailnum="")
    assert flights.minutes(row, "dep_delay") == -3
    assert flights.minutes(row, "arr_delay") is None
    assert flights.text(row, "tailnum") is None


def test_a_line_for_kafka_has_time_key_and_document(flight: Callable[..., Row]) -> None:
    known, unknown = flights.kafka_lines(
        [flight(dep_delay=17), flight(tailnum="NA", dep_delay="NA")]
    )
    time, key, document = known.split("\t")
    assert (time, key) == (str(JANUARY_1_AT_10_05), "N14228")
    assert json.loads(document) == {
        "id": f"{JANUARY_1_AT_10_05}-UA1545-EWR-IAH",
        "carrier": "UA",
        "number": 1545,
        "tail_number": "N14228",
        "origin": "EWR",
        "destination": "IAH",
        "scheduled_at": JANUARY_1_AT_10_05,
        "dep_delay": 17,
        "arr_delay": 0,
    }
    _, key, document = unknown.split("\t")
    assert key == json.loads(document)["id"]
    assert json.loads(document)["dep_delay"] is None


def test_the_job_reads_what_the_demo_writes(flight: Callable[..., Row]) -> None:
    from flinksec_jobs.records import field_names
    from jobs.flight_delays import Flight

    (line,) = flights.kafka_lines([flight()])
    assert list(json.loads(line.split("\t")[2])) == field_names(Flight)
