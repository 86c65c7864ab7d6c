# SPDX-License-Identifier: Apache-2.0
"""A job that is killed between the commits of its dead letters and of its records.

They go in transactions of their own, which a checkpoint commits one after the other.
"""

import json
from collections import Counter

from tests.kafka.administrator import Administrator
from tests.kafka.conftest import CopyOf, side_by_side
from tests.kafka.wire import Moment

DEAD = "killed-letters-dead"
KEEPING = {
    "FLINKSEC_JOB__DEAD_LETTERS": DEAD,
    "FLINKSEC_JOB__ON_ERROR": "dead_letter",
    "FLINKSEC_JOB__MAX_DEAD_LETTERS": "0",
    "FLINKSEC_JOB__MAX_SKIPPED_IN_A_ROW": "0",
}
# Of two transactions the first is to be committed, or is; then so is the second.
STEPS: tuple[tuple[Moment, int], ...] = (
    ("asked", 0),
    ("answered", 0),
    ("asked", 1),
    ("answered", 1),
)
BAD = 20


@side_by_side
def test_neither_letters_nor_records_are_lost_or_there_twice(
    copies: CopyOf, administrator: Administrator
) -> None:
    # Where starts take a minute, a transaction of the one before is to be open still.
    copy = copies("killed-letters", listener="CLEAR", partitions=2, transaction_timeout="120 s")
    administrator.create_topics({DEAD: 1})
    bad: list[str] = []

    def produce() -> None:
        copy.produce(100)
        more = [json.dumps({"n": f"number {len(bad) + n}"}) for n in range(BAD)]
        administrator.produce(copy.source, more)
        bad.extend(more)

    def letters() -> Counter[str]:
        # The administrator takes headers for values, too.
        return Counter(one for one in administrator.committed(DEAD) if one.startswith('{"n"'))

    for number, (moment, after) in enumerate(STEPS):
        produce()
        copy.start(parallelism=1 + number % 2, **KEEPING)
        copy.kill_at("EndTxn", moment, after=after)
    produce()
    copy.start(parallelism=2, **KEEPING)
    copy.wait_until_each_is_there()
    copy.wait_for("all letters", lambda: letters().total() >= len(bad))
    copy.kill()
    copy.assert_each_once()
    assert letters() == Counter(bad)
