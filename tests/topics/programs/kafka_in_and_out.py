# SPDX-License-Identifier: Apache-2.0
"""The jobs of test_kafka_in_and_out.py, one after the other in one JVM.

    python -m tests.topics.programs.kafka_in_and_out SETTINGS EXAMPLE RECIPES KEYTAB

KEYTAB is that of the broker, its superuser.

Prints what came out as JSON; keys, values and headers as Latin-1 text, a character a byte.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from pyflink.common import RowKind, Types
from pyflink.datastream import ProcessFunction

from flinksec_jobs import SecureJob, record, row_type
from flinksec_jobs.errors import FlinkSecError
from tests.topics.programs.kafka_by_hand import (
    FIRST,
    Number,
    client_properties,
    consumed,
    job,
    kafka,
)
from tests.topics.programs.kafka_restores import restore
from tests.topics.programs.kafka_running import align, discover, found_by_threads, idle, recipes
from tests.topics.programs.kafka_starts import begin

_, EXAMPLE, RECIPES, KEYTAB = sys.argv[1:]
MIRRORED = ("mirror-a", "mirror-b")
AROUND = {
    "to": "topic",
    "part": "partition",
    "key": "key",
    "at": "timestamp",
    "headers": "headers",
    "gone": "tombstone",
}


@record
class Anything:
    text: str | None
    to: str
    part: int
    key: bytes | None
    at: int
    headers: dict[str, bytes]
    gone: bool


@record
class Pair:
    a: str
    b: int
    n: int


@record
class Timed:
    n: int
    kind: str


def produce(made: SecureJob) -> None:
    given = client_properties(made)  # which also brings the classes
    producer = kafka().clients.producer.KafkaProducer(given)

    def send(topic: str, partition: int, n: int, key: Any, value: Any, **headers: bytes) -> None:
        around = kafka().common.header.internals.RecordHeaders()
        for name, content in headers.items():
            around.add(name, content)
        record_of = kafka().clients.producer.ProducerRecord
        producer.send(record_of(topic, partition, FIRST + n, key, value, around))

    send("mirror-a", 0, 1, b"k1", b'{"text":"one"}', trace=b"t-1", raw=b"\xff\x00")
    send("mirror-a", 1, 2, None, b'{"text":"two"}')
    send("mirror-a", 1, 3, b"\xfe\xff", b'{"text":null}', empty=b"")
    send("mirror-b", 0, 4, b"k1", None, trace=b"t-2")
    for n in range(4):
        send("ranged", n % 2, n, None, b'{"n":%d}' % n)
    producer.close()


def attempt(made: SecureJob, n: int, *, well: bool) -> None:
    """Write one number in a transaction, and commit or abort it."""
    given = client_properties(made, transactional_id="flink-attempts")
    producer = kafka().clients.producer.KafkaProducer(given)
    producer.initTransactions()
    producer.beginTransaction()
    producer.send(kafka().clients.producer.ProducerRecord("attempts", None, b'{"n":%d}' % n))
    producer.flush()
    producer.commitTransaction() if well else producer.abortTransaction()
    producer.close()


class Kind(ProcessFunction):  # type: ignore[misc]
    """Says by which timestamp an element comes."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def process_element(self, value: Any, ctx: ProcessFunction.Context) -> Any:
        yield Timed(ctx.timestamp(), self._kind)


def write() -> dict[str, Any]:
    with job("io-writes") as made:
        produce(made)
        mirrored = made.from_kafka(
            list(MIRRORED), Anything, bounded=True, metadata=AROUND, tombstones="row"
        )
        copied = mirrored.map(
            lambda row: Anything(
                row.text,
                row.to.replace("mirror", "copy"),
                row.part,
                row.key,
                row.at,
                row.headers,
                row.gone,
            ),
            output_type=row_type(Anything),
        )
        copied.sink_to(made.to_kafka("copy-a", metadata=AROUND))
        rows = [Pair("x", n, n) for n in range(6)]
        pairs = made.env.from_collection(rows, type_info=row_type(Pair))
        pairs.sink_to(
            made.to_kafka(
                "pairs", key_fields=["a", "b"], key_in_value=False, partitioner="round_robin"
            )
        )
        pairs.sink_to(made.to_kafka("fixed", key_field="b", partitioner="fixed"))
        by_kafka = made.from_kafka("ranged", Number, bounded=True, event_time="kafka-timestamp")
        by_kafka.process(Kind("kafka"), output_type=row_type(Timed)).sink_to(made.to_kafka("times"))
        by_function = made.from_kafka(
            "ranged", Number, bounded=True, event_time=lambda row: row.n * 1000
        )
        timed = by_function.process(Kind("function"), output_type=row_type(Timed))
        timed.sink_to(made.to_kafka("times"))
    outputs = {name: consumed(made, name) for name in ("pairs", "fixed", "times")}
    return outputs | {
        "mirror": consumed(made, *MIRRORED),
        "copy": consumed(made, "copy-a", "copy-b"),
    }


