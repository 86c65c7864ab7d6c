# SPDX-License-Identifier: Apache-2.0
"""Jobs that begin and end at offsets that a partition has, has had, or never had."""

import json
import logging
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from flinksec_jobs import SecureJob
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.runtime import jvm
from tests.topics.programs.kafka_by_hand import (
    FIRST,
    SETTINGS,
    Number,
    client_properties,
    consumed,
    delete_before,
    job,
    kafka,
    superuser,
)


def begin(keytab: str) -> dict[str, Any]:
    """Jobs that begin and end at offsets that a partition has, has had, or never had."""
    made = job("io-begins")
    given = client_properties(made)  # which also brings the classes
    producer = kafka().clients.producer.KafkaProducer(given)
    for n in range(5):
        producer.send(kafka().clients.producer.ProducerRecord("expired", None, b'{"n":%d}' % n))
    producer.close()
    one = kafka().common.TopicPartition("expired", 0)
    admin = superuser(made, keytab)
    delete_before(admin, "expired", 3)
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
            rows = reads.from_kafka(how.pop("topic", "expired"), Number, **how)
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
        "from now on": read("a", start="latest", bounded=True),
        "between two times": read(
            "a",
            topic="ranged",
            start=FIRST + 1,
            stop=datetime.fromtimestamp((FIRST + 3) / 1000, UTC),
        ),
    }
