# SPDX-License-Identifier: Apache-2.0
"""Files on HDFS as a source: those that others wrote, and our own, read back.

The others are pyarrow, fastavro, Python's own writers, and Hadoop's shell, which puts them there.
"""

from __future__ import annotations

import base64
import csv
import gzip
import json
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow  # type: ignore[import-untyped]
import pyarrow.dataset  # type: ignore[import-untyped]
import pyarrow.orc  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]
import pytest
import zstandard

from flinksec_jobs.sandbox import Sandbox
from tests.hdfs.hadoop_shell import HadoopShell
from tests.patience import PATIENCE

PROGRAM = Path(__file__).parent / "programs" / "hdfs_source.py"
ROWS = 120
LINE_ENDS = "a\nb\r\n'c'\n"
CARRIERS = ["AA", "", "ü b", "../x", "a:b/c=d%25", " x ", None, "_x", ".y", "~z", "%41", "長" * 25]
FIRST = datetime(2024, 12, 29, 22, 0, 0, 123456, tzinfo=UTC)
SEED = 20241230


def flight(n: int, chance: random.Random) -> dict[str, Any]:
    """Return a flight as Python's readers give it."""
    departed = FIRST + n * timedelta(minutes=7)
    some = chance.choice
    return {
        "n": some([n, -n, 2**63 - 1, -(2**63)]) if n > 20 else n,
        "carrier": CARRIERS[n % len(CARRIERS)],
        "departed_at": some([departed, datetime(1, 1, 1, tzinfo=UTC), departed.replace(year=9999)]),
        "day": some([departed.date(), date(1, 1, 1), date(9999, 12, 31), date(1969, 12, 31)]),
        "fare": some([Decimal("-0.01"), Decimal(n) / 4, Decimal("999999999999999999.99")]),
        "small": some([None, Decimal(n) / 8, Decimal("-999999.999")]),
        "place": some([None, {"name": "", "lat": None}, {"name": "ü", "lat": -0.1}]),
        "tags": [some(["", "t", "\u2028", "😀"]) for _ in range(chance.randrange(4))],
        "legs": [{"name": "x", "lat": some([None, 1e300])} for _ in range(chance.randrange(3))],
        "counts": {f"k{i}": some([None, i]) for i in range(chance.randrange(3))},
        "raw": chance.randbytes(chance.randrange(9)),
        "late": some([True, False]),
        "weight": some([0.0, 0.1, -1e-300, 1.7e308]),
        "id": str(uuid.UUID(int=chance.getrandbits(128))),
        "kind": some(["cargo", "people"]),
        "note": some(["none", "n", LINE_ENDS]),
    }


CHANCE = random.Random(SEED)
FLIGHTS = [flight(n, CHANCE) for n in range(ROWS)]
FLAT = [
    {
        "n": n,
        "text": ["a,b", "'", LINE_ENDS, "", None, " x", "ü"][n % 7],
        "at": FIRST + timedelta(hours=n),
        "day": (FIRST + timedelta(hours=n)).date(),
        "price": Decimal(n) / 4,
    }
    for n in range(50)
]
PLACE = pyarrow.struct([("name", pyarrow.string()), ("lat", pyarrow.float64())])
SCHEMA = pyarrow.schema(
    {
        "n": pyarrow.int64(),
        "carrier": pyarrow.string(),
        "departed_at": pyarrow.timestamp("us", "Europe/Berlin"),
        "day": pyarrow.date32(),
        "fare": pyarrow.decimal128(20, 2),
        "small": pyarrow.decimal128(9, 3),
        "place": PLACE,
        "tags": pyarrow.list_(pyarrow.string()),
        "legs": pyarrow.large_list(PLACE),
        "counts": pyarrow.map_(pyarrow.string(), pyarrow.int64()),
        "raw": pyarrow.large_binary(),
        "late": pyarrow.bool_(),
        "weight": pyarrow.float64(),
        "id": pyarrow.binary(16),
        "kind": pyarrow.string(),
        "note": pyarrow.large_string(),
        "more": pyarrow.list_(pyarrow.struct([("x", pyarrow.int8())])),
    }
)


# For what pyarrow's writer of ORC does not know, other types that hold the same.
SMALL = {
    "departed_at": pyarrow.timestamp("us", "UTC"),
    "legs": pyarrow.list_(PLACE),
    "raw": pyarrow.binary(),
    "note": pyarrow.string(),
}


def as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat()


def lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, default=as_json) + "\r\n" for row in rows).encode()


def decimal(precision: int, scale: int) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


