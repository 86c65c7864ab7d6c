# SPDX-License-Identifier: Apache-2.0
"""How a running job gets on, read from Flink's REST endpoint on the loopback interface."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_TIMEOUT_SECONDS = 2
_DOCUMENT_SINKS = "Elasticsearch"


@dataclass(frozen=True)
class Progress:
    """A moment of a job.

    Attributes:
        records_in: records read by all sources.
        documents_out: documents that the sinks named ``Elasticsearch…`` have sent.
        checkpoints: checkpoints completed so far.
        checkpoint_bytes: size of the last completed checkpoint.
        checkpoint_ms: how long the last completed checkpoint took, in milliseconds.
    """

    records_in: int = 0
    documents_out: int = 0
    checkpoints: int = 0
    checkpoint_bytes: int = 0
    checkpoint_ms: int = 0


class JobRest:
    """The REST endpoint of a local run.

    Args:
        port: its port (``rest.bind-port``) on the loopback interface.
    """

    def __init__(self, port: int) -> None:
        self._base = f"http://localhost:{port}"
        self._metrics: dict[tuple[str, str], list[str]] = {}

    def progress(self) -> Progress | None:
        """How the job gets on; ``None`` while there is no job to ask about."""
        try:
            jobs = self._get("/jobs")["jobs"]
            return self._progress(jobs[0]["id"]) if jobs else None
        except (urllib.error.URLError, ConnectionError, TimeoutError, KeyError, ValueError):
            return None

    def _progress(self, job: str) -> Progress:
        vertices = [vertex["id"] for vertex in self._get(f"/jobs/{job}")["vertices"]]
        checkpoints = self._get(f"/jobs/{job}/checkpoints")
        last = checkpoints["latest"]["completed"] or {}
        return Progress(
            records_in=self._sum(job, vertices, "Source__", ".numRecordsIn"),
            documents_out=self._sum(job, vertices, _DOCUMENT_SINKS, "__Writer.numRecordsSend"),
            checkpoints=checkpoints["counts"]["completed"],
            checkpoint_bytes=last.get("state_size", 0),
            checkpoint_ms=last.get("end_to_end_duration", 0),
        )

    def _sum(self, job: str, vertices: list[str], prefix: str, suffix: str) -> int:
        return sum(
            int(float(metric["sum"]))
            for vertex in vertices
            for metric in self._values(f"/jobs/{job}/vertices/{vertex}", prefix, suffix)
        )

    def _values(self, vertex: str, prefix: str, suffix: str) -> Iterator[dict[str, Any]]:
        path = f"{vertex}/subtasks/metrics"
        names = self._metrics.get((path, suffix)) or [
            metric["id"]
            for metric in self._get(path)
            if metric["id"].startswith(prefix) and metric["id"].endswith(suffix)
        ]
        self._metrics[path, suffix] = names
        if names:
            yield from self._get(f"{path}?get={','.join(names)}&agg=sum")

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(self._base + path, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            return json.load(answer)
