# SPDX-License-Identifier: Apache-2.0
"""The jobs of test_dead_letters.py, one after the other in one process.

    dead_letters.py SETTINGS CANARY EXAMPLE

Prints what each came to as JSON. EXAMPLE is a file of Python that is run as a job, too.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pyflink.datastream import RuntimeContext
from pyflink.datastream.functions import MapFunction

from flinksec_jobs import (
    FlinkSecError,
    SecureJob,
    fast,
    map_batches,
    process_batches,
    record,
    row_type,
)
from flinksec_jobs.runtime import jvm

SETTINGS, CANARY, EXAMPLE = sys.argv[1:]
SERIALIZATION = "org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization"


@record
class Reading:
    id: str
    at: int
    n: int


@record
class Inverse:
    id: str
    inverse: float


class Invert(MapFunction):  # type: ignore[misc]
    def open(self, runtime_context: RuntimeContext) -> None:
        self.one = 1

    def map(self, value: Any) -> Inverse:
        if value.n == 7:
            return Inverse(value.id, float("nan"))
        if value.n == 8:
            return Inverse(value.id * 300_000, 1.0)
        if value.n == 0:
            raise ValueError(f"cannot invert the reading of {value.id}")
        return Inverse(value.id, self.one / value.n)


class InvertAll:
    """The same for whole batches."""

    def __init__(self) -> None:
        self._one = Invert()

    def open(self, runtime_context: RuntimeContext) -> None:
        self._one.open(runtime_context)

    def __call__(self, readings: list[Reading]) -> list[Inverse]:
        return [self._one.map(each) for each in readings]


def inverses_of_one(readings: list[Reading]) -> Iterator[Inverse]:
    """For whole batches of one key."""
    return (Inverse(each.id, 1 / (each.n - 4)) for each in readings)


MORE: dict[str, dict[str, str]] = {
    "process": {"python.execution_mode": "process"},
    "own": {"python.batch_execution_mode": "process"},
}


def reading(n: int, number: int) -> bytes:
    return json.dumps(
        {"id": f"{CANARY}{number}", "at": 1_700_000_000_000 + number, "n": n}
    ).encode()


RECORDS: list[tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]] = [
    (b"k", reading(2, 0), []),
    (b"\x00\xff", b'{"id": "' + CANARY.encode(), [("h", b"\x00\xff"), ("h", None), ("", b"")]),
    (None, reading(0, 2), [("__flinksec.letter", b"1"), ("trace", b"t")]),
    (b"k", None, []),
    (b"k", reading(7, 4), [("nan", b"1")]),
    (b"k", reading(8, 5), [("large", b"1")]),
    (b"k", reading(4, 6), []),
]


def kafka() -> Any:
    return jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka


def client(made: SecureJob, kind: str, **more: str) -> Any:
    parts = {
        f"{part}.{kind.lower()}": f"{SERIALIZATION}.ByteArray{kind}" for part in ("key", "value")
    }
    return jvm.properties(made.kafka_properties() | parts | more)


def produce(made: SecureJob, topic: str, records: Any) -> None:
    properties = client(made, "Serializer")  # from then on there are Kafka's classes
    producer = kafka().clients.producer.KafkaProducer(properties)
    for place, (key, value, headers) in enumerate(records):
        sent = kafka().clients.producer.ProducerRecord(topic, None, 1000 + place, key, value)
        for name, content in headers:
            sent.headers().add(name, content)
        producer.send(sent)
    producer.close()


def text(content: bytes | None) -> str | None:
    return None if content is None else content.decode("latin-1")


def consume(made: SecureJob, topic: str) -> Iterator[list[Any]]:
    more = {"isolation.level": "read_committed"}
    properties = client(made, "Deserializer", **more)
    consumer = kafka().clients.consumer.KafkaConsumer(properties)
    partitions = jvm.view().java.util.ArrayList()
    partitions.add(kafka().common.TopicPartition(topic, 0))
    consumer.assign(partitions)
    consumer.seekToBeginning(partitions)
    end = consumer.endOffsets(partitions)[partitions[0]]
    while consumer.position(partitions[0]) < end:
        found = consumer.poll(jvm.view().java.time.Duration.ofMillis(500)).iterator()
        while found.hasNext():
            one = found.next()
            headers = [[h.key(), text(h.value())] for h in one.headers().toArray()]
            yield [one.timestamp(), text(one.key()), text(one.value()), headers]
    consumer.close()


def job(name: str, **job_settings: Any) -> SecureJob:
    overrides = {f"job.{key}": value for key, value in job_settings.items()}
    overrides |= {"job.resume": "never"} | MORE.get(name, {})
    return SecureJob(f"flink-letters-{name}", settings=SETTINGS, overrides=overrides)


def everywhere(mode: str) -> dict[str, Any]:
    """Make letters where records are read, worked on and written, before and behind a network."""
    with job(mode, dead_letters=f"dead-{mode}") as made:
        # In process mode the record that an element was made of is not known, and as JSON this
        # one is too large for any topic.
        records = [one for one in RECORDS if mode != "process" or ("large", b"1") not in one[2]]
        produce(made, f"all-{mode}", records)
        readings = made.from_kafka(
            f"all-{mode}", Reading, bounded=True, event_time="at", on_error="dead_letter"
        )
        batched = mode in {"batches", "own", "whole"}
        way: Callable[[Any], Any] = fast if batched else lambda stream: stream
        few = way(readings).filter(lambda r: r.n < 100)
        if mode == "whole":
            inverses = map_batches(few, made.guard(InvertAll()), Inverse)
        else:
            inverses = way(few).map(made.guard(Invert()), output_type=row_type(Inverse))
        same = way(inverses).map(lambda i: i, output_type=row_type(Inverse))
        same.sink_to(made.to_kafka(f"good-{mode}", key_field="id", on_error="dead_letter"))
        by_id = readings.key_by(lambda r: r.id)
        if mode == "whole":
            keyed = process_batches(by_id, made.guard(inverses_of_one), Inverse)
        else:
            keyed = way(by_id).map(
                made.guard(lambda r: Inverse(r.id, 1 / (r.n - 4))), output_type=row_type(Inverse)
            )
        way(keyed).filter(made.guard(lambda i: 1 / (i.inverse + 0.5) > 0, on_error="skip")).sink_to(
            made.to_kafka(f"good-{mode}")
        )
    with job(mode + "-look") as made:
        found = {name: list(consume(made, f"{name}-{mode}")) for name in ("good", "dead", "all")}
        made.env.from_collection([1]).print()
    return found


def too_many(made: SecureJob) -> None:
    produce(made, "all-quota", [(b"k", b"{", []) for _ in range(5)])
    made.from_kafka("all-quota", Reading, bounded=True, on_error="dead_letter").print()


def too_many_in_a_row(made: SecureJob) -> None:
    readings = made.from_kafka("all-thread", Reading, bounded=True, on_error="skip")
    readings.map(made.guard(lambda r: 1 / (r.n - r.n))).print()


def inverted(reading: Any) -> Inverse:
    return Inverse("", 1 / reading.n)


def unguarded(made: SecureJob) -> None:
    readings = made.from_kafka("all-thread", Reading, bounded=True, on_error="skip")
    fast(readings).map(inverted, output_type=row_type(Inverse)).print()


def nowhere(made: SecureJob) -> None:
    made.guard(lambda r: r)
    made.env.from_collection([1]).print()


def too_large(made: SecureJob) -> None:
    ids = made.from_kafka("all-thread", Reading, bounded=True, on_error="skip").key_by(
        lambda r: r.id
    )
    large = ids.map(lambda r: Inverse(r.id * 300_000, 1.0), output_type=row_type(Inverse))
    large.sink_to(made.to_kafka("good-thread", on_error="dead_letter"))


def refused(name: str, attach: Callable[[SecureJob], None], **job_settings: Any) -> str:
    try:
        made = job(name, dead_letters="dead-other", **job_settings)
        attach(made)
        made.execute()
    except FlinkSecError as error:
        return str(error)
    return "ended well"


def example() -> list[Any]:
    """Run the example of the documentation, and return its letters."""
    with job("deliveries") as made:
        documents = (b'{"id":"a","grams":2,"cents":3}', b'{"id":"b","grams":0,"cents":1}', b"{")
        produce(made, "deliveries", [(None, document, []) for document in documents])
        made.env.from_collection([1]).print()
    exec(
        compile(Path(EXAMPLE).read_text(encoding="utf-8"), EXAMPLE, "exec"), {"__name__": "prices"}
    )
    with job("prices-look") as made:
        found = [*consume(made, "prices"), *consume(made, "prices-dead")]
        made.env.from_collection([1]).print()
    return found


def main() -> None:
    modes = ("thread", "process", "batches", "own", "whole")
    results: dict[str, Any] = {mode: everywhere(mode) for mode in modes}
    results["example"] = example()
    results["too many"] = refused("quota", too_many, max_dead_letters=3)
    results["in a row"] = refused("row", too_many_in_a_row, max_skipped_in_a_row=2)
    results["unguarded"] = refused("unguarded", unguarded)
    results["nowhere"] = refused("nowhere", nowhere)
    results["too large"] = refused("large", too_large)
    sys.stdout.write(f"RESULTS {json.dumps(results)}\n")


if __name__ == "__main__":
    main()
