# SPDX-License-Identifier: Apache-2.0
"""Rows of the flights file, written by hand."""

from collections.abc import Callable

import pytest

from flinksec_jobs.demo.flights import Row

MakeRow = Callable[..., Row]


@pytest.fixture
def flight() -> MakeRow:
    """Make a row as ``flights.csv`` has it: all text, ``NA`` for what is not known."""

    def make(at: str = "2013-01-01T10:05", **columns: object) -> Row:
        hour, minute = at.rsplit(":", 1)
        row = {
            "time_hour": f"{hour}:00:00Z",
            "minute": minute.lstrip("0") or "0",
            "carrier": "UA",
            "flight": "1545",
            "tailnum": "N14228",
            "origin": "EWR",
            "dest": "IAH",
            "dep_delay": "0",
            "arr_delay": "0",
        }
        return row | {name: str(value) for name, value in columns.items()}

    return make
