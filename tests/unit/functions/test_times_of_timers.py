# SPDX-License-Identifier: Apache-2.0
"""The times that functions in batches give to timers."""

import numpy as np
import pytest

from flinksec_jobs.errors import RecordValueError
from flinksec_jobs.functions.contexts import Now, TimerService

ASKS = [
    "register_event_time_timer",
    "register_processing_time_timer",
    "delete_event_time_timer",
    "delete_processing_time_timer",
]


@pytest.mark.parametrize("what", range(4))
@pytest.mark.parametrize("time", [-(2**63), -1, 0, 2**63 - 1, np.int64(7)])
def test_a_time_is_a_whole_number_of_64_bits(what: int, time: int) -> None:
    now = Now(slot=5)
    getattr(TimerService(now, keyed=True), ASKS[what])(time)
    assert now.timers == [5, what, time]
    assert type(now.timers[2]) is int


@pytest.mark.parametrize("ask", ASKS)
def test_all_else_is_refused_at_the_line_that_asks_as_pyflink_refuses_it(ask: str) -> None:
    now = Now()
    service = TimerService(now, keyed=True)
    for time in (1.5, "12", None):
        with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
            getattr(service, ask)(time)
    for time in (2**63, -(2**63) - 1):
        with pytest.raises(RecordValueError, match="has 64 bits, which are too many"):
            getattr(service, ask)(time)
    assert now.timers == []