def write_foreign(home: Path) -> None:
    """Write what others have."""
    partitioned = [row | {"counts": list(row["counts"].items())} for row in FLIGHTS]
    table = pyarrow.Table.from_pylist(
        [{**row, "id": uuid.UUID(row["id"]).bytes, "more": [{"x": 1}]} for row in partitioned],
        SCHEMA,
    )
    # Some of its fields in the names of directories alone, as Hive and Spark have them.
    pyarrow.dataset.write_dataset(
        table,
        home / "parquet",
        format="parquet",
        partitioning=pyarrow.dataset.partitioning(
            pyarrow.schema([("carrier", pyarrow.string()), ("kind", pyarrow.string())]),
            flavor="hive",
        ),
        max_partitions=2000,
        file_options=pyarrow.dataset.ParquetFileFormat().make_write_options(
            compression="zstd", data_page_version="2.0"
        ),
        max_rows_per_group=7,
        min_rows_per_group=1,
    )
    (home / "orc").mkdir()
    columns = [(f.name, pyarrow.string() if f.name == "id" else f.type) for f in SCHEMA]
    columns = [(n, SMALL.get(n, t)) for n, t in columns if n != "more"]
    pyarrow.orc.write_table(
        pyarrow.Table.from_pylist(partitioned, pyarrow.schema(columns)),
        home / "orc" / "a.orc",
        compression="zstd",
        stripe_size=1 << 10,
    )
    (home / "avro").mkdir()
    schema = {
        "type": "record",
        "name": "F",
        "fields": [
            {"name": "more", "type": {"type": "array", "items": "string"}},
            {"name": "n", "type": "long"},
            {"name": "carrier", "type": ["null", "string"]},
            {"name": "departed_at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
            {"name": "day", "type": {"type": "int", "logicalType": "date"}},
            {"name": "fare", "type": decimal(20, 2)},
            {"name": "small", "type": ["null", decimal(9, 3)]},
            {"name": "place", "type": ["null", {"type": "record", "name": "P", "fields": [
                {"name": "name", "type": "string"}, {"name": "lat", "type": ["null", "double"]}]}]},
            {"name": "tags", "type": {"type": "array", "items": "string"}},
            {"name": "legs", "type": {"type": "array", "items": "P"}},
            {"name": "counts", "type": {"type": "map", "values": ["null", "long"]}},
            {"name": "raw", "type": "bytes"},
            {"name": "late", "type": "boolean"},
            {"name": "weight", "type": "double"},
            {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
            {"name": "kind", "type": {"type": "enum", "name": "K", "symbols": ["cargo", "people"]}},
            {"name": "note", "type": "string"},
        ],
    }  # fmt: skip
    for number in range(3):
        with (home / "avro" / f"{number}").open("wb") as file:
            rows = [row | {"more": ["a"]} for row in FLIGHTS[number::3]]
            fastavro.writer(file, schema, rows, codec="deflate", sync_interval=500)
    (home / "json").mkdir()
    middle = ROWS // 2
    (home / "json" / "a").write_bytes(b"\xef\xbb\xbf" + lines(FLIGHTS[:middle]) + b"\n \n")
    (home / "json" / "b.json").write_bytes(lines(FLIGHTS[middle:]).removesuffix(b"\r\n"))
    for hidden in ("_SUCCESS", ".b.json.crc", "c.json._COPYING_", "_temporary/d", ".hidden/e"):
        (home / "json" / hidden).parent.mkdir(exist_ok=True)
        (home / "json" / hidden).write_text("not json\n")
    (home / "json" / "empty").touch()
    (home / "json-compressed").mkdir()
    packed = zstandard.ZstdCompressor().compress
    parts = [lines(FLIGHTS[:20]), lines(FLIGHTS[20:30]), lines(FLIGHTS[30:])]
    (home / "json-compressed" / "a.gz").write_bytes(b"".join(map(gzip.compress, parts[:2])))
    (home / "json-compressed" / "b.json.zst").write_bytes(packed(parts[2]))
    (home / "csv").mkdir()
    with (home / "csv" / "a.csv").open("w", newline="") as file:
        writer = csv.writer(file, quotechar="'", quoting=csv.QUOTE_MINIMAL)
        for row in FLAT:
            text = row["text"]
            cells = [as_json(v) if not isinstance(v, int | str | None) else v for v in row.values()]
            if text == "":  # for what Python's writer has no other form than null's
                file.write(",".join("''" if cell == "" else str(cell) for cell in cells) + "\r\n")
            else:
                writer.writerow(cells)
    for day in ("2024-12-30", "2024-12-31"):
        (home / "text" / f"day={day}").mkdir(parents=True)
        (home / "text" / f"day={day}" / "log.txt").write_text(f"ü {day}\n\nlast")
    (home / "bad").mkdir()
    good = '{"n":1,"at":"2024-12-30T00:00:00Z"}\n'
    (home / "bad" / "lines.json").write_text(f'{good}secret\n{{"n":2,"at":null}}\n{good}')
    (home / "bad" / "more.json.gz").write_bytes(gzip.compress(f"{good}secret\n".encode()))


@dataclass
class Read:
    """What the program said, and what it read, copied."""

    said: dict[str, str]
    files: Path

    def rows(self, name: str) -> list[dict[str, Any]]:
        files = [path for path in (self.files / name).rglob("part-*") if path.is_file()]
        return [
            row | {"counts": dict(row["counts"])} if "counts" in row else row
            for file in sorted(files)
            for row in pyarrow.parquet.ParquetFile(file).read().to_pylist()
        ]


@pytest.fixture(scope="module")
def read(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Read:
    home = tmp_path_factory.mktemp("hdfs-source")
    write_foreign(home / "foreign")
    sandbox.create_topics({"source-letters": 1})
    with HadoopShell(sandbox) as hadoop:
        hadoop.fs("-put", home / "foreign", "/data/foreign")
        hadoop.fs("-chown", "-R", "flink", "/data/foreign")
        hadoop.fs("-mkdir", "-p", "/private")
        hadoop.fs("-chmod", "700", "/private")
    settings = home / "settings.toml"
    sandbox.write_settings(settings)
    done = subprocess.run(
        [sys.executable, PROGRAM, settings, home / "copies"],
        env=os.environ | {"FLINKSEC_LOG_FILE": str(home / "logs" / "jobs.log")},
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return Read(json.loads(done.stdout.splitlines()[-1]), home / "copies")


def by_id(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(row["id"]))


EXPECTED = by_id(FLIGHTS)


@pytest.mark.parametrize("name", ["parquet", "avro", "orc", "json", "json-compressed"])
def test_files_that_others_wrote_are_read_as_they_wrote_them(read: Read, name: str) -> None:
    expected = EXPECTED
    if name == "parquet":  # whose carrier stands in the name of its directory alone
        expected = by_id(row | {"carrier": row["carrier"] or None} for row in FLIGHTS)
    assert by_id(read.rows(f"foreign-{name}")) == expected


@pytest.mark.parametrize(
    "name",
    ["json", "json-gzip", "json-zstd", "avro", "avro-zstd", "orc", "parquet", "parquet-snappy",
     "parquet-lz4"],
)  # fmt: skip
def test_files_of_the_sink_are_read_back_as_the_rows_they_were(read: Read, name: str) -> None:
    first = by_id(read.rows("foreign-parquet"))
    assert len(first) == ROWS
    assert by_id(read.rows(f"ours-{name}")) == first


def test_watermarks_and_partitions_follow_the_event_time_of_files(read: Read) -> None:
    rows = read.rows("watermarks")
    assert sorted(row["at"] for row in rows) == sorted(row["departed_at"] for row in FLIGHTS)
    marks, none = {row["watermark"] for row in rows}, -(2**63)
    epoch, second = datetime(1970, 1, 1, tzinfo=UTC), 1001  # and a millisecond, as Flink counts
    times = {(row["at"] - epoch) // timedelta(milliseconds=1) for row in rows}
    assert none in marks
    assert marks - {none}
    assert marks - {none} <= {time - second for time in times}
    days = {path.name for path in (read.files / "by-day").iterdir()}
    assert days == {f"day={row['departed_at'].date().isoformat()}" for row in FLIGHTS}
    assert all((read.files / "by-day" / day / "_SUCCESS").exists() for day in days)


@pytest.mark.parametrize("name", ["foreign-csv", "ours-csv"])
def test_lines_of_csv_may_go_on_between_quotes(read: Read, name: str) -> None:
    assert sorted(read.rows(name), key=lambda row: row["n"]) == FLAT


def test_lines_of_text_have_fields_of_their_directories(read: Read) -> None:
    found = [(row["text"], row["day"]) for row in read.rows("foreign-text")]
    days = (date(2024, 12, 30), date(2024, 12, 31))
    assert sorted(found) == sorted((text, day) for day in days for text in (f"ü {day}", "", "last"))


def test_a_bad_record_fails_the_job_by_its_file_and_place_and_never_by_its_content(
    read: Read,
) -> None:
    assert "the record at byte 36 of the file hdfs://" in read.said["fail"]
    assert "/data/foreign/bad/lines.json cannot be decoded" in read.said["fail"]
    assert "secret" not in "".join(read.said.values())


def test_bad_records_may_be_left_out_and_the_others_are_read(read: Read) -> None:
    assert (read.said["skip"], read.said["dead_letter"]) == ("", "")
    for name in ("bad-skip", "bad-dead_letter"):
        assert [row["n"] for row in read.rows(name)] == [1, 1, 1]


def test_a_dead_letter_has_the_bytes_of_the_record_its_file_and_its_place(read: Read) -> None:
    letters = read.rows("letters")
    told = [dict(one["headers"]) for one in letters]
    found = sorted(
        (
            said["__flinksec.file"].decode().rpartition("/")[2],
            said["__flinksec.position"].decode(),
            one["value"],
        )
        for one, said in zip(letters, told, strict=True)
    )
    assert found == [
        ("lines.json", "byte 36", b"secret"),
        ("lines.json", "byte 43", b'{"n":2,"at":null}'),
        ("more.json.gz", "line 2", b"secret"),
    ]
    assert {said["__flinksec.holds"] for said in told} == {b"bytes"}


def test_what_cannot_be_read_at_all_is_told_by_the_name_of_the_path_or_file(read: Read) -> None:
    assert "from_hdfs('/data/nowhere'): HDFS has no such path" in read.said["missing"]
    assert "/data/foreign/bad/lines.json cannot be read: Not an Avro" in read.said["not avro"]
    assert "the administrator of HDFS" in read.said["forbidden"]
