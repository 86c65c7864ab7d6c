# SPDX-License-Identifier: Apache-2.0
"""The jobs of test_hdfs_source.py, one after the other in one JVM.

    hdfs_source.py SETTINGS COPIES

Prints, as JSON, what each that may fail came to. COPIES is a
directory to be made, to which what the jobs wrote is copied.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pyflink.common import Row
from pyflink.datastream import ProcessFunction, RuntimeContext

from flinksec_jobs import SecureJob, field, record, row_type
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.formats.csv import Csv
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import HdfsSettings, load_settings

SETTINGS, COPIES = sys.argv[1:]
OURS: dict[str, dict[str, Any]] = {
    "json": {"format": "json", "partition_by": "carrier={carrier}"},
    "json-gzip": {"format": "json", "compression": "gzip", "partition_by": "{carrier}"},
    "json-zstd": {"format": "json", "compression": "zstd"},
    "avro": {"format": "avro", "partition_by": "kind={kind}"},
    "avro-zstd": {"format": "avro", "compression": "zstd"},
    "parquet": {"format": "parquet", "partition_by": "carrier={carrier}"},
    "orc": {"format": "orc", "partition_by": "late={late}"},
    "parquet-snappy": {"format": "parquet", "compression": "snappy"},
    "parquet-lz4": {"format": "parquet", "compression": "lz4"},
}


@record
class Place:
    name: str
    lat: float | None


@record
class Flight:
    n: int
    carrier: str | None
    departed_at: datetime
    day: date
    fare: Annotated[Decimal, field(precision=20, scale=2)]
    small: Annotated[Decimal | None, field(precision=9, scale=3)]
    place: Place | None
    tags: list[str]
    legs: list[Place]
    counts: dict[str, int | None]
    raw: bytes
    late: bool
    weight: float
    id: UUID
    kind: Literal["cargo", "people"]
    note: str = "none"


@record
class Flat:
    n: int
    text: str | None
    at: datetime
    day: date
    price: Annotated[Decimal, field(precision=9, scale=2)]


@record
class Line:
    text: str
    day: date


@record
class Counted:
    n: int
    at: datetime


def job(name: str, **overrides: Any) -> SecureJob:
    given = {"job.resume": "never"} | overrides
    return SecureJob(f"flink-source-{name}", settings=SETTINGS, overrides=given)


def read_foreign() -> None:
    with job("foreign", **{"job.parallelism": 1}) as made:
        for name, format_ in (
            ("parquet", "parquet"),
            ("avro", "avro"),
            ("orc", "orc"),
            ("json", "json"),
            ("json-compressed", "json"),
        ):
            flights = made.from_hdfs(f"/data/foreign/{name}", Flight, format=format_)
            flights.sink_to(made.to_hdfs(f"/data/read/foreign-{name}", format="parquet"))
            if name == "parquet":
                for ours, options in OURS.items():
                    flights.sink_to(made.to_hdfs(f"/data/ours/{ours}", **options))
        flat = made.from_hdfs("/data/foreign/csv", Flat, format=Csv(quote="'"))
        flat.sink_to(made.to_hdfs("/data/read/foreign-csv", format="parquet"))
        flat.sink_to(made.to_hdfs("/data/ours/csv", format="csv", partition_by="day={day}"))
        lines = made.from_hdfs("/data/foreign/text", Line, format="raw", event_time=None)
        lines.sink_to(made.to_hdfs("/data/read/foreign-text", format="parquet"))


def read_ours() -> None:
    with job("ours", **{"job.parallelism": 1}) as made:
        for name, options in OURS.items():
            flights = made.from_hdfs(f"/data/ours/{name}", Flight, format=options["format"])
            flights.sink_to(made.to_hdfs(f"/data/read/ours-{name}", format="parquet"))
        flat = made.from_hdfs("/data/ours/csv", Flat, format="csv")
        flat.sink_to(made.to_hdfs("/data/read/ours-csv", format="parquet"))


@record
class Timed:
    at: datetime
    watermark: int


class Watermarks(ProcessFunction):  # type: ignore[misc]
    """Gives of each row its time, and the watermark that it meets, and gives that time to come."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self._seen = 0

    def process_element(self, row: Row, context: ProcessFunction.Context) -> Iterator[Row]:
        yield Row(at=row.departed_at, watermark=context.timer_service().current_watermark())
        self._seen += 1
        time.sleep(0.5 if self._seen < 4 else 0)


def read_by_event_time() -> None:
    with job("times", **{"job.parallelism": 1}) as made:
        flights = made.from_hdfs(
            "/data/ours/json-zstd", Flight, event_time="departed_at", out_of_orderness="1 s"
        )
        times = flights.process(Watermarks(), output_type=row_type(Timed))
        times.sink_to(made.to_hdfs("/data/read/watermarks", format="parquet"))
        by_day = made.to_hdfs(
            "/data/read/by-day", partition_by="day={:%Y-%m-%d}", success_file="_SUCCESS"
        )
        flights.sink_to(by_day)


@record
class Letter:
    value: bytes | None
    headers: dict[str, bytes | None]


def read_letters() -> None:
    with job("letters") as made:
        letters = made.from_kafka(
            "source-letters", Letter, format="raw", bounded=True, metadata={"headers": "headers"}
        )
        letters.sink_to(made.to_hdfs("/data/read/letters", format="parquet"))


def bad(on_error: str, path: str = "/data/foreign/bad") -> Callable[[], None]:
    def run() -> None:
        with job(f"bad-{on_error}", **{"job.dead_letters": "source-letters"}) as made:
            rows = made.from_hdfs(path, Counted, event_time="at", on_error=on_error)  # type: ignore[arg-type]
            rows.sink_to(made.to_hdfs(f"/data/read/bad-{on_error}", format="parquet"))

    return run


def bad_format(path: str, format_: str) -> Callable[[], None]:
    def run() -> None:
        with job("bad-format") as made:
            rows = made.from_hdfs(path, Counted, format=format_)
            rows.sink_to(made.to_hdfs("/data/read/bad-format"))

    return run


def as_guest() -> None:
    settings = load_settings(SETTINGS)
    assert settings.kerberos
    with job("forbidden") as made:
        rows = made.from_hdfs("/private", Counted)
        rows.sink_to(made.to_hdfs("/data/read/forbidden"))


TRIED: dict[str, Callable[[], None]] = {
    "fail": bad("fail"),
    "skip": bad("skip"),
    "dead_letter": bad("dead_letter"),
    "missing": bad("fail", "/data/nowhere"),
    "not avro": bad_format("/data/foreign/bad", "avro"),
    "forbidden": as_guest,
}


def said(run: Callable[[], None]) -> str:
    try:
        run()
    except FlinkSecError as error:
        return f"{error}; hint: {error.hint}"
    return ""


def copy() -> None:
    uri = load_settings(SETTINGS).need(HdfsSettings).uri
    path = jvm.view().org.apache.flink.core.fs.Path
    jvm.view().org.apache.flink.util.FileUtils.copy(
        path(f"{uri}/data/read"), path(f"file://{COPIES}"), False
    )


def main() -> None:
    read_foreign()
    read_ours()
    read_by_event_time()
    found = {name: said(run) for name, run in TRIED.items()}
    read_letters()
    copy()
    sys.stdout.write(json.dumps(found) + "\n")


main()
