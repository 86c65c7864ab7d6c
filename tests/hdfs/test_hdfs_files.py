# SPDX-License-Identifier: Apache-2.0
"""Files of every format on HDFS, read by others' readers: pyarrow, fastavro, Python's own."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow.orc  # type: ignore[import-untyped]
import pyarrow.parquet  # type: ignore[import-untyped]
import pytest
import zstandard

from flinksec_jobs.sandbox import Sandbox
from tests.pages import blocks
from tests.patience import PATIENCE

PROGRAM = Path(__file__).parent / "programs" / "hdfs_files.py"
NONE = "__HIVE_DEFAULT_PARTITION__"
FIRST = datetime(2024, 12, 29, 22, 0, 0, 123456, tzinfo=UTC)
CARRIERS = ["AA", "", "ü b", "../x", "a:b/c=d%", " ", None, "_x", "長" * 100]
ROWS = 36


def flight(n: int) -> dict[str, Any]:
    """Return a flight as Python's readers give it."""
    departed = FIRST + n * timedelta(minutes=7)
    return {
        "n": n - 5,
        "carrier": CARRIERS[n % len(CARRIERS)],
        "departed_at": departed,
        "day": departed.date() if n % 5 else date.min,  # of no other calendar
        "fare": Decimal(n - 3) * Decimal("123456789012345.67"),
        "small": None if n % 4 == 0 else Decimal(n) / 8,
        "place": None if n % 3 == 0 else {"name": f"p{n % 2}", "lat": None if n % 2 else n / 7},
        "tags": [f"t{i}" for i in range(n % 3)],
        "legs": [{"name": "x", "lat": None}, {"name": "y", "lat": 0.1}][: n % 3],
        "counts": {"a": n, "b": None} if n % 2 else {},
        "raw": bytes([0, n % 256, 255]),
        "late": n % 2 == 0,
    }


def as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat()


FLIGHTS = [flight(n) for n in range(ROWS)]


