# SPDX-License-Identifier: Apache-2.0
"""How a local run gets on, and who wants to hear of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flinksec_jobs.runtime.running import RunningJob

_SOURCE, _SINK, _WRITER = "Source: ", "Sink: ", ": Writer"
# These operators of a sink get what others have sent.
_BEHIND_WRITER = (": Committer", ": Global Committer")


@dataclass(frozen=True)
class RunFigures:
    """A moment of a run.

    Attributes:
        seconds: since the job was handed over.
        sources: records that each source has read, by its name.
        sinks: records that each sink has sent, by its name; they are committed with the
            checkpoint that covers them, or at the end of a bounded job.
        checkpoints: completed so far in this run.
        failed_checkpoints: the others.
        checkpoint_bytes: size of the last completed one.
        checkpoint_ms: how long it took, in milliseconds.
    """

    seconds: float
    sources: Mapping[str, int]
    sinks: Mapping[str, int]
    checkpoints: int = 0
    failed_checkpoints: int = 0
    checkpoint_bytes: int = 0
    checkpoint_ms: int = 0

    @classmethod
    def of(cls, figures: Mapping[str, int], seconds: float) -> RunFigures:
        """Read them from Flink's metrics by name: ``numRecordsIn OPERATOR``."""
        sources: dict[str, int] = {}
        sinks: dict[str, int] = {}
        for name in sorted(figures):
            operator = name.partition(" ")[2]
            given, passed_on, sent = (
                figures.get(f"{metric} {operator}", 0)
                for metric in ("numRecordsIn", "numRecordsOut", "numRecordsSend")
            )
            if operator.startswith(_SOURCE):
                # Not every source counts what it reads; all count what they pass on.
                sources[operator.removeprefix(_SOURCE)] = given or passed_on
            elif sink := _sink(operator):
                # Nor does every sink count what it sends.
                sinks[sink] = sent or given
        return cls(
            seconds,
            sources,
            sinks,
            figures.get("numberOfCompletedCheckpoints", 0),
            figures.get("numberOfFailedCheckpoints", 0),
            max(figures.get("lastCheckpointSize", 0), 0),  # -1: none yet
            max(figures.get("lastCheckpointDuration", 0), 0),
        )

    @property
    def records_in(self) -> int:
        """Records that all sources have read."""
        return sum(self.sources.values())

    @property
    def records_out(self) -> int:
        """Records that all sinks have sent."""
        return sum(self.sinks.values())

    def as_dict(self) -> dict[str, Any]:
        """Return the form of ``flinksec run --json``."""
        return {
            "seconds": round(self.seconds, 1),
            "sources": dict(self.sources),
            "sinks": dict(self.sinks),
            "checkpoints": {"completed": self.checkpoints, "failed": self.failed_checkpoints},
        }


class RunListener:
    """What wants to hear of runs; each method does nothing by default."""

    def started(self, job: RunningJob) -> None:
        """Flink has taken a job."""

    def moment(self, figures: RunFigures) -> None:
        """Hear how far it is, several times a second."""

    def ended(self, job: RunningJob, figures: RunFigures, failure: BaseException | None) -> None:
        """Hear that it has ended, well if there is no failure."""


def _sink(operator: str) -> str | None:
    if operator.endswith(_BEHIND_WRITER):
        return None
    if operator.startswith(_SINK):
        return operator.removeprefix(_SINK).removesuffix(_WRITER)
    return operator.removesuffix(_WRITER) if operator.endswith(_WRITER) else None
