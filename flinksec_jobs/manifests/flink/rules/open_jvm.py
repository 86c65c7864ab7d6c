# SPDX-License-Identifier: Apache-2.0
"""Doors of the JVM itself: a debugger, and JMX."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flinksec_jobs.manifests.flink.flink_processes import processes
from flinksec_jobs.manifests.kube.objects import Manifests, Place, text
from flinksec_jobs.manifests.rule import rule

_DOOR = re.compile(r"-agentlib:jdwp|-Xrunjdwp|-Xdebug|com\.sun\.management\.jmxremote\.port")


@rule(
    "flink-debugger",
    why="whoever reaches the port of a debugger or of JMX runs code in the process",
    fix="remove it; to debug, forward a port to a process that listens on localhost only",
)
def _debugger(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        for option, value in process.options.items():
            if option.startswith("env.java.opts") and (match := _DOOR.search(value)):
                yield process.at(option, match[0])
        for path, variable in process.container.environment:
            if match := _DOOR.search(text(variable.get("value"))):
                yield process.container.at(f"{path}.value", match[0])
        if match := _DOOR.search(" ".join(process.container.words)):
            yield process.container.at("args", match[0])
