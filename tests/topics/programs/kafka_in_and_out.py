# SPDX-License-Identifier: Apache-2.0
"""The jobs of test_kafka_in_and_out.py, one after the other in one JVM.

    kafka_in_and_out.py SETTINGS EXAMPLE RECIPES KEYTAB

KEYTAB is that of the broker, its superuser.

Prints what came out as JSON; keys, values and headers as Latin-1 text, a character a byte.
"""

import json
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Barrier
from typing import Any

from py4j.java_gateway import JavaMember
from pyflink.common import RowKind, Types
from pyflink.datastream import DataStream, ProcessFunction

from flinksec_jobs import SecureJob, record, row_type
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.logins.sasl import gssapi
from flinksec_jobs.record_sink import RecordSink
from flinksec_jobs.runtime import jvm

SETTINGS, EXAMPLE, RECIPES, KEYTAB = sys.argv[1:]
MIRRORED = ("mirror-a", "mirror-b")
AROUND = {
    "to": "topic",
    "part": "partition",
    "key": "key",
    "at": "timestamp",
    "headers": "headers",
    "gone": "tombstone",
}
FIRST = 1_700_000_000_000


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


@record
class Number:
    n: int


def job(name: str) -> SecureJob:
    return SecureJob(f"flink-{name}", settings=SETTINGS, overrides={"job.resume": "never"})


def kafka() -> Any:
    return jvm.view().org.apache.flink.kafka.shaded.org.apache.kafka


def client_properties(made: SecureJob, **more: str) -> Any:
    of_bytes = "org.apache.flink.kafka.shaded.org.apache.kafka.common.serialization.ByteArray"
    given = made.kafka_properties() | {
        "key.serializer": f"{of_bytes}Serializer",
        "value.serializer": f"{of_bytes}Serializer",
        "key.deserializer": f"{of_bytes}Deserializer",
        "value.deserializer": f"{of_bytes}Deserializer",
        "isolation.level": "read_committed",
    }
    return jvm.properties(given | {name.replace("_", "."): value for name, value in more.items()})


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


def consumed(made: SecureJob, *topics: str) -> list[list[Any]]:
    """Topic, partition, timestamp, key, value and headers of every record, in order."""
    given = client_properties(made)
    consumer = kafka().clients.consumer.KafkaConsumer(given)
    partitions = jvm.view().java.util.ArrayList()
    for topic in topics:
        for found in consumer.partitionsFor(topic):
            partitions.add(kafka().common.TopicPartition(topic, found.partition()))
    consumer.assign(partitions)
    consumer.seekToBeginning(partitions)
    ends = consumer.endOffsets(partitions)
    left = {str(one): one for one in partitions if ends.get(one) > 0}
    records = []
    while left:
        for one in each(consumer.poll(jvm.view().java.time.Duration.ofMillis(200))):
            headers = sorted([str(h.key()), text(h.value())] for h in each(one.headers()))
            around = [one.topic(), one.partition(), one.timestamp()]
            records.append([*around, text(one.key()), text(one.value()), headers])
        left = {k: one for k, one in left.items() if consumer.position(one) < ends.get(one)}
    consumer.close()
    return sorted(records, key=lambda one: one[:3])


def each(iterable: Any) -> Iterator[Any]:
    iterator = iterable.iterator()
    while iterator.hasNext():
        yield iterator.next()


def text(content: bytes | None) -> str | None:
    return None if content is None else bytes(content).decode("latin-1")


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


@record
class Order:
    id: str
    total: int
    region: str
    ordered_at: datetime


@record
class Seen:
    id: str
    topic: str
    offset: int


def recipes() -> str:
    """What becomes of a job of all recipes of the page."""
    made = SecureJob(
        "io-recipes",
        settings=SETTINGS,
        overrides={
            "job.resume": "never",
            "job.dead_letters": "orders-dead",
            "job.on_error": "skip",  # the orders of the other example have no ids
        },
    )
    names = {"job": made, "re": re, "Order": Order, "Seen": Seen}
    made_of = [eval(recipe, names) for recipe in json.loads(Path(RECIPES).read_text("utf-8"))]
    streams = [one for one in made_of if isinstance(one, DataStream)]
    streams += [stream for one in made_of if isinstance(one, list) for stream in one]
    for stream in streams:
        stream.print()
    for sink in made_of:
        if isinstance(sink, RecordSink):
            streams[0].sink_to(sink)
    client = made.execute_async()
    end = time.monotonic() + 60
    while (status := client.get_job_status().result().name) != "RUNNING":
        if time.monotonic() > end:
            break
        time.sleep(0.2)
    stop(client)
    return f"{len(made_of)} recipes: {status}"


def discover() -> None:
    made = job("io-discovers")
    stream = made.from_kafka(re.compile("grows-.*"), Number, discovery="1 s")
    stream.sink_to(made.to_kafka("grown", delivery="at_least_once"))
    client = made.execute_async()
    sys.stdout.write("GROW\n")  # whoever may make topics makes one now, and looks at the other
    sys.stdout.flush()
    sys.stdin.readline()
    stop(client)


def stop(client: Any) -> None:
    """Cancel a job, and wait until it has ended: the next one may want a JVM of its own."""
    client.cancel().result()
    with suppress(Exception):  # that the job was cancelled
        client.get_job_execution_result().result()


