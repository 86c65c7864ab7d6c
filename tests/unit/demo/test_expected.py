# SPDX-License-Identifier: Apache-2.0
"""The plain pass over the rows, against figures worked out by hand."""

from collections.abc import Callable

import pytest

from flinksec_jobs.demo.expected import expected_figures
from flinksec_jobs.demo.flights import Row, flight_id

Make = Callable[..., Row]


def test_late_very_late_and_cancelled_flights_are_told_apart(flight: Make) -> None:
    delays = {1: -5, 2: 15, 3: 16, 4: 120, 5: 121, 6: "NA"}
    rows = [flight(flight=n, tailnum=f"N{n}", dep_delay=delay) for n, delay in delays.items()]
    ids = {n: flight_id(row) for n, row in zip(delays, rows, strict=True)}
    found = expected_figures(rows)
    assert found.flights == set(ids.values())
    assert found.delayed == {ids[3]: (16, 0), ids[4]: (120, 0), ids[5]: (121, 0)}
    assert found.alerts == {ids[5]}
    assert found.cancelled == {ids[6]}
    assert found.tail_numbers == {"N1", "N2", "N3", "N4", "N5"}


@pytest.mark.parametrize(
    ("before", "delay", "inherited"),
    [
        (30, 50, 30),  # the rest is its own
        (50, 30, 30),  # it made up for some
        (-10, 30, 0),  # the aircraft was early
        ("NA", 30, 0),
    ],
)
def test_a_delay_is_inherited_from_the_aircraft_s_last_flight(
    flight: Make, before: object, delay: int, inherited: int
) -> None:
    first = flight("2013-01-01T10:00", arr_delay=before)
    second = flight("2013-01-01T14:00", dep_delay=delay)
    other = flight("2013-01-01T15:00", dep_delay=delay, tailnum="N2")
    found = expected_figures([first, second, other]).delayed
    assert found == {flight_id(second): (delay, inherited), flight_id(other): (delay, 0)}


@pytest.mark.parametrize(("at", "inherited"), [("2013-01-02T10:00", 30), ("2013-01-02T10:01", 0)])
def test_a_delay_is_inherited_for_a_day(flight: Make, at: str, inherited: int) -> None:
    first, second = flight("2013-01-01T10:00", arr_delay=30), flight(at, dep_delay=40)
    assert expected_figures([first, second]).delayed[flight_id(second)] == (40, inherited)


def test_a_cancelled_flight_is_no_last_flight(flight: Make) -> None:
    first = flight("2013-01-01T10:00", arr_delay=30)
    cancelled = flight("2013-01-01T11:00", dep_delay="NA", arr_delay="NA")
    second = flight("2013-01-01T12:00", dep_delay=40)
    found = expected_figures([first, cancelled, second])
    assert found.delayed == {flight_id(second): (40, 30)}


def test_unknown_aircraft_inherit_nothing_from_each_other(flight: Make) -> None:
    first = flight("2013-01-01T10:00", tailnum="NA", arr_delay=30)
    second = flight("2013-01-01T11:00", tailnum="NA", dep_delay=40)
    found = expected_figures([first, second])
    assert found.delayed == {flight_id(second): (40, 0)}
    assert found.tail_numbers == set()


def test_departures_are_averaged_by_airport_and_hour_without_the_cancelled(flight: Make) -> None:
    rows = [
        flight("2013-01-01T10:00", dep_delay=1),
        flight("2013-01-01T10:59", dep_delay=-4),
        flight("2013-01-01T10:30", dep_delay="NA"),
        flight("2013-01-01T11:00", dep_delay=7),
        flight("2013-01-01T10:00", dep_delay=9, origin="JFK"),
        flight("2013-01-01T10:00", dep_delay="NA", origin="LGA"),
    ]
    hour = 1_357_034_400_000
    assert expected_figures(rows).hourly == {
        f"EWR-{hour}": (2, -1.5),
        f"EWR-{hour + 3_600_000}": (1, 7.0),
        f"JFK-{hour}": (1, 9.0),
    }
