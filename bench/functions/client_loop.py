# SPDX-License-Identifier: Apache-2.0
"""A bare loop over confluent-kafka's clients: no state that survives, no commits. It is the limit.

Parallel instances are processes with a partition each.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from bench.functions import logic
from bench.functions.task import Task

_AT_ONCE = 1000
Compute = Callable[[list[Any]], list[Any]]


def run(task: Task, partition: int) -> None:
    """Read a partition to its end."""
    common = {"bootstrap.servers": task.bootstrap, **task.librdkafka}
    # Its default lets the consumer sleep for a second whenever its queue is full.
    tuned = {"group.id": "flink-loop", "enable.partition.eof": True, "fetch.queue.backoff.ms": 5}
    consumer = Consumer({**common, **tuned})
    producer = Producer({**common, "linger.ms": 5, "queue.buffering.max.messages": 1_000_000})
    consumer.assign([TopicPartition(task.source, partition, 0)])
    compute = workload(task.workload)
    goes_on = True
    while goes_on:
        came = []
        for message in consumer.consume(_AT_ONCE, 1.0):
            if message.error() is None:
                came.append(orjson.loads(message.value()))
            elif message.error().code() == KafkaError._PARTITION_EOF:
                goes_on = not task.bounded
            else:
                sys.exit(str(message.error()))
        for document in compute(came):
            _produce(producer, task.sink, orjson.dumps(document))
        producer.poll(0)
    for document in END.get(task.workload, list)():
        _produce(producer, task.sink, orjson.dumps(document))
    producer.flush()
    consumer.close()


def _produce(producer: Producer, topic: str, value: bytes) -> None:
    while True:
        try:
            producer.produce(topic, value)
        except BufferError:  # all that it may keep waits for the broker
            producer.poll(0.1)
        else:
            return


def workload(name: str) -> Compute:
    """What is computed of some records at once."""
    if name == "model":
        model = logic.Model()

        def scored(came: list[Any]) -> list[Any]:
            if not came:
                return []
            scores = model.scores([logic.features(payment) for payment in came])
            return [
                {"id": payment["id"], "score": score}
                for payment, score in zip(came, scores, strict=True)
            ]

        return scored
    return {
        "stateless": lambda came: [made for one in came if (made := logic.enriched(one))],
        "json": lambda came: [logic.reshaped(payment) for payment in came],
        "keyed": _update_all,
        "windows": _close_windows,
    }[name]


_sums: dict[Any, tuple[int, int]] = {}


def _update_all(came: list[Any]) -> list[Any]:
    made = []
    for payment in came:
        user = payment["user"]
        total, count = _sums.get(user, (0, 0))
        now = _sums[user] = total + payment["amount"], count + 1
        made.append({"id": payment["id"], "user": user, "total": now[0], "count": now[1]})
    return made


def _close_windows(came: list[Any]) -> list[Any]:
    """Times ascend within a partition: a record behind a window closes it."""
    made: list[Any] = []
    for payment in came:
        end = logic.window_end(payment["time"])
        if _ends and end > _ends[-1]:
            made += _all_windows()
        if not _ends:
            _ends.append(end)
        total, count = _sums.get(payment["user"], (0, 0))
        _sums[payment["user"]] = total + payment["amount"], count + 1
    return made


_ends: list[int] = []


def _all_windows() -> list[Any]:
    if not _ends:
        return []
    end = _ends.pop()
    made = [
        {"user": user, "end": end, "total": total, "count": count}
        for user, (total, count) in _sums.items()
    ]
    _sums.clear()
    return made


END: dict[str, Callable[[], list[Any]]] = {"windows": _all_windows}
"""What is left when a topic ends."""


def main() -> None:
    """Run all instances; each but the first is a process of its own."""
    path, *rest = sys.argv[1:]
    task = Task.read(path)
    partition = int(rest[0]) if rest else 0
    others = [] if rest else range(1, task.parallelism)
    command = [sys.executable, "-m", "bench.functions.client_loop", path]
    started = [subprocess.Popen([*command, str(one)], env=os.environ) for one in others]
    run(task, partition)
    sys.exit(max((process.wait() for process in started), default=0))


if __name__ == "__main__":
    main()
