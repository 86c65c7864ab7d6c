# SPDX-License-Identifier: Apache-2.0
"""How long a record takes from topic to topic, by the broker's clock, at three rates.

A way runs for all rates in turn. Each rate begins with a part that is not counted, in which the way
gets warm. Records are written by librdkafka's client, each at its own time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.functions.data import payments
from bench.functions.figures import percentile
from bench.functions.task import Task


@dataclass(frozen=True)
class Phase:
    """One rate.

    Attributes:
        rate: records a second.
        warm: how many of them come first and are not counted.
        counted: how many are.
    """

    rate: int
    warm: int
    counted: int


# The first warms the JVM up; its records are not counted at all.
PHASES = (
    Phase(4000, 20_000, 0),
    Phase(1, 1, 12),
    Phase(100, 100, 900),
    # A JVM compiles its code for some ten seconds of such a rate.
    Phase(10_000, 150_000, 50_000),
)


def total() -> int:
    """How many records all phases have."""
    return sum(phase.warm + phase.counted for phase in PHASES)


def seconds() -> float:
    """How long all phases last."""
    return sum((phase.warm + phase.counted) / phase.rate for phase in PHASES)


def of_phases(came: Mapping[int, int], went: Mapping[int, int]) -> dict[int, tuple[int, int]]:
    """Return the median and the 99th percentile in ms of each rate.

    Args:
        came: by the id of a record, when the broker appended it.
        went: the same of what came out.

    Raises:
        FlinkSecError: nothing came out of a phase.
    """
    found = {}
    begin = 0
    for phase in PHASES:
        first, begin = begin + phase.warm, begin + phase.warm + phase.counted
        if phase.counted:
            took = [went[one] - came[one] for one in range(first, begin) if one in went]
            found[phase.rate] = percentile(took, 50), percentile(took, 99)
    return found


def feeder(python: Path, task: Task, directory: Path) -> subprocess.Popen[bytes]:
    """Start the program that writes the records, `main` of this module, in the checkout."""
    path = str(Path(task.directory) / "task.json")
    return subprocess.Popen([str(python), "-m", "bench.functions.latency", path], cwd=directory)


def due(schedule: Sequence[Phase], elapsed: float) -> int:
    """Return how many records should have been written so many seconds after the beginning."""
    done = 0
    for phase in schedule:
        length = (phase.warm + phase.counted) / phase.rate
        if elapsed < length:
            return done + int(elapsed * phase.rate)
        elapsed -= length
        done += phase.warm + phase.counted
    return done


def main() -> None:
    """Write the records of all phases, in the peers' environment."""
    import time

    from confluent_kafka import Consumer, Producer, TopicPartition

    task = Task.read(sys.argv[1])
    producer = Producer({"bootstrap.servers": task.bootstrap, **task.librdkafka, "linger.ms": 0})
    values = [json.dumps(one, separators=(",", ":")).encode() for one in payments(total())]
    # The first one tells when the way has started.
    producer.produce(task.source, values[0])
    producer.flush()
    consumer = Consumer(
        {"bootstrap.servers": task.bootstrap, **task.librdkafka, "group.id": "flink-latency"}
    )
    made = TopicPartition(task.sink, 0)
    while consumer.get_watermark_offsets(made, 10)[1] == 0:
        time.sleep(0.1)
    consumer.close()
    start = time.monotonic()
    written = 1
    while written < len(values):
        until = max(written, due(PHASES, time.monotonic() - start))
        for value in values[written:until]:
            producer.produce(task.source, value)
        written = until
        producer.poll(0)
        time.sleep(0.001)
    producer.flush()


if __name__ == "__main__":
    main()
