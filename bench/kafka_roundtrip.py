# SPDX-License-Identifier: Apache-2.0
"""Copy a topic of JSON through typed rows: the library, raw PyFlink, Flink SQL, a bare loop.

All connect with the same login and TLS, and write at least once. Raw PyFlink has Flink's own JSON
formats. The bare loop is Kafka's clients alone, copying bytes: what is left is what Flink costs.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from bench.sealed_state import jdk
from bench.side_by_side import CAPTION, TOPIC, for_benches, running_seconds, table
from flinksec_jobs import FlinkSecError, SecureJob, row_type
from flinksec_jobs.demo import flights
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.sandbox import Sandbox
from jobs.flight_delays import Flight

if TYPE_CHECKING:
    from pyflink.datastream import DataStream

    from flinksec_jobs import Settings

LETTERS = "bench-dead-letters"
LOOP = Path(__file__).with_name("KafkaLoop.java")


@dataclass(frozen=True)
class Way:
    """One way to copy.

    Attributes:
        name: of the row in the table.
        build: makes the job; None for the bare loop.
        keeps_letters: whether the settings name a topic of dead letters, and the job makes them.
    """

    name: str
    build: Callable[[SecureJob, str], None] | None
    keeps_letters: bool = False


def ours_in(job: SecureJob) -> DataStream:
    """Rows by the library's source."""
    return job.from_kafka(TOPIC, Flight, bounded=True)


def ours_out(job: SecureJob, rows: DataStream, to: str) -> None:
    """Rows to the library's sink."""
    rows.sink_to(job.to_kafka(to, delivery="at_least_once"))


def raw_in(job: SecureJob) -> DataStream:
    """Rows by PyFlink's source and Flink's JSON."""
    from pyflink.common import WatermarkStrategy
    from pyflink.datastream.connectors.kafka import KafkaOffsetsInitializer, KafkaSource
    from pyflink.datastream.formats.json import JsonRowDeserializationSchema

    properties = job.kafka_properties()
    schema = JsonRowDeserializationSchema.builder().type_info(row_type(Flight)).build()
    builder = (
        KafkaSource.builder()
        .set_bootstrap_servers(properties["bootstrap.servers"])
        .set_topics(TOPIC)
        .set_group_id("flink-bench")
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_bounded(KafkaOffsetsInitializer.latest())
        .set_value_only_deserializer(schema)
    )
    for name, value in properties.items():
        builder.set_property(name, value)
    none = WatermarkStrategy.no_watermarks()
    return job.env.from_source(builder.build(), none, "raw Kafka")


def raw_out(job: SecureJob, rows: DataStream, to: str) -> None:
    """Rows to PyFlink's sink with Flink's JSON."""
    from pyflink.datastream.connectors.base import DeliveryGuarantee
    from pyflink.datastream.connectors.kafka import KafkaRecordSerializationSchema, KafkaSink
    from pyflink.datastream.formats.json import JsonRowSerializationSchema

    properties = job.kafka_properties()
    values = JsonRowSerializationSchema.builder().with_type_info(row_type(Flight)).build()
    records = (
        KafkaRecordSerializationSchema.builder()
        .set_topic(to)
        .set_value_serialization_schema(values)
        .build()
    )
    builder = (
        KafkaSink.builder()
        .set_bootstrap_servers(properties["bootstrap.servers"])
        .set_delivery_guarantee(DeliveryGuarantee.AT_LEAST_ONCE)
        .set_record_serializer(records)
    )
    for name, value in properties.items():
        builder.set_property(name, value)
    rows.sink_to(builder.build())


def shortened(flight: Any) -> Any:
    """The Python function of the second table: hands the row on."""
    return flight


def through_python(rows: DataStream) -> DataStream:
    """Rows into Python and back."""
    return rows.map(shortened, output_type=row_type(Flight))


def in_sql(job: SecureJob, to: str) -> None:
    """The same in SQL, with Flink's JSON."""
    from pyflink.table import StreamTableEnvironment

    tables = StreamTableEnvironment.create(job.env)
    quoted = {name: value.replace("'", "''") for name, value in job.kafka_properties().items()}
    login = ", ".join(f"'properties.{name}' = '{value}'" for name, value in quoted.items())
    columns = ", ".join(
        f"`{field.name}` {'BIGINT' if 'int' in str(field.type) else 'STRING'}"
        for field in dataclasses.fields(Flight)
    )
    common = f"'connector' = 'kafka', 'format' = 'json', {login}"
    tables.execute_sql(
        f"CREATE TABLE flights_in ({columns}) WITH ({common}, 'topic' = '{TOPIC}', "
        "'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset')"
    )
    tables.execute_sql(f"CREATE TABLE flights_out ({columns}) WITH ({common}, 'topic' = '{to}')")
    statements = tables.create_statement_set()
    statements.add_insert_sql("INSERT INTO flights_out SELECT * FROM flights_in")
    statements.attach_as_datastream()