def found_by_threads() -> list[str]:
    """What threads get that speak with the JVM at once, each by a connection of its own."""
    together = Barrier(4)

    def found(_: int) -> str:
        together.wait()
        jvm.view().java.lang.Thread.sleep(500)
        return str(kafka().clients.admin.AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG)

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(found, range(4)))


def align() -> dict[str, int]:
    """How far, in seconds, a source gets ahead of one that stands still, and then with it."""
    made = job("io-aligns")

    def send(topic: str, second: int) -> None:
        value = b'{"n":%d}' % (FIRST + 1000 * second)
        producer.send(kafka().clients.producer.ProducerRecord(topic, None, value))
        producer.flush()

    def seconds() -> list[int]:
        values = [json.loads(one[4])["n"] for one in consumed(made, "aligned")]
        return sorted((n - FIRST) // 1000 for n in values)

    def until(enough: Any) -> list[int]:
        end = time.monotonic() + 60
        while not enough(seen := seconds()) and time.monotonic() < end:
            time.sleep(0.5)
        return seen

    aligned: dict[str, Any] = {
        "event_time": "n",
        "out_of_orderness": "0 s",
        "idleness": "1 h",
        "alignment": "both",
        "max_drift": "10 s",
    }
    sink = made.to_kafka("aligned", delivery="at_least_once")
    for topic in ("ahead", "behind"):
        made.from_kafka(topic, Number, **aligned).sink_to(sink)
    client = made.execute_async()
    given = client_properties(made)  # which also brings the classes
    producer = kafka().clients.producer.KafkaProducer(given)
    send("behind", 0)
    send("ahead", 0)
    until(lambda seen: len(seen) == 2)
    for second in range(1, 101):
        send("ahead", second)
        time.sleep(0.1)
    time.sleep(2)
    waited = seconds()
    send("behind", 200)
    went_on = until(lambda seen: len(seen) == 103)
    stop(client)
    producer.close()
    return {"while it waits": waited[-1], "afterwards": went_on[-1], "records": len(went_on)}


def refused(attach: Any) -> str:
    made = job("io-refused")
    try:
        attach(made)
        made.execute()
    except FlinkSecError as error:
        return str(error)
    return "ended well"


def begin() -> dict[str, Any]:
    """Jobs that begin and end at offsets that a partition has, has had, or never had."""
    made = job("io-begins")
    given = client_properties(made)  # which also brings the classes
    producer = kafka().clients.producer.KafkaProducer(given)
    for n in range(5):
        producer.send(kafka().clients.producer.ProducerRecord("expired", None, b'{"n":%d}' % n))
    producer.close()
    one = kafka().common.TopicPartition("expired", 0)
    gone = jvm.view().java.util.HashMap()
    deleted = kafka().clients.admin.RecordsToDelete
    # A static method and another one have this name, and Py4J looks only at the other.
    before_offset = JavaMember(
        "beforeOffset", deleted, f"z:{deleted._fqn}", deleted._gateway_client
    )
    gone.put(one, before_offset(3))
    superuser = gssapi.by_keytab(Path(KEYTAB), "kafka/localhost@SANDBOX.LOCAL")
    given.setProperty("sasl.jaas.config", superuser)
    admin = kafka().clients.admin.AdminClient.create(given)
    admin.deleteRecords(gone).all().get()
    for name, offset in (("c", 4), ("d", 4), ("e", 1)):
        group = jvm.view().java.util.HashMap()
        group.put(one, kafka().clients.consumer.OffsetAndMetadata(offset))
        admin.alterConsumerGroupOffsets(f"flink-io-{name}", group).all().get()
    admin.close()
    warnings: list[str] = []
    told = logging.Handler()
    told.emit = lambda record: warnings.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("flinksec_jobs").addHandler(told)

    def values() -> Counter[int]:
        return Counter(json.loads(one[4])["n"] for one in consumed(made, "begun"))

    def read(name: str, **how: Any) -> dict[str, Any]:
        del warnings[:]
        before = values()
        overrides = {"job.resume": "never", "kafka.group_id": f"flink-io-{name}"}
        reads = SecureJob(
            f"flink-io-{name}", settings=SETTINGS, overrides=overrides | how.pop("overrides", {})
        )
        said = "ended well"
        try:
            rows = reads.from_kafka("expired", Number, **how)
            rows.sink_to(reads.to_kafka("begun", delivery="at_least_once"))
            reads.execute()
        except FlinkSecError as error:
            said = f"{error} {error.hint}"
        read = sorted((values() - before).elements())
        return {"said": said, "warned": "\n".join(warnings), "read": read}

    return {
        "no partition": read("a", start={7: 1}, bounded=True),
        "no partition to end": read("a", stop={7: 1}),
        "expired": read("a", start={0: 1}, bounded=True),
        "beyond": read("a", start={0: 99}),
        "expired, as chosen": read(
            "a", start={0: 1}, bounded=True, overrides={"kafka.on_lost_offsets": "earliest"}
        ),
        "no end": read("b", stop="committed"),
        "a new group": read("b", start="committed", bounded=True),
        "a group": read("c", start="committed", bounded=True),
        "up to a group": read("d", stop="committed"),
        "an expired group": read("e", start="committed", bounded=True),
    }


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
    results["begun"] = begin()
    results["example"] = of_the_page()
    discover()
    results["aligned"] = align()
    results["recipes"] = recipes()
    results["threads"] = found_by_threads()
    sys.stdout.write(f"RESULTS {json.dumps(results)}\n")


if __name__ == "__main__":
    main()
