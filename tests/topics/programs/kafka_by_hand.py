# SPDX-License-Identifier: Apache-2.0
"""Kafka's own clients in the JVM of a job, and the jobs whose records they write and read.

For kafka_in_and_out.py and its parts, whose first argument is the settings file.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from py4j.java_gateway import JavaMember

from flinksec_jobs import SecureJob, record
from flinksec_jobs.logins.sasl import gssapi
from flinksec_jobs.runtime import jvm

SETTINGS = sys.argv[1] if len(sys.argv) > 1 else ""  # where functions of jobs are imported
FIRST = 1_700_000_000_000


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


def superuser(made: SecureJob, keytab: str) -> Any:
    """Kafka's admin client, of the broker itself."""
    given = client_properties(made)
    login = gssapi.by_keytab(Path(keytab), "kafka/localhost@SANDBOX.LOCAL")
    given.setProperty("sasl.jaas.config", login)
    return kafka().clients.admin.AdminClient.create(given)


def delete_before(admin: Any, topic: str, offset: int) -> None:
    """Delete the records of partition 0 before an offset, as retention does."""
    deleted = kafka().clients.admin.RecordsToDelete
    # A static method and another one have this name, and Py4J looks only at the other.
    before_offset = JavaMember(
        "beforeOffset", deleted, f"z:{deleted._fqn}", deleted._gateway_client
    )
    gone = jvm.view().java.util.HashMap()
    gone.put(kafka().common.TopicPartition(topic, 0), before_offset(offset))
    admin.deleteRecords(gone).all().get()


def each(iterable: Any) -> Iterator[Any]:
    iterator = iterable.iterator()
    while iterator.hasNext():
        yield iterator.next()


def text(content: bytes | None) -> str | None:
    return None if content is None else bytes(content).decode("latin-1")
