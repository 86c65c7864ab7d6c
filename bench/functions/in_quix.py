# SPDX-License-Identifier: Apache-2.0
"""Quix Streams: its data frames, state in RocksDB with changelog topics, commits every 5 seconds.

Parallel instances are processes of one consumer group.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from quixstreams import Application, State
from quixstreams.kafka.configuration import ConnectionConfig

from bench.functions import logic
from bench.functions.task import Task

_IDLE_SECONDS = 7.0
"""After so long without a record it is at the end of a topic; no output comes meanwhile."""


def run(task: Task, number: int) -> None:
    """Run one instance until nothing comes any more."""
    application = Application(
        broker_address=ConnectionConfig.from_librdkafka_dict(
            {"bootstrap.servers": task.bootstrap, **task.librdkafka}
        ),
        consumer_group=f"flink-quix-{task.sink}",
        auto_offset_reset="earliest",
        commit_interval=5.0,
        processing_guarantee="at-least-once",
        state_dir=str(Path(task.directory) / f"state-{number}"),
        auto_create_topics=True,
        loglevel="WARNING",
    )
    source = application.topic(task.source, value_deserializer="json", key_deserializer="str")
    sink = application.topic(task.sink, value_serializer="json")
    flow(application.dataframe(source), task).to_topic(sink, key=lambda _: None)
    application.run(timeout=_IDLE_SECONDS if task.bounded else 0.0, collect=False)


def flow(frame: Any, task: Task) -> Any:
    """The data frame of a workload."""
    if task.workload == "stateless":
        kept = frame[frame["amount"] >= logic.KEPT_FROM]
        kept["total"] = kept["amount"] * kept["quantity"]
        return kept
    if task.workload == "json":
        return frame.apply(logic.reshaped)
    if task.workload == "model":
        model = logic.Model()
        return frame.apply(lambda one: {"id": one["id"], "score": model.score(logic.features(one))})
    if task.workload == "windows":
        windows = frame.tumbling_window(duration_ms=logic.WINDOW_MS).reduce(
            reducer=lambda sums, payment: [sums[0], sums[1] + payment["amount"], sums[2] + 1],
            initializer=lambda payment: [payment["user"], payment["amount"], 1],
        )
        return windows.final().apply(_window)
    return frame.apply(_update, stateful=True)


def _update(payment: Any, state: State) -> Any:
    total, count = state.get("sums") or (0, 0)
    total, count = total + payment["amount"], count + 1
    state.set("sums", [total, count])
    return {"id": payment["id"], "user": payment["user"], "total": total, "count": count}


def _window(closed: Any) -> Any:
    user, total, count = closed["value"]
    return {"user": user, "end": closed["end"], "total": total, "count": count}


def main() -> None:
    """Run all instances; each but the first is a process of its own."""
    path, *rest = sys.argv[1:]
    task = Task.read(path)
    number = int(rest[0]) if rest else 0
    others = [] if rest else range(1, task.parallelism)
    command = [sys.executable, "-m", "bench.functions.in_quix", path]
    started = [subprocess.Popen([*command, str(one)], env=os.environ) for one in others]
    run(task, number)
    sys.exit(max((process.wait() for process in started), default=0))


if __name__ == "__main__":
    main()
