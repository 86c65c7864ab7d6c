# SPDX-License-Identifier: Apache-2.0
"""The functions of the flights job, which the demo's plain pass must not share."""

from types import SimpleNamespace
from typing import Any

import pytest

from jobs import flight_delays as job

HOUR = 3_600_000


def flight(**fields: Any) -> job.Flight:
    given: dict[str, Any] = {
        "id": "f",
        "carrier": "UA",
        "number": 1545,
        "tail_number": "N1",
        "origin": "EWR",
        "destination": "IAH",
        "scheduled_at": 24 * HOUR,
        "dep_delay": 30,
        "arr_delay": 0,
    }
    return job.Flight(**(given | fields))


@pytest.mark.parametrize(
    ("previous", "inherited"),
    [
        (None, 0),
        ((20 * HOUR, 10), 10),
        ((20 * HOUR, 99), 30),
        ((20 * HOUR, -5), 0),
        ((0, 10), 10),
        ((-1, 10), 0),
    ],
)
def test_a_delay_is_inherited_up_to_its_own_size_for_a_day(
    previous: tuple[int, int] | None, inherited: int
) -> None:
    assert job.inherited_delay(flight(), previous) == inherited


class Previous:
    """The keyed state of one aircraft."""

    def __init__(self) -> None:
        self.held: tuple[int, int] | None = None

    def value(self) -> tuple[int, int] | None:
        return self.held

    def update(self, value: tuple[int, int]) -> None:
        self.held = value


def test_late_departures_go_on_with_what_they_inherited_and_cancelled_ones_aside() -> None:
    state = Previous()
    function: Any = job.LateDepartures()
    function.open(SimpleNamespace(get_state=lambda _: state))
    on_time = flight(id="1", dep_delay=15, arr_delay=20)
    late = flight(id="2", scheduled_at=25 * HOUR, dep_delay=16, arr_delay=None)
    cancelled = flight(id="3", scheduled_at=26 * HOUR, dep_delay=None)
    assert list(function.process_element(on_time, None)) == []
    (departure,) = function.process_element(late, None)
    assert (departure.id, departure.flight) == ("2", "UA1545")
    assert (departure.dep_delay, departure.inherited_delay, departure.own_delay) == (16, 16, 0)
    assert list(function.process_element(cancelled, None)) == [(job.CANCELLED, cancelled)]
    assert state.held == (25 * HOUR, 0)
    very_late = flight(id="4", scheduled_at=25 * HOUR, dep_delay=121, arr_delay=None)
    departure, (tag, alert) = function.process_element(very_late, None)
    assert (tag, alert.id) == (job.ALERTS, departure.id) == (job.ALERTS, "4")
    assert state.held == (25 * HOUR, 0)
