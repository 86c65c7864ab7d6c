# SPDX-License-Identifier: Apache-2.0
"""One run of one way: its topics, its program, the check of what it wrote, its figures."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.functions import checking, figures, latency, peers, processes
from bench.functions.broker import Broker
from bench.functions.figures import Figures
from bench.functions.task import Task
from bench.functions.ways import Way
from bench.sealed_state import jdk
from flinksec_jobs import FlinkSecError
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.shipped import checkout

_HERE = Path(__file__).parent
_AFTER_SECONDS = 3.0
_FEW = 200_000


@dataclass
class Bench:
    """What all runs have in common.

    Attributes:
        broker: where the records are.
        records: how many go in; of slow ways the share that they read, but 200,000 at least.
        limit: after how many seconds a run is given up.
        directory: of all runs; a run's own lies below it.
        say: takes lines of progress.
        keep_logs: whether the directories of runs stay.
        peer_python: of the peers' environment; None if there is none.
        load: how busy other work kept the machine, of each run: parts of a processor.
    """

    broker: Broker
    records: int
    limit: float
    directory: Path
    say: Callable[[str], None]
    keep_logs: bool
    peer_python: Path | None
    load: list[float] = field(default_factory=list)
    _expected: dict[tuple[str, int], checking.Expected] = field(default_factory=dict)
    _sources: set[str] = field(default_factory=set)
    _jar: Path | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    def once(self, way: Way, workload: str, parallelism: int) -> Figures:
        """Run a way, check all that it wrote, and return its figures.

        Raises:
            FlinkSecError: it failed, or wrote something else than a plain pass.
        """
        records = max(self.records // way.share, self.records if self.records < _FEW else _FEW)
        source = self._source(parallelism, records)
        with self._run_of(way, workload, parallelism, source) as task:
            begun, before = time.monotonic(), self._others()
            watched = self._start(way, task)
            others = self._others() - before - watched.samples[-1].cpu
            self.load.append(max(0.0, others / (time.monotonic() - begun)))
            stamps = []

            def values() -> Iterator[bytes]:
                for stamp, value in self.broker.read(task.sink):
                    stamps.append(stamp)
                    yield value

            name = f"{way.title}, {workload}"
            self._expect("unchanged" if way.variant == "none" else workload, records).faults(
                values()
            ).require_none(name)
            return figures.of_run(records, stamps, watched.samples, watched.memory_mb)

    def latencies(self, way: Way) -> dict[int, tuple[int, int]]:
        """Run a way at the rates of `latency.PHASES`, and return median and 99th percentile.

        Raises:
            FlinkSecError: it failed, or there is no client that writes at these rates.
        """
        if self.peer_python is None:
            raise FlinkSecError(
                "latency needs confluent-kafka, which cannot be installed here",
                hint="leave --latency out",
            )
        workload = "stateless" if way.variant == "none" else "keyed"
        source = f"bench-latency-{next(self._numbers)}"
        self.broker.create(source)
        try:
            with self._run_of(way, workload, 1, source, bounded=False) as task:
                return self._timed(way, task, self.peer_python)
        finally:
            self.broker.delete([source])

    def _others(self) -> float:
        """Seconds that the processors have worked, but for the broker's."""
        own = (processes.cpu_of(server.pid) for server in self.broker.sandbox.status())
        return processes.cpu_of_machine() - max(own)

    def _timed(self, way: Way, task: Task, python: Path) -> dict[int, tuple[int, int]]:
        feeding: list[subprocess.Popen[bytes]] = []
        ended: list[float] = []

        def over() -> bool:
            if not feeding:
                feeding.append(latency.feeder(python, task, _root()))
            if feeding[0].poll() is None:
                return False
            ended.append(time.monotonic())
            return ended[-1] - ended[0] > _AFTER_SECONDS

        try:
            self._start(way, task, over)
        finally:
            for process in feeding:
                process.kill()
                process.wait()
        came, went = (checking.stamps_of(self.broker.read(t)) for t in (task.source, task.sink))
        return latency.of_phases(came, went)

    def _start(
        self, way: Way, task: Task, meanwhile: Callable[[], bool] | None = None
    ) -> processes.Watched:
        python = self.peer_python if way.peer else Path(sys.executable)
        path = task.write()
        return processes.run(
            [str(python), "-m", f"bench.functions.{way.program}", str(path)],
            Path(task.directory) / "log",
            directory=_root(),
            environment={"JAVA_HOME": str(find_java().home), "OMP_NUM_THREADS": "1"},
            seconds=self.limit,
            meanwhile=meanwhile,
        )

    @contextmanager
    def _run_of(
        self, way: Way, workload: str, parallelism: int, source: str, *, bounded: bool = True
    ) -> Iterator[Task]:
        number = next(self._numbers)
        sink = f"bench-made-{number}"
        directory = self.directory / f"{number:03d}-{way.name}-{workload}-{parallelism}"
        directory.mkdir()
        self.broker.create(sink)
        try:
            yield Task(
                variant=way.variant,
                workload=workload,
                parallelism=parallelism,
                source=source,
                sink=sink,
                directory=str(directory),
                sandbox=str(self.broker.sandbox.directory),
                bootstrap=self.broker.bootstrap,
                protocol=self.broker.protocol,
                java=self.broker.java(),
                librdkafka=self.broker.librdkafka(),
                jars=[str(jar) for jar in [*artifacts.jars("flink-kafka"), self._own_jar()]],
                json=way.json,
                mode=way.mode,
                backend=way.backend,
                bounded=bounded,
                prompt=not bounded,
            )
        finally:
            self.broker.delete([sink])
            if not self.keep_logs:
                shutil.rmtree(directory, ignore_errors=True)

    def _source(self, partitions: int, records: int) -> str:
        """The topic of so many payments and partitions; it is written when first asked for."""
        topic = f"bench-payments-{partitions}-{records}"
        if topic not in self._sources:
            self.say(f"writing {records:,} records to a topic of {partitions} partitions")
            self.broker.produce(topic, records, partitions)
            self._sources.add(topic)
        return topic

    def _expect(self, workload: str, records: int) -> checking.Expected:
        key = workload, records
        if key not in self._expected:
            self.say(f"the plain pass of {workload} over {records:,} records")
            makers = checking.EXPECTED | {"unchanged": checking.unchanged}
            self._expected[key] = makers[workload](records)
        return self._expected[key]

    def _own_jar(self) -> Path:
        """The jar of `JsonKey.java`, compiled when first asked for."""
        if self._jar is None:
            import pyflink

            classes = Path(tempfile.mkdtemp(dir=self.directory))
            flink = sorted((Path(pyflink.__file__).parent / "lib").glob("flink-dist-*.jar"))
            path = os.pathsep.join(map(str, flink))
            source = _HERE / "JsonKey.java"
            subprocess.run([jdk("javac"), "-cp", path, "-d", classes, source], check=True)
            made = classes / "bench.jar"
            subprocess.run(
                [jdk("jar"), "--create", "--file", made, "-C", classes, "org"], check=True
            )
            self._jar = made
        return self._jar


def peer_python(say: Callable[[str], None]) -> Path | None:
    """The Python of the peers; None, with a line that says why, if they cannot be installed."""
    try:
        return peers.python(say)
    except (FlinkSecError, OSError, subprocess.CalledProcessError) as error:
        say(f"without other engines: {error}")
        return None


def _root() -> Path:
    found = checkout()
    assert found is not None  # noqa: S101  benches are in checkouts only
    return found
