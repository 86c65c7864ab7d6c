# SPDX-License-Identifier: Apache-2.0
"""What arrived in each system, beside what the plain pass says should have."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flinksec_jobs.demo.expectations import Check

if TYPE_CHECKING:
    from flinksec_jobs.demo.evidence import Evidence
    from flinksec_jobs.demo.expected import Expected
    from flinksec_jobs.sandbox import Sandbox
    from flinksec_jobs.sealed import KeyRing

_PAGE = 10_000
_PRECISION = 6


def kafka_in(sandbox: Sandbox, expected: Expected) -> Iterator[Check]:
    """Yield the flights that lie in the topic."""
    found = sandbox.topic_size("flights")
    yield Check("Kafka in: flights", len(expected.flights), found)


def elasticsearch(sandbox: Sandbox, expected: Expected) -> Iterator[Check]:
    """Every document that the job made, compared field by field."""
    client = sandbox.elasticsearch_client()
    client.indices.refresh(index="_all")
    delayed = {
        key: (doc["dep_delay"], doc["inherited_delay"])
        for key, doc in _documents(client, "flight-delays", ["dep_delay", "inherited_delay"])
    }
    yield from _compare("Elasticsearch: delayed flights", expected.delayed, delayed)
    hourly = {
        key: (doc["departures"], round(doc["mean_delay"], _PRECISION))
        for key, doc in _documents(client, "departures-hourly", ["departures", "mean_delay"])
    }
    wanted = {key: (n, round(mean, _PRECISION)) for key, (n, mean) in expected.hourly.items()}
    yield from _compare("Elasticsearch: hours of an airport", wanted, hourly)
    cancelled = {key: True for key, _ in _documents(client, "flight-cancellations", ["id"])}
    yield from _compare(
        "Elasticsearch: cancelled flights", dict.fromkeys(expected.cancelled, True), cancelled
    )


def hdfs(sandbox: Sandbox, expected: Expected) -> Iterator[Check]:
    """Yield the rows of all finished files, none twice and none missing, as pyarrow reads them."""
    from pyarrow import parquet  # type: ignore[import-untyped]

    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="flinksec-demo-") as copies:
        files = sandbox.hdfs_get("/data/flights", Path(copies, "flights"))
        for file in files:
            # Not read_table, which takes the names of directories for columns.
            ids = parquet.ParquetFile(file).read(columns=["id"])
            counts.update(ids.column("id").to_pylist())
    yield Check("HDFS: finished files", "at least 1", "at least 1" if files else "none")
    yield Check("HDFS: rows", len(expected.flights), counts.total())
    yield Check("HDFS: distinct flights", len(expected.flights), len(counts))


def kafka_alerts(sandbox: Sandbox, expected: Expected) -> Iterator[Check]:
    """Yield the alerts that a read_committed consumer sees."""
    alerts = Counter(json.loads(line)["id"] for line in sandbox.consume("delay-alerts"))
    yield Check("Kafka out: alerts", len(expected.alerts), alerts.total())
    yield Check("Kafka out: alerts missing or twice", 0, _differences(expected.alerts, alerts))


def all_checks(sandbox: Sandbox, expected: Expected) -> Iterator[Check]:
    """Everything that the job should have written, and what it read."""
    yield from kafka_in(sandbox, expected)
    yield from elasticsearch(sandbox, expected)
    yield from hdfs(sandbox, expected)
    yield from kafka_alerts(sandbox, expected)


def sealed_files(evidence: Evidence, ring: KeyRing) -> Iterator[Check]:
    """Yield the files of all checkpoints that were completed: each sealed and whole."""
    from flinksec_jobs.sealed import Status, verify_file

    files = evidence.files()
    whole = sum(verify_file(path, ring).status is Status.WHOLE for path in files)
    yield Check(
        "Checkpoints completed", "at least 1", "at least 1" if evidence.checkpoints() else "none"
    )
    yield Check("Checkpoint files: sealed and whole", len(files), whole)


def _documents(client: Any, index: str, fields: list[str]) -> Iterator[tuple[str, Any]]:
    from elasticsearch import helpers

    if client.indices.exists(index=index):
        for hit in helpers.scan(client, index=index, size=_PAGE, _source=fields):
            yield hit["_id"], hit["_source"]


def _compare(name: str, expected: dict[str, Any], actual: dict[str, Any]) -> Iterator[Check]:
    right = sum(actual.get(key) == value for key, value in expected.items())
    yield Check(name, len(expected), len(actual))
    yield Check(f"{name}, with the right figures", len(expected), right)


def _differences(expected: set[str], actual: Counter[str]) -> int:
    return sum(abs(actual[key] - (key in expected)) for key in expected | actual.keys())
