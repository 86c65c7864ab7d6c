# SPDX-License-Identifier: Apache-2.0
"""What is known of a job when it is about to start."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from flinksec_jobs import state
from flinksec_jobs.runtime.graph import Contents

if TYPE_CHECKING:
    from flinksec_jobs.settings import StateSettings

Resume = Literal["latest", "required", "first", "never"]


@dataclass(frozen=True)
class Request:
    """What is known when a job is about to start.

    Attributes:
        job: its name.
        settings: of its state, on a mounted directory.
        resume: as in ``job.resume``.
        uses: its topics, indices and paths, ``reads Kafka topic orders``.
        accept: what of a checkpoint may belong elsewhere, ``job.accept``.
        bounded: whether all its sources end by themselves.
        job_id: Flink's id of this start, if it is decided already.
        in_cluster: whether the end of the job is not seen here.
        highly_available: whether Flink itself remembers the job of that id.
        explicit: the checkpoint or savepoint that the command line names for this start.
        named: the one that settings or cluster name, for the first start that sees it.
        contents_of: what Flink tells of a checkpoint, by its URI.
    """

    job: str
    settings: StateSettings
    resume: Resume
    uses: Collection[str] = ()
    accept: Collection[str] = ()
    bounded: bool = False
    job_id: str | None = None
    in_cluster: bool = False
    highly_available: bool = False
    explicit: str | None = None
    named: str | None = None
    contents_of: Callable[[str], Contents] = lambda _: Contents()

    @property
    def directory(self) -> Path:
        """The job's directory."""
        return state.local_path(state.job_directory(self.settings, self.job))
