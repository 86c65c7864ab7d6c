# SPDX-License-Identifier: Apache-2.0
"""The jobs of test_hdfs_files.py, one after the other in one JVM.

    hdfs_files.py SETTINGS COPIES EXAMPLE

Prints, as JSON, what each that is refused came to. COPIES is a directory to be made, to which what
is on HDFS is copied; EXAMPLE a file of Python that is run as a job, too.
"""

import json
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from flinksec_jobs import SecureJob, field, record
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.formats.avro import Avro
from flinksec_jobs.formats.orc import Orc
from flinksec_jobs.formats.parquet import Parquet
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import HdfsSettings, load_settings

SETTINGS, COPIES, EXAMPLE = sys.argv[1:]
FORMATS: dict[str, dict[str, Any]] = {
    "json": {"format": "json"},
    "json-gzip": {"format": "json", "compression": "gzip"},
    "json-zstd": {"format": "json", "compression": "zstd"},
    "avro": {"format": "avro"},
    "avro-zstd": {"format": Avro(record_name="com.example.Flight"), "compression": "zstd"},
    "parquet": {"format": "parquet"},
    "parquet-snappy": {"format": "parquet", "compression": "snappy"},
    "parquet-gzip": {"format": "parquet", "compression": "gzip"},
    "parquet-lz4": {"format": Parquet(row_group_size=1 << 16), "compression": "lz4"},
    "parquet-none": {"format": "parquet", "compression": "none"},
    "orc": {"format": "orc"},
    "orc-snappy": {"format": "orc", "compression": "snappy"},
    "orc-zlib": {"format": "orc", "compression": "zlib"},
    "orc-lz4": {"format": Orc(stripe_size=1 << 16), "compression": "lz4"},
    "orc-none": {"format": "orc", "compression": "none"},
}
PARTITIONED = {
    "by-fields": "carrier={carrier}/day={departed_at:%Y-%m-%d}",
    "by-event-time": "{:%Y}/week={:%G-%V}/hour={:%H}",
    "by-place": "at={place.name}/{late}-{day}",
}
COMPACTED: dict[str, Any] = {
    "partition_by": "carrier={carrier}/day={departed_at:%Y-%m-%d}",
    "compact_size": 1 << 20,
    "success_file": "_SUCCESS",
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


def job(name: str) -> SecureJob:
    return SecureJob(f"flink-{name}", settings=SETTINGS, overrides={"job.resume": "never"})


def write_all() -> None:
    with job("files") as made:
        flights = made.from_kafka("hdfs-files", Flight, bounded=True, event_time="departed_at")
        for name, options in FORMATS.items():
            flights.sink_to(made.to_hdfs(f"/data/files/{name}", **options))
        for name, pattern in PARTITIONED.items():
            path = f"/data/files/{name}"
            flights.sink_to(made.to_hdfs(path, format="parquet", partition_by=pattern))
        for name in ("orc", "parquet"):
            path = f"/data/files/compacted-{name}"
            flights.sink_to(made.to_hdfs(path, format=name, **COMPACTED))
        small = made.to_hdfs("/data/files/small", roll_size=2000, roll_after="1 h")
        flights.sink_to(small)


def copy() -> None:
    uri = load_settings(SETTINGS).need(HdfsSettings).uri
    path = jvm.view().org.apache.flink.core.fs.Path
    places = {"files": COPIES, "departures": f"{COPIES}/example", "sales": f"{COPIES}/sales"}
    for name, target in places.items():
        source, local = path(f"{uri}/data/{name}"), path(f"file://{target}")
        jvm.view().org.apache.flink.util.FileUtils.copy(source, local, False)


def to(**options: Any) -> Callable[[SecureJob, Any], Any]:
    return lambda made, stream: stream.sink_to(made.to_hdfs("/data/refused", **options))


REFUSED: dict[str, Callable[[SecureJob, Any], Any]] = {
    "no such field": to(partition_by="day={departed:%Y}"),
    "a datetime as it is": to(partition_by="day={departed_at}"),
    "a text as a time": to(partition_by="day={carrier:%Y}"),
    "a list": to(partition_by="tags={tags}"),
}


def refused(attach: Callable[[SecureJob, Any], Any]) -> str:
    try:
        made = job("refused")
        attach(made, made.from_kafka("hdfs-files", Flight, bounded=True))
    except FlinkSecError as error:
        return str(error)
    return "not refused"


@record
class Changed:
    n: str
    gate: str | None


def changed(format_: str) -> str:
    """What a job is told whose records are none of those of the files that are there."""
    try:
        with job("changed") as made:
            changes = made.from_kafka("hdfs-files", Changed, bounded=True)
            changes.sink_to(made.to_hdfs(f"/data/files/{format_}", format=format_))
    except FlinkSecError as error:
        return f"{error} {error.hint}"
    return "not refused"


def main() -> None:
    said = {name: refused(attach) for name, attach in REFUSED.items()}
    write_all()
    said |= {name: changed(name) for name in ("parquet", "orc", "avro")}
    exec(compile(Path(EXAMPLE).read_text(), EXAMPLE, "exec"), {"__name__": "example"})
    copy()
    sys.stdout.write(json.dumps(said) + "\n")


main()
