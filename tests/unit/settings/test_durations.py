# SPDX-License-Identifier: Apache-2.0
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.settings import duration, format_duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("500 ms", 0.5),
        ("10 s", 10),
        ("10s", 10),
        (" 10 S ", 10),
        ("5 min", 300),
        ("5 m", 300),
        ("1.5 h", 5400),
        ("1 h 30 min", 5400),
        ("1h30m", 5400),
        ("2 days", 172800),
        ("PT15M", 900),
        ("P1DT2H3M4.5S", 93784.5),
        ("pt0s", 0),
        ("42", 42),
        ("2.5", 2.5),
        (7, 7),
        (0.25, 0.25),
        (0, 0),
        (timedelta(minutes=1), 60),
    ],
)
def test_a_duration_is_read_as_people_write_it(written: Any, seconds: float) -> None:
    assert duration(written) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "s",
        "5 mim",
        "5 min please",
        "-5 s",
        "5 s -1 s",
        "P",
        "PT",
        "1,5 s",
        "1e3",
        "9" * 400,
        "9" * 15 + " d",
        "9" * 1_000_000 + "!",
        "1 " * 500_000,
        "1e999999 s",
        10**400,
        float("nan"),
        float("inf"),
        -1,
        True,
        float("nan"),
        float("inf"),
        1e300,
        timedelta(seconds=-1),
        None,
        ["1 s"],
    ],
)
def test_what_is_no_duration_is_refused_with_examples(written: Any) -> None:
    with pytest.raises(SettingsError, match="is not a duration") as caught:
        duration(written)
    assert '"5 min"' in str(caught.value.hint)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0 s"), (0.25, "250 ms"), (90, "90 s"), (900, "15 min"), (86400, "1 d")],
)
def test_a_duration_is_written_in_the_largest_unit_that_fits(seconds: float, written: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == written


@given(st.integers(0, 10**9).map(lambda microseconds: timedelta(microseconds=microseconds)))
def test_what_is_written_reads_back_the_same(value: timedelta) -> None:
    assert duration(format_duration(value)) == value
