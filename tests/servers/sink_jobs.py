# SPDX-License-Identifier: Apache-2.0
"""The jobs of test_what_sinks_take.py, one after the other in one JVM.

    sink_jobs.py SETTINGS EXAMPLES CANARY

Prints what each came to as JSON. EXAMPLES is a file of Python that is run as a job, too.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pyflink.common import Row, Types

from flinksec_jobs import SecureJob, record, row_type
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.runtime import jvm

SETTINGS, EXAMPLES, CANARY = sys.argv[1:]
GOOD = b'{"id":"%d","at":%d}'
# Records that once took the job down, or came out altered; each stands between two good ones.
POISON: Sequence[bytes | None] = (
    b'{"id":"x","at":1,"u":' + b"9" * 2000 + b"}",
    b'{"id":"x","at":1,"u":' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"id":"x","at":1,"' + b"k" * 60_000 + b'":1}',
    b'{"id":"cut \\ud83d","at":1}',
    b'{"id":"\xed\xa0\xbd\xed\xb8\x80","at":1}',
    b'{"id":"\xc0\x80","at":1}',
    '{"id":"x","at":1}'.encode("utf-16"),
    b'{"id":"x","at":null}',
    b'{"id":"x","at":9223372036854775807}',
    b"",
    None,
)


@record
class Event:
    id: str
    at: int | None
    s: str | None


@record
class Odd:
    id: str
    tags: list[str]
    ratio: float


def job(name: str) -> SecureJob:
    return SecureJob(f"flink-{name}", settings=SETTINGS, overrides={"job.resume": "never"})


def texts(made: SecureJob, *values: str) -> Any:
    return made.env.from_collection(list(values), type_info=Types.STRING())


def odd(made: SecureJob) -> Any:
    return made.env.from_collection([Row("1", ["a"], 0.5)], type_info=row_type(Odd))


def produce_poison(made: SecureJob) -> None:
    """Write bytes that are no text, and a document that Elasticsearch refuses."""
    kafka = jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka
    serializer = "org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization"
    properties = made.kafka_properties() | {
        f"{part}.serializer": f"{serializer}.ByteArraySerializer" for part in ("key", "value")
    }
    producer = kafka.clients.producer.KafkaProducer(jvm.properties(properties))
    refused = json.dumps({"id": "refused", "at": 5, "s": CANARY}).encode()
    for n, document in enumerate([*POISON, refused]):
        for value in (GOOD % (n, n), document):
            producer.send(kafka.clients.producer.ProducerRecord("poison", b"k", value))
    producer.close()


def everything_that_ends_well() -> str:
    with job("well") as made:
        produce_poison(made)
        events = made.from_kafka("poison", Event, bounded=True, event_time="at", on_error="skip")
        events.sink_to(made.to_elasticsearch("numbers", id_field="id", on_error="skip"))
        events.sink_to(made.to_kafka("twice", key_field="id"))
        events.sink_to(made.to_kafka("twice", key_field="id"))
        since = made.from_kafka("timed", Event, bounded=True, start="2023-11-14T22:20:00Z")
        since.sink_to(made.to_elasticsearch("since", id_field="id"))
        pretty = texts(made, '{\n  "id": 7,\n  "s": "a"\n}')
        pretty.sink_to(made.to_elasticsearch("texts", id_field="id"))
        pretty.sink_to(made.to_kafka("texts", key_field="id"))
        pretty.sink_to(made.to_hdfs("/data/texts"))
    return "ended well"


def to_index(index: str, **options: Any) -> Callable[[SecureJob], None]:
    def attach(made: SecureJob) -> None:
        document = texts(made, json.dumps({"id": 1, "s": CANARY}))
        document.sink_to(made.to_elasticsearch(index, on_error="skip", **options))

    return attach


def read_the_wrong_format(made: SecureJob) -> None:
    lines = made.from_kafka("wrong-format", Event, bounded=True, on_error="skip")
    lines.sink_to(made.to_elasticsearch("never"))


def text(sink: Callable[[SecureJob], Any], value: str) -> Callable[[SecureJob], None]:
    return lambda made: texts(made, value).sink_to(sink(made))


REFUSED: dict[str, Callable[[SecureJob], Any]] = {
    # At start, before a job is submitted:
    "no such topic": lambda made: made.from_kafka("no-such-topic", Event, bounded=True).print(),
    "a list for an id": lambda made: odd(made).sink_to(made.to_elasticsearch("i", id_field="tags")),
    "a float for a key": lambda made: odd(made).sink_to(made.to_kafka("texts", key_field="ratio")),
    # By the running job, whatever "skip" says:
    "a closed index": to_index("closed"),
    "an alias without a write index": to_index("unclear"),
    "a data stream with ids": to_index("stream-of-test", id_field="id"),
    "a missing pipeline": to_index("piped"),
    "a topic of another format": read_the_wrong_format,
    "a text in HDFS": text(lambda made: made.to_hdfs("/data/no-json"), CANARY),
    "a text in Kafka": text(lambda made: made.to_kafka("texts"), CANARY),
    "a text without the key": text(lambda made: made.to_kafka("texts", key_field="no"), "{}"),
}


def refused(name: str, attach: Callable[[SecureJob], Any]) -> str:
    try:
        made = job(name.replace(" ", "-"))
        attach(made)
        made.execute()
    except FlinkSecError as error:
        return str(error)
    return "ended well"


def main() -> None:
    results = {"well": everything_that_ends_well()}
    results |= {name: refused(name, attach) for name, attach in REFUSED.items()}
    exec(compile(Path(EXAMPLES).read_text(encoding="utf-8"), EXAMPLES, "exec"), {})
    sys.stdout.write(f"RESULTS {json.dumps(results)}\n")


if __name__ == "__main__":
    main()
