# SPDX-License-Identifier: Apache-2.0
"""What a program of a way is to do, as the bench hands it over in a file."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Task:
    """One run of one way.

    Attributes:
        variant: of the program: which of its ways.
        workload: which function.
        parallelism: how many instances; the source has as many partitions.
        source: the topic that is read, from its beginning.
        sink: the topic that is written.
        directory: for checkpoints, state and logs of this run alone.
        sandbox: the sandbox's directory, for ways that use its settings.
        bootstrap: the broker, as host:port.
        protocol: Kafka's security.protocol, the same for all ways.
        java: properties of Java's clients.
        librdkafka: properties of librdkafka's clients.
        jars: of Flink's connector, and of the bench's own class.
        json: the library that decodes and encodes: json or orjson.
        mode: of PyFlink: thread or process.
        backend: of Flink's state: hashmap or rocksdb.
        bounded: whether it ends at the end of the source.
        prompt: whether buffers between operators are sent on within 5 ms, to measure latency.
    """

    variant: str
    workload: str
    parallelism: int
    source: str
    sink: str
    directory: str
    sandbox: str
    bootstrap: str
    protocol: str
    java: dict[str, str] = field(default_factory=dict)
    librdkafka: dict[str, str] = field(default_factory=dict)
    jars: list[str] = field(default_factory=list)
    json: str = "orjson"
    mode: str = "thread"
    backend: str = "hashmap"
    bounded: bool = True
    prompt: bool = False

    def write(self) -> Path:
        """Write it to its directory; it holds a password of the sandbox."""
        path = Path(self.directory) / "task.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: str | Path) -> Task:
        """Read one."""
        return cls(**json.loads(Path(path).read_text(encoding="utf-8")))


def given() -> Task:
    """The task that this program was started for: its first argument."""
    return Task.read(sys.argv[1])
