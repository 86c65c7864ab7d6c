# SPDX-License-Identifier: Apache-2.0
"""Bytewax: its Kafka source and sink, state and windows of its own, snapshots every 5 seconds.

This program prepares the recovery store and starts Bytewax's runner, one process for each
parallel instance: within one process they would share one interpreter lock.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators import windowing

from bench.functions import logic
from bench.functions.task import Task

_ALIGNED = datetime(2020, 1, 1, tzinfo=UTC)
_SNAPSHOTS = "5"


def flow(path: str) -> Dataflow:
    """The dataflow of a task's file; Bytewax's runner calls it."""
    task = Task.read(path)
    loads: Callable[[Any], Any] = orjson.loads
    dumps: Callable[[Any], Any] = orjson.dumps
    if task.json == "json":
        loads, dumps = json.loads, lambda document: json.dumps(document).encode()
    made = Dataflow("bench")
    source = KafkaSource(
        [task.bootstrap], [task.source], tail=not task.bounded, add_config=dict(task.librdkafka)
    )
    build = _batched if task.variant == "batched" else _documented
    out = build(op.input("payments", made, source), task, loads, dumps)
    op.output("made", out, KafkaSink([task.bootstrap], task.sink, dict(task.librdkafka)))
    return made


def _documented(stream: Any, task: Task, loads: Any, dumps: Any) -> Any:
    """A step for each thing that is done, as its documentation has it."""

    def message(document: Any) -> KafkaSinkMessage:
        return KafkaSinkMessage(None, dumps(document))

    read = op.map("decode", stream, lambda came: loads(came.value))
    if task.workload == "stateless":
        kept = op.filter_map("enrich", read, logic.enriched)
        return op.map("encode", kept, message)
    if task.workload == "json":
        return op.map("encode", op.map("reshape", read, logic.reshaped), message)
    if task.workload == "model":
        model = logic.Model()
        scored = op.map(
            "score",
            read,
            lambda one: {"id": one["id"], "score": model.score(logic.features(one))},
        )
        return op.map("encode", scored, message)
    keyed = op.key_on("by user", read, lambda payment: payment["user"])
    return _keyed(keyed, task, lambda stream: op.map("encode", stream, message))


def _batched(stream: Any, task: Task, loads: Any, dumps: Any) -> Any:
    """What has no state, by the batch: the form that is quickest."""

    def encode(documents: list[Any]) -> list[KafkaSinkMessage]:
        return [KafkaSinkMessage(None, dumps(document)) for document in documents]

    if task.workload == "model":
        model = logic.Model()

        def scored(came: list[Any]) -> list[KafkaSinkMessage]:
            read = [loads(one.value) for one in came]
            scores = model.scores([logic.features(payment) for payment in read])
            return encode(
                [
                    {"id": payment["id"], "score": score}
                    for payment, score in zip(read, scores, strict=True)
                ]
            )

        return op.flat_map_batch("all", stream, scored)
    if task.workload in {"stateless", "json"}:
        function = logic.enriched if task.workload == "stateless" else logic.reshaped

        def computed(came: list[Any]) -> list[KafkaSinkMessage]:
            made = (function(loads(one.value)) for one in came)
            return encode([document for document in made if document is not None])

        return op.flat_map_batch("all", stream, computed)

    def decode(came: list[Any]) -> list[tuple[str, Any]]:
        read = (loads(one.value) for one in came)
        return [(payment["user"], payment) for payment in read]

    keyed = op.flat_map_batch("decode", stream, decode)
    return _keyed(keyed, task, lambda made: op.flat_map_batch("encode", made, encode))


def _keyed(keyed: Any, task: Task, encoded: Callable[[Any], Any]) -> Any:
    if task.workload == "windows":
        return encoded(_windows(keyed))

    def total(sums: tuple[int, int] | None, payment: Any) -> Any:
        before = sums or (0, 0)
        now = before[0] + payment["amount"], before[1] + 1
        return now, (payment["id"], *now)

    summed = op.stateful_map("sum", keyed, total)
    documents = op.map(
        "update",
        summed,
        lambda one: {"id": one[1][0], "user": one[0], "total": one[1][1], "count": one[1][2]},
    )
    return encoded(documents)


def _windows(keyed: Any) -> Any:
    def at(payment: Any) -> datetime:
        return datetime.fromtimestamp(payment["time"] / 1000, UTC)

    def add(sums: tuple[int, int, int], payment: Any) -> tuple[int, int, int]:
        end = logic.window_end(payment["time"])
        return sums[0] + payment["amount"], sums[1] + 1, end

    def merge(one: tuple[int, int, int], other: tuple[int, int, int]) -> tuple[int, int, int]:
        return one[0] + other[0], one[1] + other[1], max(one[2], other[2])

    # Its watermark also goes on with the clock of the machine: a stall would make records late.
    clock = windowing.EventClock(at, timedelta(0), lambda: _ALIGNED, lambda _: None)
    length = timedelta(milliseconds=logic.WINDOW_MS)
    windower = windowing.TumblingWindower(length=length, align_to=_ALIGNED)
    out = windowing.fold_window(
        "windows", keyed, clock, windower, lambda: (0, 0, 0), add, merge, ordered=False
    )
    return op.map(
        "window",
        out.down,
        lambda one: {
            "user": one[0],
            "total": one[1][1][0],
            "count": one[1][1][1],
            "end": one[1][1][2],
        },
    )


def main() -> None:
    """Start it, and wait for its end."""
    path = sys.argv[1]
    task = Task.read(path)
    store = Path(task.directory) / "recovery"
    store.mkdir()
    prepare = [sys.executable, "-m", "bytewax.recovery", str(store), str(task.parallelism)]
    subprocess.run(prepare, check=True)
    run = [sys.executable, "-m", "bytewax.run", f"bench.functions.in_bytewax:flow('{path}')"]
    run += ["-r", str(store), "-s", _SNAPSHOTS, "-b", "0"]
    if task.parallelism == 1:
        os.execv(sys.executable, run)  # noqa: S606
    addresses = ";".join(f"localhost:{port}" for port in _free_ports(task.parallelism))
    started = [
        subprocess.Popen([*run, "-i", str(number), "-a", addresses])
        for number in range(task.parallelism)
    ]
    sys.exit(max(process.wait() for process in started))


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


if __name__ == "__main__":
    main()
