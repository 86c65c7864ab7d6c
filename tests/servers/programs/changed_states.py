# SPDX-License-Identifier: Apache-2.0
"""A job whose state's class is changed from start to start; it stops itself with a savepoint.

    changed_states.py DIRECTORY VERSION MODE LINES

Its functions add lines to a file of the directory: how often each has been called, and with what.
"""

import enum
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.functions import FilterFunction
from pyflink.datastream.state import ListStateDescriptor, ValueStateDescriptor
from pyflink.table import StreamTableEnvironment

from flinksec_jobs import FlinkSecError, SecureJob, fast, key_by_field, record, row_type
from tests.patience import PATIENCE

DIRECTORY, VERSION, MODE, LINES = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
FILE = DIRECTORY / "lines"


class Two(enum.Enum):
    A = "a"
    B = "b"


class Three(enum.Enum):
    A = "a"
    B = "b"
    C = "c"


@record
class First:
    count: int
    kind: Two


@record
class Grown:
    note: str = "new"
    kind: Three | None = None
    count: int = 0


@record
class Shrunk:
    count: int


@record
class Other:
    count: str
    kind: Two


@record
class Needing:
    count: int
    kind: Two
    more: int


CLASSES: dict[str, Any] = {
    "first": First,
    "grown": Grown,
    "shrunk": Shrunk,
    "other": Other,
    "needing": Needing,
}
HELD = CLASSES[VERSION]
KINDS = (Three.A, Three.C) if VERSION == "grown" else (Two.A, Two.B)


class Counts(KeyedProcessFunction):  # type: ignore[misc]
    """Counts in a state of the class, and in a list of instances of it."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self.held = runtime_context.get_state(ValueStateDescriptor("held", row_type(HELD)))
        self.last = runtime_context.get_list_state(ListStateDescriptor("last", row_type(HELD)))

    def process_element(self, row: Any, ctx: Any) -> Iterator[str]:
        before = self.held.value()
        count = before.count + 1 if before else 1
        made = HELD(count=count, kind=KINDS[count % 2])
        self.held.update(made)
        self.last.update([*self.last.get(), made][-2:])
        notes = [getattr(each, "note", "-") for each in self.last.get()]
        yield f"{row.k} {count} {before and before.kind.value} {notes}"


class Written(FilterFunction):  # type: ignore[misc]
    """Writes lines to the file, and lets none through."""

    def filter(self, value: str) -> bool:
        with FILE.open("a") as file:
            file.write(f"{value}\n")
        return False


def lines() -> int:
    return len(FILE.read_text().splitlines()) if FILE.exists() else 0


def main() -> None:
    overrides: dict[str, Any] = {
        "state": {"directory": str(DIRECTORY / "state"), "sealed": False, "backend": "rocksdb"},
        "python": {"batch_execution_mode": MODE},
        "flink": {"restart-strategy.type": "none"},
    }
    enough = lines() + LINES
    try:
        with SecureJob("flink-changed-states", overrides=overrides) as job:
            tables = StreamTableEnvironment.create(job.env)
            tables.execute_sql(
                "CREATE TEMPORARY TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', "
                "'rows-per-second' = '100')"
            )
            query = tables.sql_query("SELECT CAST(MOD(ABS(n), 3) AS BIGINT) AS k FROM numbers")
            keyed = key_by_field(tables.to_data_stream(query), "k")
            fast(keyed).process(Counts(), Types.STRING()).filter(Written()).print()
            client = job.execute_async()
            end = time.monotonic() + PATIENCE
            while lines() < enough and time.monotonic() < end:
                time.sleep(0.1)
                if client.get_job_status().result().is_globally_terminal_state():
                    break
            client.stop_with_savepoint(False).result()
    except FlinkSecError as error:
        sys.stdout.write(str(error))


if __name__ == "__main__":
    main()
