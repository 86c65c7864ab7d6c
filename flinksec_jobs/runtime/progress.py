# SPDX-License-Identifier: Apache-2.0
"""How a running job gets on, read from Flink's REST server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime.rest import RestClient

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


class JobProgress:
    """Asks how a job gets on.

    Args:
        rest: a client of its REST server.
        job_id: which job.
    """

    def __init__(self, rest: RestClient, job_id: str) -> None:
        self._rest = rest
        self._job = f"/jobs/{job_id}"
        self._metrics: dict[tuple[str, str], list[str]] = {}

    def now(self) -> Progress | None:
        """How the job gets on; ``None`` while there is no answer."""
        try:
            return self._progress()
        except (JobError, KeyError, ValueError, TypeError):
            return None

    def _progress(self) -> Progress:
        vertices = [vertex["id"] for vertex in self._rest.get(self._job)["vertices"]]
        checkpoints = self._rest.get(f"{self._job}/checkpoints")
        last = checkpoints["latest"]["completed"] or {}
        return Progress(
            records_in=self._sum(vertices, "Source__", ".numRecordsIn"),
            documents_out=self._sum(vertices, _DOCUMENT_SINKS, "__Writer.numRecordsSend"),
            checkpoints=checkpoints["counts"]["completed"],
            checkpoint_bytes=last.get("state_size", 0),
            checkpoint_ms=last.get("end_to_end_duration", 0),
        )

    def _sum(self, vertices: list[str], prefix: str, suffix: str) -> int:
        return sum(
            int(float(metric["sum"]))
            for vertex in vertices
            for metric in self._values(f"{self._job}/vertices/{vertex}", prefix, suffix)
        )

    def _values(self, vertex: str, prefix: str, suffix: str) -> Iterator[dict[str, Any]]:
        path = f"{vertex}/subtasks/metrics"
        names = self._metrics.get((path, suffix)) or [
            metric["id"]
            for metric in self._rest.get(path)
            if metric["id"].startswith(prefix) and metric["id"].endswith(suffix)
        ]
        self._metrics[path, suffix] = names
        if names:
            yield from self._rest.get(f"{path}?get={','.join(names)}&agg=sum")
