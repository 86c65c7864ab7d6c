# SPDX-License-Identifier: Apache-2.0
"""Counts slowly by keys; which operators it has, and their ids, are its arguments.

``count=UID`` names the first operator with state, ``more=UID`` adds another, ``parallelism=N``
divides both.
"""

import sys
import time
from collections.abc import Iterator

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor

from flinksec_jobs import SecureJob


def slowly(value: int) -> int:
    time.sleep(0.01)
    return value


class Count(KeyedProcessFunction):  # type: ignore[misc]
    def open(self, runtime_context: RuntimeContext) -> None:
        self._count = runtime_context.get_state(ValueStateDescriptor("count", Types.LONG()))

    def process_element(self, value: int, _ctx: KeyedProcessFunction.Context) -> Iterator[int]:
        count = (self._count.value() or 0) + 1
        self._count.update(count)
        yield count


def main() -> None:
    given = dict(argument.split("=") for argument in sys.argv[1:])
    parallelism = int(given.get("parallelism", 1))
    with SecureJob("changing") as job:
        numbers = job.env.from_collection(list(range(50_000)), Types.LONG())
        stream = numbers.map(slowly, Types.LONG())
        for name in ("count", "more"):
            if uid := given.get(name):
                keyed = stream.key_by(lambda value: value % 7, Types.LONG())
                stream = keyed.process(Count(), Types.LONG()).uid(uid).name(name)
                stream = stream.set_parallelism(parallelism)
        stream.map(lambda count: count, Types.LONG())


if __name__ == "__main__":
    main()
