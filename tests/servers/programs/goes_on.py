# SPDX-License-Identifier: Apache-2.0
"""Parts of functions_in_batches.py: jobs that fail and go on from their last checkpoint."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.table import StreamTableEnvironment

from flinksec_jobs import SecureJob, fast, key_by_field
from flinksec_jobs.runtime import jvm
from tests.living_files import paths_below


class Sums(KeyedProcessFunction):  # type: ignore[misc]
    """Sums by key; fails once, when a checkpoint is there."""

    def __init__(self, broken: Path, checkpoints: Path) -> None:
        self._broken = str(broken)
        self._checkpoints = str(checkpoints)

    def open(self, runtime_context: RuntimeContext) -> None:
        self._is_first_try = not Path(self._broken).exists()
        self._seen = 0
        self.sum = runtime_context.get_state(
            ValueStateDescriptor("sum", Types.TUPLE([Types.LONG(), Types.LONG()]))
        )

    def process_element(self, row: Any, ctx: KeyedProcessFunction.Context) -> Iterator[str]:
        total, count = self.sum.value() or (0, 0)
        total, count = total + row.n, count + 1
        self.sum.update((total, count))
        yield f"{row.k} {count} {total}"
        if self._is_first_try and self._is_stored():
            self._keep_newest()
            raise RuntimeError("broken once")

    def _keep_newest(self) -> None:
        """Keep what the newest checkpoint says; Flink may remove it for a newer one meanwhile."""
        while not Path(self._broken).exists():
            with contextlib.suppress(FileNotFoundError):
                found = self._stored()
                newest = max(found, key=lambda path: path.stat().st_mtime)
                Path(self._broken).write_bytes(newest.read_bytes())

    def _is_stored(self) -> bool:
        time.sleep(0.001)  # else all is read before there is a checkpoint
        self._seen += 1
        return self._seen % 50 == 0 and any(self._stored())

    def _stored(self) -> Iterator[Path]:
        below = paths_below(Path(self._checkpoints))
        return (path for path in below if path.name == "_metadata")


def restored(
    directory: Path,
    backend: str,
    count: int = 8000,
    unaligned: bool = False,
    fails: bool = True,
) -> dict[str, Any]:
    """Sums of a job that fails in its middle and goes on from its last checkpoint.

    Args:
        directory: for its checkpoints.
        backend: of its state.
        count: of its numbers.
        unaligned: whether its checkpoints are.
        fails: whether it fails by itself.
    """
    name = f"{backend}-{unaligned}"
    checkpoints = directory / name
    broken_once = directory / f"{name}-broken"
    flink = {
        "execution.checkpointing.unaligned.enabled": unaligned,
        "taskmanager.memory.segment-size": "4 kb",  # which hold few records
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "3",
        "restart-strategy.fixed-delay.delay": "1 ms",
    }
    state = {
        "directory": str(checkpoints),
        "sealed": False,
        "backend": backend,
        "checkpoint_interval": "100 ms",
    }
    checkpoints.mkdir()
    if not fails:
        broken_once.touch()
    overrides = {"flink": flink, "state": state, "python": {"batch_records": 20}}
    with SecureJob(f"restored-{name}", overrides=overrides) as job:
        job.env.set_parallelism(2 if unaligned else 1)
        tables = StreamTableEnvironment.create(job.env)
        tables.execute_sql(
            "CREATE TEMPORARY TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', "
            # More than can be worked on, so that much is under way.
            f"'rows-per-second' = '{50_000 if unaligned else 2000}', "
            "'fields.n.kind' = 'sequence', 'fields.n.start' = '1', "
            f"'fields.n.end' = '{count}')"
        )
        query = tables.sql_query("SELECT CAST(MOD(n, 7) AS BIGINT) AS k, n FROM numbers")
        keyed = key_by_field(tables.to_data_stream(query), "k")
        sums = fast(keyed).process(Sums(broken_once, checkpoints), Types.STRING())
        with sums.execute_and_collect() as came:
            lines = list(came)
    return {
        "lines": lines,
        "broken": broken_once.exists(),
        "count": count,
        "in flight": in_flight(broken_once) if fails else 0,
    }


def in_flight(metadata: Path) -> int:
    """How many channels of a checkpoint hold records that were under way."""
    java = jvm.view()
    stream = java.java.io.DataInputStream(java.java.io.FileInputStream(str(metadata)))
    loader = java.java.lang.Thread.currentThread().getContextClassLoader()
    found = java.org.apache.flink.runtime.checkpoint.Checkpoints.loadCheckpointMetadata(
        stream, loader, str(metadata)
    )
    return sum(
        part.getInputChannelState().size() + part.getResultSubpartitionState().size()
        for operator in found.getOperatorStates().toArray()
        for part in operator.getStates().toArray()
    )
