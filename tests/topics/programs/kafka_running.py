# SPDX-License-Identifier: Apache-2.0
"""Jobs that run until they are stopped: new topics, watermarks, recipes of the page, threads."""

import json
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Barrier
from typing import Any

from pyflink.datastream import DataStream, ProcessFunction

from flinksec_jobs import SecureJob, record, row_type
from flinksec_jobs.record_sink import RecordSink
from flinksec_jobs.runtime import jvm
from tests.patience import PATIENCE
from tests.topics.programs.kafka_by_hand import (
    FIRST,
    SETTINGS,
    Number,
    client_properties,
    consumed,
    job,
    kafka,
)


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


@record
class Mark:
    idleness: str
    at: int


def recipes(file: str) -> str:
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
    made_of = [eval(recipe, names) for recipe in json.loads(Path(file).read_text("utf-8"))]
    streams = [one for one in made_of if isinstance(one, DataStream)]
    streams += [stream for one in made_of if isinstance(one, list) for stream in one]
    for stream in streams:
        stream.print()
    for sink in made_of:
        if isinstance(sink, RecordSink):
            streams[0].sink_to(sink)
    client = made.execute_async()
    end = time.monotonic() + PATIENCE
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

    def until(enough: Any, patience: float = PATIENCE) -> list[int]:
        end = time.monotonic() + patience
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
    is_held = False
    for second in range(1, 101):
        send("ahead", second)
        if second < 50 and not is_held:
            seen = until(lambda seen, last=second: last in seen, patience=10)
            is_held = second > 10 and second not in seen
    time.sleep(2)
    waited = seconds()
    send("behind", 200)
    went_on = until(lambda seen: len(seen) == 103)
    stop(client)
    producer.close()
    return {"while it waits": waited[-1], "afterwards": went_on[-1], "records": len(went_on)}


class Marking(ProcessFunction):  # type: ignore[misc]
    """Says how far event time is when an element comes."""

    def __init__(self, idleness: str) -> None:
        self._idleness = idleness

    def process_element(self, value: Any, ctx: ProcessFunction.Context) -> Any:
        yield Mark(self._idleness, max(ctx.timer_service().current_watermark(), -1))


def idle() -> dict[str, int]:
    """How far event time comes though a partition brings nothing, by the idleness of the source."""
    made = job("io-idles")
    sink = made.to_kafka("marks", delivery="at_least_once")
    for idleness in ("1 s", "1 h"):
        rows = made.from_kafka(
            "idle", Number, event_time="n", out_of_orderness="0 s", idleness=idleness
        )
        rows.process(Marking(idleness), output_type=row_type(Mark)).sink_to(sink)
    client = made.execute_async()
    given = client_properties(made)  # which also brings the classes
    producer = kafka().clients.producer.KafkaProducer(given)
    farthest = {"1 s": -1, "1 h": -1}
    end = time.monotonic() + PATIENCE
    second = 0
    while (farthest["1 s"] < 0 or second < 3) and time.monotonic() < end:
        value = b'{"n":%d}' % (FIRST + 1000 * second)
        producer.send(kafka().clients.producer.ProducerRecord("idle", 0, None, value)).get()
        second += 1
        time.sleep(2)
        for one in consumed(made, "marks"):
            mark = json.loads(one[4])
            farthest[mark["idleness"]] = max(farthest[mark["idleness"]], mark["at"])
    stop(client)
    producer.close()
    return farthest
