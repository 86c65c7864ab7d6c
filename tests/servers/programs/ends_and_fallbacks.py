# SPDX-License-Identifier: Apache-2.0
"""Parts of functions_in_batches.py: functions that fail, and those that cannot run in batches."""

from collections.abc import Iterator
from typing import Any

from pyflink.common import Types
from pyflink.datastream import DataStream, KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.table import StreamTableEnvironment

from flinksec_jobs import SecureJob, fast
from tests.servers.programs.jobs_of_one_process import ending, warnings_of_fast


def broken(number: int) -> int:
    """Fails with one number."""
    if number == 7:
        raise ValueError("seven") from KeyError("the cause")
    return number


class LateState(KeyedProcessFunction):  # type: ignore[misc]
    """Asks for a state when a record is there."""

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[int]:
        self.runtime.get_state(ValueStateDescriptor("late", Types.LONG()))
        yield 1

    def open(self, runtime_context: RuntimeContext) -> None:
        self.runtime = runtime_context


class WrongState(KeyedProcessFunction):  # type: ignore[misc]
    """Puts a text where a number is declared."""

    def process_element(self, value: Any, ctx: KeyedProcessFunction.Context) -> Iterator[int]:
        self.state.update("a text")
        yield 1

    def open(self, runtime_context: RuntimeContext) -> None:
        self.state = runtime_context.get_state(ValueStateDescriptor("number", Types.LONG()))


def endings() -> dict[str, str]:
    """Of jobs whose functions cannot go on."""

    def numbers(job: SecureJob) -> DataStream:
        return job.env.from_collection(list(range(20)), type_info=Types.LONG())

    def by(job: SecureJob) -> Any:
        return fast(numbers(job).key_by(lambda n: n % 2, Types.LONG()))

    return {
        "raises": ending(lambda job: fast(numbers(job)).map(broken, Types.LONG())),
        "wrong type": ending(lambda job: fast(numbers(job)).map(str, Types.LONG())),
        "late state": ending(lambda job: by(job).process(LateState(), Types.LONG())),
        "wrong state": ending(lambda job: by(job).process(WrongState(), Types.LONG())),
    }


def fallbacks() -> dict[str, Any]:
    """What is said of functions that cannot run in batches, and what they give."""
    with warnings_of_fast() as said, SecureJob("fallbacks") as job:
        numbers = job.env.from_collection([1, 2, 3], type_info=Types.LONG())
        tables = StreamTableEnvironment.create(job.env)
        rows = tables.to_data_stream(tables.sql_query("SELECT 1 AS n"))
        fast(rows).filter(lambda row: row.n == 2).print()
        pairs = fast(numbers).map(lambda n: (n, n), Types.TUPLE([Types.LONG(), Types.LONG()]))
        with pairs.execute_and_collect() as came:
            values = [list(pair) for pair in came]
    return {"said": said, "values": values}
