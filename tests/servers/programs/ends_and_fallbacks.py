# SPDX-License-Identifier: Apache-2.0
"""Parts of functions_in_batches.py: functions that fail, and those that cannot run in batches."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pyflink.common import Types
from pyflink.datastream import DataStream, KeyedProcessFunction, MapFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.table import StreamTableEnvironment

from flinksec_jobs import SecureJob, fast
from tests.servers.programs.jobs_of_one_process import ending, warnings_of_fast

WHOLE = Types.LONG()
"""One object for streams, states and results, which the JVM's is in as soon as a stream has it."""


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


class ClosesBadly(MapFunction):  # type: ignore[misc]
    """Closes what it has not opened, as many do, after it has failed: at once, or with a number."""

    def __init__(self, *, opens: bool) -> None:
        self.opens = opens

    def open(self, runtime_context: RuntimeContext) -> None:
        if not self.opens:
            self.file = Path("/not/there").open()  # noqa: SIM115  close() is for that

    def map(self, value: int) -> int:
        return broken(value)

    def close(self) -> None:
        self.file.close()


class Kept(KeyedProcessFunction):  # type: ignore[misc]
    """Its state has the very type that its stream has."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self.sum = runtime_context.get_state(ValueStateDescriptor("sum", WHOLE))

    def process_element(self, value: int, ctx: KeyedProcessFunction.Context) -> Iterator[int]:
        total = (self.sum.value() or 0) + value
        self.sum.update(total)
        yield total


def endings() -> dict[str, str]:
    """Of jobs whose functions cannot go on."""

    def numbers(job: SecureJob) -> DataStream:
        return job.env.from_collection(list(range(20)), type_info=Types.LONG())

    def by(job: SecureJob) -> Any:
        return fast(numbers(job).key_by(lambda n: n % 2, Types.LONG()))

    return {
        "raises": ending(lambda job: fast(numbers(job)).map(broken, Types.LONG())),
        "wrong type": ending(lambda job: fast(numbers(job)).map(str, Types.LONG())),
        "closes badly": ending(lambda job: fast(numbers(job)).map(ClosesBadly(opens=True), WHOLE)),
        "opens and closes badly": ending(
            lambda job: fast(numbers(job)).map(ClosesBadly(opens=False), WHOLE)
        ),
        "late state": ending(lambda job: by(job).process(LateState(), Types.LONG())),
        "wrong state": ending(lambda job: by(job).process(WrongState(), Types.LONG())),
    }


def shared() -> dict[str, list[Any]]:
    """What functions give that share a type with their stream, or give what nobody can import."""

    class Wrapped:
        def __init__(self, number: int) -> None:
            self.number = number

    def came(make: Callable[[DataStream], DataStream]) -> list[Any]:
        with SecureJob("borrows") as job:
            numbers = job.env.from_collection([1, 2, 3, 4, 5], type_info=WHOLE)
            with make(numbers).execute_and_collect() as found:
                return sorted(found)

    def keyed(numbers: DataStream) -> Any:
        return fast(numbers.key_by(lambda n: n % 2, WHOLE))

    return {
        "reduced": came(lambda numbers: keyed(numbers).reduce(lambda a, b: a + b)),
        "kept": came(lambda numbers: keyed(numbers).process(Kept(), WHOLE)),
        "wrapped": came(
            lambda numbers: fast(fast(numbers).map(Wrapped)).map(lambda w: w.number, WHOLE)
        ),
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