@dataclass
class Written:
    """What the program said of what was refused, and the files, copied."""

    refused: dict[str, str]
    files: Path

    def of(self, name: str) -> list[Path]:
        return sorted(path for path in (self.files / name).rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def written(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Written:
    home = tmp_path_factory.mktemp("hdfs-files")
    sandbox.create_topics({"hdfs-files": 1, "departures": 1, "departures-again": 1, "sales": 1})
    left = {"carrier": "AA", "departed_at": "2024-12-30T23:59:59.5Z"}
    sandbox.produce("departures", [f"0\tk\t{json.dumps(left)}"])
    sale = {"shop": "a", "sold_at": 1735603199500, "cents": 5}
    sandbox.produce("sales", [f"0\tk\t{json.dumps(sale)}"])
    examples = blocks("docs/hdfs.md", "python")
    script = home / "example.py"
    script.write_text("\n".join(example.text for example in examples))
    sandbox.produce("hdfs-files", [f"0\tk\t{json.dumps(one, default=as_json)}" for one in FLIGHTS])
    settings = home / "settings.toml"
    sandbox.write_settings(settings)
    done = subprocess.run(
        [sys.executable, PROGRAM, settings, home / "copies", script],
        env=os.environ
        | {
            "FLINKSEC_LOG_FILE": str(home / "logs" / "jobs.log"),
            "FLINKSEC_SETTINGS": str(settings),
        },
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return Written(json.loads(done.stdout.splitlines()[-1]), home / "copies")


def parquet(path: Path) -> list[dict[str, Any]]:
    rows = pyarrow.parquet.ParquetFile(path).read().to_pylist()
    return [row | {"counts": dict(row["counts"])} for row in rows]


def orc(path: Path) -> list[dict[str, Any]]:
    table = pyarrow.orc.ORCFile(path).read()
    place = table.schema.get_field_index("departed_at")
    assert table.schema.field(place).type == pyarrow.timestamp("ns", tz="UTC")
    # What is finer than microseconds is not cut off here: that fails.
    times = table.column(place).cast(pyarrow.timestamp("us", tz="UTC"))
    rows = table.set_column(place, "departed_at", times).to_pylist()
    return [row | {"counts": dict(row["counts"])} for row in rows]


def avro(path: Path) -> list[dict[str, Any]]:
    with path.open("rb") as file:
        rows: Any = fastavro.reader(file)
        return list(rows)


def lines(text: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.decode().splitlines()]


def unzstd(path: Path) -> list[dict[str, Any]]:
    with path.open("rb") as file:
        return lines(zstandard.ZstdDecompressor().stream_reader(file).read())


READERS: Mapping[str, tuple[str, Callable[[Path], list[dict[str, Any]]]]] = {
    "json": (".json", lambda path: lines(path.read_bytes())),
    "json-gzip": (".json.gz", lambda path: lines(gzip.decompress(path.read_bytes()))),
    "json-zstd": (".json.zst", unzstd),
    "avro": (".avro", avro),
    "parquet": (".parquet", parquet),
    "parquet-snappy": (".parquet", parquet),
    "parquet-gzip": (".parquet", parquet),
    "parquet-lz4": (".parquet", parquet),
    "parquet-none": (".parquet", parquet),
    "orc": (".orc", orc),
    "orc-snappy": (".orc", orc),
    "orc-zlib": (".orc", orc),
    "orc-lz4": (".orc", orc),
    "orc-none": (".orc", orc),
}


def by_number(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: int(row["n"]))


@pytest.mark.parametrize("name", READERS)
def test_files_hold_each_row_once_as_foreign_readers_see_them(written: Written, name: str) -> None:
    suffix, read = READERS[name]
    files = written.of(name)
    assert files
    assert all(file.name.startswith("part-") and file.name.endswith(suffix) for file in files)
    rows = by_number(row for file in files for row in read(file))
    if suffix.startswith(".json"):
        parsed = [json.loads(json.dumps(one, default=as_json)) for one in FLIGHTS]
        assert [row["carrier"] for row in rows] == [one["carrier"] for one in parsed]
        assert [row["legs"] for row in rows] == [one["legs"] for one in parsed]
    else:
        assert rows == FLIGHTS


def test_avro_says_its_codec_and_the_name_of_its_record(written: Written) -> None:
    # fastavro has no zstd of its own; what is in such blocks is Avro's own reader's to say.
    header = written.of("avro-zstd")[0].read_bytes()[:2000]
    assert header.startswith(b"Obj\x01")
    assert b"zstandard" in header
    assert b'"name":"Flight","namespace":"com.example"' in header


def test_parquet_says_what_its_columns_are(written: Written) -> None:
    schema = pyarrow.parquet.ParquetFile(written.of("parquet")[0]).schema_arrow
    assert {field.name: (str(field.type), field.nullable) for field in schema} == {
        "n": ("int64", False),
        "carrier": ("string", True),
        "departed_at": ("timestamp[us, tz=UTC]", False),
        "day": ("date32[day]", False),
        "fare": ("decimal128(20, 2)", False),
        "small": ("decimal128(9, 3)", True),
        "place": ("struct<name: string not null, lat: double>", True),
        "tags": ("list<element: string not null>", False),
        "legs": ("list<element: struct<name: string not null, lat: double> not null>", False),
        "counts": ("map<string, int64 ('counts')>", False),
        "raw": ("binary", False),
        "late": ("bool", False),
    }


@pytest.mark.parametrize("compression", ["zstd", "snappy", "gzip", "lz4", "none"])
def test_parquet_is_compressed_as_it_was_asked_for(written: Written, compression: str) -> None:
    name = "parquet" if compression == "zstd" else f"parquet-{compression}"
    column = pyarrow.parquet.ParquetFile(written.of(name)[0]).metadata.row_group(0).column(0)
    # LZ4 is LZ4_RAW here, not the deprecated framing of the same name.
    assert column.compression == {"none": "UNCOMPRESSED"}.get(compression, compression.upper())


@pytest.mark.parametrize("compression", ["zstd", "snappy", "zlib", "lz4", "none"])
def test_orc_is_compressed_as_it_was_asked_for(written: Written, compression: str) -> None:
    name = "orc" if compression == "zstd" else f"orc-{compression}"
    file = pyarrow.orc.ORCFile(written.of(name)[0])
    assert file.compression == {"none": "UNCOMPRESSED"}.get(compression, compression.upper())


@pytest.mark.parametrize(("name", "read"), [("parquet", parquet), ("orc", orc)])
def test_compacted_partitions_have_one_file_and_a_mark_whatever_they_are_called(
    written: Written, name: str, read: Callable[[Path], list[dict[str, Any]]]
) -> None:
    top = written.files / f"compacted-{name}"
    found = written.of(f"compacted-{name}")
    files = [path for path in found if path.name != "_SUCCESS"]
    assert all(path.name.startswith("compacted-part-") for path in files)
    assert by_number(row for file in files for row in read(file)) == FLIGHTS
    partitions = [path.parent for path in files]
    assert len(set(partitions)) == len(files)
    assert any("%" in str(path.relative_to(top)) for path in partitions)
    marks = [path for path in found if path.name == "_SUCCESS"]
    assert sorted(path.parent for path in marks) == sorted(partitions)
    assert not any(path.stat().st_size for path in marks)


def escaped(text: str | None) -> str:
    """Return what Hive makes of a value, by its rules."""
    if not text:
        return NONE
    if text == " ":
        return "%20"
    return "".join(f"%{ord(c):02X}" if c in "\"#%'*/:=?\\\x7f{}[]^" else c for c in text)


def test_partitions_are_by_fields_and_times_whatever_they_hold(written: Written) -> None:
    found = {}
    for file in written.of("by-fields"):
        for row in parquet(file):
            found[row["n"]] = file.parent.relative_to(written.files / "by-fields")
    assert len(found) == ROWS
    for one in FLIGHTS:
        carrier, day = found[one["n"]].parts
        if one["carrier"] and len(one["carrier"]) > 50:
            assert len(carrier.encode()) <= 255
            assert carrier.startswith("carrier=長長長")
        else:
            assert carrier == f"carrier={escaped(one['carrier'])}"
        assert day == f"day={one['departed_at']:%Y-%m-%d}"


def test_partitions_by_event_time_are_those_of_pythons_strftime(written: Written) -> None:
    found = {
        row["n"]: str(file.parent.relative_to(written.files / "by-event-time"))
        for file in written.of("by-event-time")
        for row in parquet(file)
    }
    assert found == {
        one["n"]: format(one["departed_at"], "%Y/week=%G-%V/hour=%H") for one in FLIGHTS
    }


def test_partitions_may_be_by_a_field_within_another(written: Written) -> None:
    found = {
        row["n"]: str(file.parent.relative_to(written.files / "by-place"))
        for file in written.of("by-place")
        for row in parquet(file)
    }
    assert found == {
        one["n"]: f"at={one['place']['name'] if one['place'] else NONE}"
        f"/{str(one['late']).lower()}-{one['day']}"
        for one in FLIGHTS
    }


def test_the_example_of_the_page_writes_what_the_page_says(written: Written) -> None:
    (file,) = written.of("example")
    assert file.parent.relative_to(written.files / "example") == Path("carrier=AA/day=2024-12-30")
    assert pyarrow.parquet.ParquetFile(file).read().to_pylist() == [
        {"carrier": "AA", "departed_at": datetime(2024, 12, 30, 23, 59, 59, 500_000, tzinfo=UTC)}
    ]


def test_the_example_of_the_page_reads_what_the_other_one_wrote(
    written: Written, sandbox: Sandbox
) -> None:
    assert written.files
    assert [json.loads(value) for value in sandbox.consume("departures-again")] == [
        {"carrier": "AA", "departed_at": "2024-12-30T23:59:59.500Z"}
    ]


def test_the_example_of_a_partition_that_is_marked_does_that(written: Written) -> None:
    found = written.of("sales")
    assert len(found) == 2, found  # which of the two is missing
    mark, file = found
    assert mark.relative_to(written.files / "sales") == Path("day=2024-12-30/_SUCCESS")
    assert file.parent == mark.parent
    rows = pyarrow.parquet.ParquetFile(file).read().to_pylist()
    assert rows == [{"shop": "a", "sold_at": 1735603199500, "cents": 5}]


def test_files_end_at_the_size_that_was_asked_for(written: Written) -> None:
    sizes = [file.stat().st_size for file in written.of("small")]
    # Others are smaller: the end of the job ended them, or a checkpoint on a busy machine.
    assert len([size for size in sizes if size >= 2000]) >= 2
    assert max(sizes) < 3000 < sum(sizes)


def test_partitions_that_the_records_do_not_have_are_refused_before_the_job_starts(
    written: Written,
) -> None:
    said = written.refused
    assert "{departed}, and its records have n, carrier, departed_at" in said["no such field"]
    assert "say how it is written, as {…:%Y-%m-%d}" in said["a datetime as it is"]
    assert "leave the format out" in said["a text as a time"]
    assert "makes no name of a directory" in said["a list"]


@pytest.mark.parametrize("name", ["parquet", "orc", "avro"])
def test_a_schema_that_changed_is_told_by_its_columns_before_the_job_starts(
    written: Written, name: str
) -> None:
    said = written.refused[name]
    assert f"the HDFS path /data/files/{name} is not that of the newest file there" in said
    assert f"/data/files/{name}/part-" in said
    assert re.search("'n' was (int64|bigint|long) and is (string|binary)", said), said
    assert 'schema_change="accept"' in said
