# SPDX-License-Identifier: Apache-2.0
"""Counts slowly, in the state of an operator whose id is the first argument, to Elasticsearch."""

import json
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
    with SecureJob("to-elasticsearch") as job:
        numbers = job.env.from_collection(list(range(50_000)), Types.LONG())
        counts = (
            numbers.map(slowly, Types.LONG())
            .key_by(lambda _: 0, Types.LONG())
            .process(Count(), Types.LONG())
            .uid(sys.argv[1])
            .name("counts")
        )
        documents = counts.map(lambda count: json.dumps({"count": count}), Types.STRING())
        documents.sink_to(job.to_elasticsearch("counts", id_field="count"))


if __name__ == "__main__":
    main()
