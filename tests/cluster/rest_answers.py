# SPDX-License-Identifier: Apache-2.0
"""Everything that Flink's REST endpoint tells of a running job, as far as it can be asked by GET.

The paths are those of "REST API" in Flink's documentation, release 2.2.
"""

import http.client
import json
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

Ask = Callable[[str], bytes]

_OF_THE_CLUSTER = (
    *("/config", "/overview", "/datasets", "/jobs", "/jobs/metrics", "/jobs/overview"),
    *(
        f"/jobmanager/{what}"
        for what in ("config", "environment", "log", "logs", "metrics", "stdout", "thread-dump")
    ),
    *("/taskmanagers", "/taskmanagers/metrics"),
)
_OF_A_TASKMANAGER = ("", "/log", "/logs", "/metrics", "/stdout", "/thread-dump")
_OF_A_JOB = (
    *("", "/accumulators?includeSerializedValue=true", "/checkpoints", "/checkpoints/config"),
    *("/config", "/exceptions?maxExceptions=1000", "/execution-result", "/jobmanager/config"),
    *("/jobmanager/environment", "/jobmanager/log-url", "/metrics", "/plan"),
    *("/resource-requirements", "/status"),
)
_OF_A_VERTEX = (
    *("", "/accumulators", "/backpressure", "/jm-operator-metrics", "/metrics"),
    *("/subtasks/accumulators", "/subtasks/metrics", "/subtasktimes", "/taskmanagers"),
    *("/watermarks", "/subtasks/0"),
)


def answers(ask: Ask) -> Iterator[tuple[str, bytes]]:
    """Ask for everything, and give each path with its answer; some of the files do not exist."""
    for path in _paths(ask):
        try:
            yield path, ask(path)
        except (OSError, http.client.HTTPException):
            continue


def _paths(ask: Ask) -> Iterator[str]:
    def told(path: str) -> Any:
        return json.loads(ask(path))

    yield from _OF_THE_CLUSTER
    managers = [f"/taskmanagers/{one['id']}" for one in told("/taskmanagers")["taskmanagers"]]
    yield from map("".join, product(managers, _OF_A_TASKMANAGER))
    for job in told("/jobs")["jobs"]:
        of_job = f"/jobs/{job['id']}"
        yield from map("".join, product([of_job], _OF_A_JOB))
        vertices = [f"{of_job}/vertices/{one['id']}" for one in told(of_job)["vertices"]]
        yield from map("".join, product(vertices, _OF_A_VERTEX))
