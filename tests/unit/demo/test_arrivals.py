# SPDX-License-Identifier: Apache-2.0
"""What arrived is compared one by one, so that two errors do not cancel out."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet  # type: ignore[import-untyped]
import pytest
from elasticsearch import helpers

from flinksec_jobs.demo import arrivals
from flinksec_jobs.demo.expectations import Check
from flinksec_jobs.demo.expected import Expected
from flinksec_jobs.sealed import KeyRing, SealedWriter

EXPECTED = Expected(
    flights={"a", "b", "c"},
    cancelled={"c"},
    delayed={"a": (130, 20), "b": (16, 0)},
    alerts={"a"},
    hourly={"EWR-0": (2, 73.0), "JFK-0": (3, 1 / 3)},
)


class Client:
    """An Elasticsearch that holds documents."""

    def __init__(self, **indices: dict[str, dict[str, Any]]) -> None:
        self._indices = {name.replace("_", "-"): docs for name, docs in indices.items()}
        self.indices = SimpleNamespace(
            refresh=lambda **_: None, exists=lambda index: index in self._indices
        )

    def scan(self, index: str, _source: list[str]) -> Iterator[dict[str, Any]]:
        for key, doc in sorted(self._indices[index].items()):
            yield {"_id": key, "_source": {n: doc[n] for n in _source if n in doc}}


@pytest.fixture(autouse=True)
def scan_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def scan(client: Client, *, index: str, size: int, _source: list[str]) -> Any:
        return client.scan(index, _source)

    monkeypatch.setattr(helpers, "scan", scan)


def right() -> dict[str, dict[str, dict[str, Any]]]:
    return {
        "flight_delays": {
            "a": {"dep_delay": 130, "inherited_delay": 20, "own_delay": 110},
            "b": {"dep_delay": 16, "inherited_delay": 0, "own_delay": 16},
        },
        "departures_hourly": {
            "EWR-0": {"departures": 2, "mean_delay": 73.0},
            "JFK-0": {"departures": 3, "mean_delay": 0.333333333},
        },
        "flight_cancellations": {"c": {"id": "c"}},
    }


def in_elasticsearch(documents: dict[str, dict[str, dict[str, Any]]]) -> list[Check]:
    sandbox: Any = SimpleNamespace(elasticsearch_client=lambda: Client(**documents))
    return list(arrivals.elasticsearch(sandbox, EXPECTED))


def wrong(checks: list[Check]) -> dict[str, str | int]:
    return {check.name: check.actual for check in checks if not check.ok}


def test_documents_as_expected_meet_every_check() -> None:
    checks = in_elasticsearch(right())
    assert wrong(checks) == {}
    assert [check.expected for check in checks] == [2, 2, 2, 2, 1, 1]


def test_a_wrong_figure_in_one_document_is_found() -> None:
    documents = right()
    documents["flight_delays"]["a"]["inherited_delay"] = 21
    documents["departures_hourly"]["JFK-0"]["mean_delay"] = 0.3334
    assert wrong(in_elasticsearch(documents)) == {
        "Elasticsearch: delayed flights, with the right figures": 1,
        "Elasticsearch: hours of an airport, with the right figures": 1,
    }


def test_one_document_too_many_does_not_make_up_for_one_that_is_missing() -> None:
    documents = right()
    documents["flight_delays"]["x"] = documents["flight_delays"].pop("a")
    assert wrong(in_elasticsearch(documents)) == {
        "Elasticsearch: delayed flights, with the right figures": 1
    }


def test_an_index_that_the_job_never_made_counts_as_empty() -> None:
    documents = right()
    del documents["flight_cancellations"]
    assert wrong(in_elasticsearch(documents)) == {
        "Elasticsearch: cancelled flights": 0,
        "Elasticsearch: cancelled flights, with the right figures": 0,
    }


@pytest.mark.parametrize(
    ("lines", "bad"),
    [
        ("abc", {}),
        ("ab", {"HDFS: rows": 2, "HDFS: distinct flights": 2}),
        ("abb", {"HDFS: distinct flights": 2}),
        ("abca", {"HDFS: rows": 4}),
    ],
)
def test_rows_on_hdfs_are_there_once_each(lines: str, bad: dict[str, int]) -> None:
    def get(_: str, target: Path) -> list[Path]:
        target.mkdir()
        files = [target / "part-0.parquet", target / "part-1.parquet"]
        for file, ids in zip(files, (lines[:1], lines[1:]), strict=True):
            pyarrow.parquet.write_table(pyarrow.table({"id": list(ids)}), file)
        return files

    sandbox: Any = SimpleNamespace(hdfs_get=get)
    assert wrong(list(arrivals.hdfs(sandbox, EXPECTED))) == bad


def test_without_a_finished_file_nothing_has_arrived_on_hdfs() -> None:
    sandbox: Any = SimpleNamespace(hdfs_get=lambda *_: [])
    assert wrong(list(arrivals.hdfs(sandbox, EXPECTED)))["HDFS: finished files"] == "none"


@pytest.mark.parametrize(
    ("alerts", "differences"), [("a", 0), ("", 1), ("aa", 1), ("b", 2), ("aab", 2)]
)
def test_alerts_that_are_missing_doubled_or_foreign_are_counted(
    alerts: str, differences: int
) -> None:
    sandbox: Any = SimpleNamespace(consume=lambda _: [json.dumps({"id": key}) for key in alerts])
    total, differing = arrivals.kafka_alerts(sandbox, EXPECTED)
    assert (total.expected, total.actual) == (1, len(alerts))
    assert (differing.expected, differing.actual) == (0, differences)
    assert arrivals._differences({"a"}, Counter(alerts)) == differences


def test_the_flights_in_the_topic_are_counted() -> None:
    sandbox: Any = SimpleNamespace(topic_size={"flights": 3}.get)
    assert list(arrivals.kafka_in(sandbox, EXPECTED)) == [Check("Kafka in: flights", 3, 3)]


@pytest.mark.parametrize("damage", [None, lambda data: data[:-1], lambda data: b"plain text"])
def test_every_file_of_a_checkpoint_must_be_sealed_and_whole(
    tmp_path: Path, damage: Callable[[bytes], bytes] | None
) -> None:
    ring = KeyRing.create(tmp_path / "keys")
    paths = [tmp_path / "state" / name for name in ("_metadata", "data")]
    paths[0].parent.mkdir()
    for path in paths:
        with SealedWriter(path, ring) as writer:
            writer.write(b"state")
    if damage:
        paths[1].write_bytes(damage(paths[1].read_bytes()))
    evidence: Any = SimpleNamespace(files=lambda: paths, checkpoints=lambda: [paths[0].parent])
    completed, whole = arrivals.sealed_files(evidence, ring)
    assert completed.ok
    assert (whole.expected, whole.actual) == (2, 1 if damage else 2)


def test_a_job_without_a_completed_checkpoint_proves_nothing(tmp_path: Path) -> None:
    evidence: Any = SimpleNamespace(files=list, checkpoints=list)
    completed, _ = arrivals.sealed_files(evidence, KeyRing.create(tmp_path / "keys"))
    assert completed.actual == "none"
