# SPDX-License-Identifier: Apache-2.0
"""The ways that are compared, and the workloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flinksec_jobs import FlinkSecError

WORKLOADS = {
    "stateless": "decode, filter, add a field, encode",
    "keyed": "running sum and count of each user, an update of each record",
    "windows": "sums of each user and minute of event time, by timers",
    "json": "JSON to JSON: a document of another shape",
    "model": "a numpy model's score of each record",
}
_ALL = tuple(WORKLOADS)
_KEYED = ("keyed", "windows")


@dataclass(frozen=True)
class Way:
    """One way of doing it.

    Attributes:
        name: for ``--ways``.
        title: in the tables.
        program: the module that does it.
        variant: of the program.
        workloads: those in which it is run.
        lacks: those that it cannot do, which the table says.
        json: the library that decodes and encodes.
        mode: of PyFlink.
        backend: of Flink's state.
        parallel: whether it is run with a parallelism of more than 1, too.
        peer: whether it needs the peers' own environment.
        timed: whether its latency is measured, too.
        share: it reads one of so many records only, as it is slow.
    """

    name: str
    title: str
    program: str
    variant: str = ""
    workloads: Sequence[str] = _ALL
    lacks: Sequence[str] = ()
    json: str = "orjson"
    mode: str = "thread"
    backend: str = "hashmap"
    parallel: bool = True
    peer: bool = False
    timed: bool = False
    share: int = 1


_RAW, _OURS = "raw_pyflink", "the_library"
WAYS = (
    Way("raw-json", "raw PyFlink, thread, json", _RAW, "documented", json="json", share=2),
    Way("raw-orjson", "raw PyFlink, thread, orjson", _RAW, "documented", share=2),
    Way("raw-best", "raw PyFlink, best form, orjson", _RAW, "best", share=2, timed=True),
    Way("raw-process", "raw PyFlink, process, orjson", _RAW, "documented", mode="process",
        share=2),
    Way("ours", "ours, per record", _OURS, "records", share=2, timed=True),
    Way("batches", "ours, in batches", _OURS, "batches", timed=True),
    Way("batches-process", "ours, in batches, processes", _OURS, "batches", mode="process",
        timed=True),
    Way("raw-best-rocksdb", "raw PyFlink, best form, RocksDB", _RAW, "best", _KEYED,
        backend="rocksdb", parallel=False, share=2),
    Way("ours-rocksdb", "ours, per record, RocksDB", _OURS, "records", _KEYED,
        backend="rocksdb", parallel=False, share=2),
    Way("batches-rocksdb", "ours, in batches, RocksDB", _OURS, "batches", _KEYED,
        backend="rocksdb", parallel=False),
    Way("bytewax", "Bytewax, orjson", "in_bytewax", "documented", peer=True),
    Way("bytewax-batched", "Bytewax, steps batched, orjson", "in_bytewax", "batched", peer=True),
    Way("quix", "Quix Streams", "in_quix", peer=True, share=2),
    Way("sql", "Flink SQL", "flink_sql", workloads=("stateless", "keyed", "windows", "json"),
        lacks=("model",)),
    Way("none", "Kafka to Kafka, no Python", _RAW, "none", ("stateless", "json", "model"),
        timed=True),
    Way("loop", "bare loop of clients, no state kept", "client_loop", peer=True),
)  # fmt: skip
"""In the order of the tables; where raw PyFlink as its documentation writes it is the measure."""

MEASURE = "raw-orjson"
"""The way of which the others are multiples."""


def chosen(names: Sequence[str]) -> list[Way]:
    """The ways of these names; all without any.

    Raises:
        FlinkSecError: there is none of a name.
    """
    if unknown := sorted(set(names) - {way.name for way in WAYS}):
        raise FlinkSecError(
            f"there is no way {', '.join(unknown)}",
            hint=f"there are {', '.join(way.name for way in WAYS)}",
        )
    return [way for way in WAYS if not names or way.name in names]


def in_turn(runs: Sequence[tuple[str, int, Way]], number: int) -> list[tuple[str, int, Way]]:
    """The runs of a round, every other round backwards: what grows with time favours none."""
    return list(runs) if number % 2 == 0 else list(runs)[::-1]
