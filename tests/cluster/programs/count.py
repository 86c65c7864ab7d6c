# SPDX-License-Identifier: Apache-2.0
"""Counts slowly, in state, by functions in batches; told to, it fails once it has counted enough.

Of one element it cannot make anything, which is left out.
"""

import sys
import time
from collections.abc import Iterator

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor

from flinksec_jobs import SecureJob, fast

ELEMENTS = 50_000
BAD = 3


def slowly(value: int) -> int:
    # Beside the source: what waits further down would wait before a checkpoint's barrier too.
    time.sleep(0.01)
    if value == BAD:
        raise ValueError("a bad element")
    return value


class Count(KeyedProcessFunction):  # type: ignore[misc]
    def __init__(self, fail_at: int) -> None:
        self._fail_at = fail_at

    def open(self, runtime_context: RuntimeContext) -> None:
        self._count = runtime_context.get_state(ValueStateDescriptor("count", Types.LONG()))

    def process_element(self, value: int, _ctx: KeyedProcessFunction.Context) -> Iterator[int]:
        count = (self._count.value() or 0) + 1
        self._count.update(count)
        if count >= self._fail_at:
            raise ValueError(f"told to fail at {count}")
        yield count


def main() -> None:
    # A barrier waits for a batch, which is to take a tenth of a second.
    with SecureJob("count", overrides={"python.batch_records": 10}) as job:
        numbers = job.env.from_collection(list(range(ELEMENTS)), Types.LONG())
        slow = fast(numbers).map(job.guard(slowly, on_error="skip"), Types.LONG())
        keyed = slow.key_by(lambda _: 0, Types.LONG())
        counts = fast(keyed).process(Count(int(sys.argv[1])), Types.LONG())
        counts.map(lambda count: count, Types.LONG())


if __name__ == "__main__":
    main()
