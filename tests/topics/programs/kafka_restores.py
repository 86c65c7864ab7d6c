# SPDX-License-Identifier: Apache-2.0
"""A job that was stopped with a savepoint, whose records were deleted while it was down."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from flinksec_jobs import SecureJob
from flinksec_jobs.errors import FlinkSecError
from tests.patience import PATIENCE
from tests.topics.programs.kafka_by_hand import (
    SETTINGS,
    Number,
    client_properties,
    consumed,
    delete_before,
    job,
    kafka,
    superuser,
)

NAME = "flink-io-restores"
OVER = {"FAILED", "CANCELED", "FINISHED"}


def restore(keytab: str) -> dict[str, Any]:
    """How the job ended each time, and which numbers were written by then."""
    produce(0, 1, 2)
    found = {"stopped": run(save, 2)}
    produce(3, 4, 5)
    admin = superuser(with_classes(), keytab)
    delete_before(admin, "retained", 5)
    admin.close()
    found["started again"] = run(cancel, 5)
    found["as chosen"] = run(cancel, 5, on_lost_offsets="earliest")
    return found


def with_classes() -> SecureJob:
    """A job whose JVM has Kafka's classes: that of the job that was restored has gone with it."""
    made = job("io-retains")
    made.kafka_properties()
    _ = made.env
    return made


def produce(*numbers: int) -> None:
    given = client_properties(with_classes())
    producer = kafka().clients.producer.KafkaProducer(given)
    for n in numbers:
        producer.send(kafka().clients.producer.ProducerRecord("retained", None, b'{"n":%d}' % n))
    producer.close()


def run(end: Callable[[Any], None], number: int, **kafka_settings: str) -> dict[str, Any]:
    """Run the job until it has failed, or has written a number, and end it then."""
    overrides = {"state.checkpoint_interval": "500 ms", "kafka.group_id": NAME}
    more = {f"kafka.{name}": value for name, value in kafka_settings.items()}
    said = "ended well"
    try:
        with SecureJob(NAME, settings=SETTINGS, overrides=overrides | more) as reads:
            reads.from_kafka("retained", Number).sink_to(reads.to_kafka("restored"))
            client = reads.execute_async()
            until = time.monotonic() + PATIENCE
            while number not in written(reads) and time.monotonic() < until:
                if client.get_job_status().result().name in OVER:
                    break
                time.sleep(0.5)
            else:
                end(client)
    except FlinkSecError as error:
        said = f"{error} {error.hint}"
    return {"said": said, "written": written(with_classes())}


def written(by: SecureJob) -> list[int]:
    return sorted(json.loads(one[4])["n"] for one in consumed(by, "restored"))


def save(_: Any) -> None:
    command = [sys.executable, "-m", "flinksec_jobs", "stop", NAME, "--savepoint"]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)


def cancel(client: Any) -> None:
    client.cancel().result()
