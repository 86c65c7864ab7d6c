# SPDX-License-Identifier: Apache-2.0
"""Small bounded jobs that read and write Avro, one after another in one process.

Arguments: the settings, and a file of JSON: records to write as they are, by topic, as hexadecimal
text. What each job came to is printed, a line of JSON each.
"""

import json
import sys
from pathlib import Path
from typing import Any

from flinksec_jobs import FlinkSecError, SecureJob, load_settings, record, row_type
from flinksec_jobs.formats.avro import Avro

SETTINGS, RECORDS = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())


@record
class Blob:
    raw: bytes


@record
class Leg:
    origin: str
    minutes: float | None


@record
class Flight:
    id: str
    seats: int
    delay: float | None
    legs: Leg | None
    tags: list[str]
    counts: dict[str, int]
    raw: bytes | None


@record
class Changed:
    id: int
    seats: int


def settings(**more: Any) -> Any:
    return load_settings(SETTINGS, overrides=more)


def tell(name: str, error: FlinkSecError | None = None) -> None:
    found = {"job": name, "error": str(error) if error else None}
    sys.stdout.write(json.dumps(found | {"hint": error.hint if error else None}) + "\n")


def raw_to(topic: str) -> None:
    with SecureJob(f"fill-{topic}", settings=settings()) as job:
        values = [Blob(bytes.fromhex(value)) for value in RECORDS[topic]]
        stream = job.env.from_collection(values, row_type(Blob))
        stream.sink_to(job.to_kafka(topic, format="raw", delivery="at_least_once"))


def copy(name: str, source: Any, sink: Any, target: str, **more: Any) -> None:
    try:
        with SecureJob(name, settings=settings(**more)) as job:
            flights = job.from_kafka(
                "avro-in", Flight, format=source, bounded=True, on_error="skip"
            )
            through = flights.filter(lambda flight: flight.seats != 0)
            through.sink_to(job.to_kafka(target, format=sink))
    except FlinkSecError as error:
        tell(name, error)
    else:
        tell(name)


def main() -> None:
    for topic in RECORDS:
        raw_to(topic)
    named = Avro(record_name="com.example.Flight")
    copy("not-registered", "avro", named, "avro-out")
    copy("registers", "avro", named, "avro-out", **{"schema_registry.auto_register": True})
    copy("registered", "avro", named, "avro-again")
    copy("latest", "avro", Avro(subject="avro-latest", use_latest=True), "avro-latest")
    wrong = f"file:{SETTINGS.with_name('wrong-password')}"
    copy("wrong-password", "avro", named, "avro-out", **{"schema_registry.password": wrong})
    try:
        with SecureJob("does-not-fit", settings=settings()) as job:
            job.from_kafka("avro-in", Changed, format="avro", bounded=True).print()
    except FlinkSecError as error:
        tell("does-not-fit", error)


if __name__ == "__main__":
    main()