COPY = "Kafka to Kafka, rows"
PYTHON = "Kafka, a Python function, Kafka"
TABLES: dict[str, list[Way]] = {
    COPY: [
        Way("the library", lambda job, to: ours_out(job, ours_in(job), to)),
        Way("the library, with letters", lambda job, to: ours_out(job, ours_in(job), to), True),
        Way("raw PyFlink", lambda job, to: raw_out(job, raw_in(job), to)),
        Way("Flink SQL", in_sql),
        Way("bare loop of clients", None),
    ],
    PYTHON: [
        Way("the library ", lambda job, to: ours_out(job, through_python(ours_in(job)), to)),
        Way("raw PyFlink ", lambda job, to: raw_out(job, through_python(raw_in(job)), to)),
    ],
}


@click.command(help=__doc__)
@click.option(
    "--flights",
    "records",
    type=click.IntRange(1, flights.ALL_FLIGHTS),
    default=100_000,
    show_default=True,
    help="How many flights to copy.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="How often to run each way, after one round that warms up and compares results.",
)
def main(records: int, rounds: int) -> None:
    """Run all ways in turn and print a table of each."""
    progress = Console(stderr=True)
    ways = [way for several in TABLES.values() for way in several]
    topics = {way: f"copy-{number}" for number, way in enumerate(ways)}
    with Sandbox(only=["kafka"], progress=progress.print) as sandbox:
        sandbox.create_topics(dict.fromkeys([TOPIC, LETTERS, *topics.values()], 1))
        sandbox.produce(TOPIC, flights.kafka_lines(flights.read_rows(records)))
        settings = for_benches(sandbox.settings())
        seconds: dict[Way, list[float]] = {}
        for way in ways:
            _run(way, settings, topics[way])
            progress.print(f"warm-up: {way.name}", highlight=False)
        _check_copies(sandbox, {way.name: topic for way, topic in topics.items()})
        for number in range(rounds):
            for way in ways if number % 2 == 0 else ways[::-1]:
                seconds.setdefault(way, []).append(_run(way, settings, topics[way]))
                took = seconds[way][-1]
                progress.print(f"round {number + 1}: {way.name}: {took:.2f} s", highlight=False)
    console = Console(width=110)
    for title, several in TABLES.items():
        console.print(table(title, {way.name: seconds[way] for way in several}))
    console.print(f"\nFlights: {records:,}. {CAPTION}", highlight=False)


def _check_copies(sandbox: Sandbox, topics: dict[str, str]) -> None:
    """Compare what came out, so that none is quick by doing less.

    Raises:
        FlinkSecError: two ways wrote different things.
    """
    wanted = _documents(sandbox, TOPIC)
    for name, topic in topics.items():
        if _documents(sandbox, topic) != wanted:
            raise FlinkSecError(
                f"{name} does not write what it reads",
                hint="a comparison of times would mean nothing: mend the bench",
            )


def _documents(sandbox: Sandbox, topic: str) -> list[str]:
    found = (json.loads(line) for line in sandbox.consume(topic))
    names = [field.name for field in dataclasses.fields(Flight)]
    return sorted(json.dumps([one.get(name) for name in names]) for one in found)


def _run(way: Way, settings: Settings, to: str) -> float:
    # One name, so that all jobs of the one JVM have its log for theirs.
    if way.keeps_letters:
        keeping = {"dead_letters": LETTERS, "on_error": "dead_letter"}
        settings = settings.model_copy(update={"job": settings.job.model_copy(update=keeping)})
    job = SecureJob("bench", settings=settings)
    if way.build is None:
        return _loop(job, to)
    start = job.log_file.stat().st_size if job.log_file.exists() else 0
    with job:
        way.build(job, to)
    with job.log_file.open(encoding="utf-8", errors="replace") as log:
        log.seek(start)
        return running_seconds(log.read())


def _loop(job: SecureJob, to: str) -> float:
    given = job.kafka_properties().items()
    properties = "\n".join(f"{name}={value}".replace("\\", r"\\") for name, value in given)
    krb5 = job.settings.kerberos.krb5_conf if job.settings.kerberos else "/etc/krb5.conf"
    with tempfile.TemporaryDirectory(prefix="flinksec-bench-") as classes:
        ours = artifacts.own_jar("flinksec-secure-connectors")  # for the login and TLS
        jars = [classes, ours, *artifacts.jars("flink-kafka"), *_flink()]
        path = os.pathsep.join(map(str, jars))
        subprocess.run([jdk("javac"), "-cp", path, "-d", classes, LOOP], check=True)
        done = subprocess.run(
            [jdk("java"), f"-Djava.security.krb5.conf={krb5}", "-cp", path, "KafkaLoop", TOPIC, to],
            input=properties,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return float(done.stdout.split()[-1])


def _flink() -> list[Path]:
    """Flink's jars with a logging, without which Kafka's clients do not start."""
    import pyflink

    lib = Path(pyflink.__file__).parent / "lib"
    return sorted([*lib.glob("log4j-*.jar"), *lib.glob("flink-dist-*.jar")])


if __name__ == "__main__":
    main()