def read_back() -> dict[str, Any]:
    with job("io-reads") as made:
        for n in range(3):
            attempt(made, n, well=False)
            attempt(made, n, well=True)
        attempt(made, 3, well=False)
        attempts = made.from_kafka("attempts", Number, bounded=True)
        attempts.sink_to(made.to_kafka("attempts-back"))
        pairs = made.from_kafka("pairs", Pair, bounded=True, key_fields=["a", "b"])
        pairs.sink_to(made.to_kafka("pairs-back"))
        ranged = made.from_kafka(
            re.compile("rang.d"),
            Number,
            start={("ranged", 0): 1, ("ranged", 1): 0},
            stop={("ranged", 0): 2, ("ranged", 1): 1},
        )
        ranged.sink_to(made.to_kafka("ranged-back"))
        changes = made.env.from_collection([1, 2, 3, 4], type_info=Types.LONG())
        kinds = [RowKind.INSERT, RowKind.UPDATE_BEFORE, RowKind.UPDATE_AFTER, RowKind.DELETE]

        def changed(n: int) -> Any:
            from pyflink.common import Row

            row = Row(n, "k")
            row.set_row_kind(kinds[n - 1])
            return row

        rows = changes.map(changed, output_type=row_type(Timed))
        rows.sink_to(made.to_kafka("changes", key_field="kind"))
    names = ("attempts-back", "pairs-back", "ranged-back", "changes")
    return {name: consumed(made, name) for name in names}


def of_the_page() -> list[list[Any]]:
    made = job("io-example")
    given = client_properties(made)
    producer = kafka().clients.producer.KafkaProducer(given)
    record_of = kafka().clients.producer.ProducerRecord
    for key, value in ((b"a", b'{"total":200}'), (b"b", b'{"total":5}'), (b"c", None)):
        producer.send(record_of("orders", key, value))
    producer.close()
    exec(compile(Path(EXAMPLE).read_text(encoding="utf-8"), EXAMPLE, "exec"), {})
    return consumed(made, "large-orders")


def refused(attach: Any) -> str:
    made = job("io-refused")
    try:
        attach(made)
        made.execute()
    except FlinkSecError as error:
        return str(error)
    return "ended well"


def numbers(made: SecureJob) -> Any:
    return made.env.from_collection([Number(1)], type_info=row_type(Number))


REFUSED = {
    "a key twice": lambda made: numbers(made).sink_to(
        made.to_kafka("times", key_field="n", key_fields=["n"])
    ),
    "a header of a number": lambda made: numbers(made).sink_to(
        made.to_kafka("times", metadata={"n": "header:n"})
    ),
    "an offset to write": lambda made: numbers(made).sink_to(
        made.to_kafka("times", metadata={"n": "offset"})
    ),
    "a tombstone that leaves a field null": lambda made: made.from_kafka(
        "ranged", Number, bounded=True, tombstones="row"
    ),
    "alignment by a function": lambda made: made.from_kafka(
        "ranged", Number, event_time=lambda row: row.n, alignment="both"
    ),
    "alignment of nothing": lambda made: made.from_kafka("ranged", Number, alignment="both"),
    "a pattern that Java does not read": lambda made: made.from_kafka(
        re.compile("(?P<name>x)"), Number, bounded=True
    ),
}


def main() -> None:
    results = write() | read_back()
    results["refusals"] = {name: refused(attach) for name, attach in REFUSED.items()}
    results["begun"] = begin(KEYTAB)
    results["restored"] = restore(KEYTAB)
    results["example"] = of_the_page()
    discover()
    results["aligned"] = align()
    results["idle"] = idle()
    results["recipes"] = recipes(RECIPES)
    results["threads"] = found_by_threads()
    sys.stdout.write(f"RESULTS {json.dumps(results)}\n")


if __name__ == "__main__":
    main()
