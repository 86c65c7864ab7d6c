# SPDX-License-Identifier: Apache-2.0
"""Takes a savepoint of a running job, verifies it, keeps its manifest, and removes old ones.

The trigger id is written down before Flink hears of it. So a command that was killed, or whose
answer was lost, is gone on with by the next one, which adopts the savepoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from flinksec_jobs.deploy.outside import ApiServer, KubeObject
from flinksec_jobs.deploy.savepoint_book import KeptSavepoint, Pending, SavepointBook
from flinksec_jobs.deploy.step_tools import new_id
from flinksec_jobs.deploy.waiting import Waiting
from flinksec_jobs.errors import DeployError
from flinksec_jobs.flink_rest.answers import Job, Operation, Progress
from flinksec_jobs.runtime.rest import RestUnreachableError

_DIRECTORY = "execution.checkpointing.savepoint-dir"


class Rest(Protocol):
    """What is asked of Flink's REST: `flink_rest.FlinkRest` has it."""

    def job(self, job_id: str) -> Job | None:
        """Return a job."""

    def configuration(self) -> dict[str, str]:
        """Return Flink's configuration."""

    def take_savepoint(self, job_id: str, trigger_id: str, directory: str, form: str) -> None:
        """Let a job write a savepoint and go on."""

    def operation(self, job_id: str, trigger_id: str) -> Operation:
        """Return how far it is."""


class Inside(Protocol):
    """What is looked at from within the cluster: `inside.ClusterInside` has it."""

    def verified(
        self, objects: Sequence[KubeObject], savepoint: str, manifest: str | None = None
    ) -> Mapping[str, Any]:
        """Open a savepoint, and return all that was seen."""

    def dispose(
        self,
        objects: Sequence[KubeObject],
        *,
        keep: int | None,
        max_age_days: int | None,
        needed: Sequence[str] = (),
        job_ids: Sequence[str] = (),
    ) -> Mapping[str, Any]:
        """Remove old savepoints."""


@dataclass(frozen=True)
class Retention:
    """Which savepoints stay.

    Attributes:
        keep: how many; ``None`` for all.
        max_age_days: older ones go; ``None``: none goes for its age.
        needed: paths of those that stay whatever, and why: what a rollback needs.
        job_ids: Flink's ids of earlier starts of the job.
    """

    keep: int | None = None
    max_age_days: int | None = None
    needed: Mapping[str, str] = field(default_factory=dict)
    job_ids: Sequence[str] = ()


@dataclass(frozen=True)
class Taken:
    """What was done.

    Attributes:
        savepoint: the new one.
        adopted: whether an earlier command had asked for it.
        removed: names of those that were removed.
        kept: names of those that were not, the newest first, each with the reason; empty if
            nothing was to be removed.
        bytes: of its files.
        seconds: from the request until it was written; 0 if an earlier command had asked.
    """

    savepoint: KeptSavepoint
    adopted: bool
    removed: tuple[str, ...]
    kept: Mapping[str, str]
    bytes: int
    seconds: float


@dataclass(frozen=True)
class SavepointTaker:
    """Takes savepoints.

    Attributes:
        api: the API server, behind the lease.
        rest: Flink's REST.
        inside: looks from within the cluster.
        objects: of the version that runs.
        waiting: clocks, and how long to wait.
        form: ``CANONICAL`` or ``NATIVE``.
        make_id: makes trigger ids.
    """

    api: ApiServer
    rest: Rest
    inside: Inside
    objects: Sequence[KubeObject]
    waiting: Waiting
    form: str = "CANONICAL"
    make_id: Callable[[], str] = new_id

    def take(self, job_id: str, retention: Retention) -> Taken:
        """Take one.

        Args:
            job_id: of which job.
            retention: which savepoints stay afterwards.

        Raises:
            DeployError: the job does not run, or could not write it; it runs on all the same.
            UnclearError: it is still being written; the next command adopts it.
            SealedStateError: what was written is not whole.
        """
        book = SavepointBook.read(self.api)
        began = self.waiting.clock()
        found = self._adopted(book, job_id)
        adopted = found is not None
        if found is None:
            book, found = self._new(book, job_id)
        seconds = 0.0 if adopted else self.waiting.clock() - began
        self.waiting.tell(f"verifying {found} from within the cluster")
        told = self.inside.verified(self.objects, found)
        kept = KeptSavepoint(found, job_id, self.waiting.now(), told["manifest"] or {})
        book = book.taken(kept).write(self.api)
        removed, stay = self._remove(book, retention)
        return Taken(kept, adopted, removed, stay, int(told["bytes"]), seconds)

    def _adopted(self, book: SavepointBook, job_id: str) -> str | None:
        """Return what an earlier command has asked for, if there is something."""
        pending = book.pending
        if pending is None or pending.job_id != job_id:
            return None
        self.waiting.tell("an earlier command has asked for a savepoint: waiting for it")
        done = self._wait(job_id, pending.trigger_id)
        if done.progress is Progress.DONE:
            return done.location
        said = done.reason or "the JobManager was replaced, and knows nothing of it"
        self.waiting.tell(f"there is none: {said}")
        return None

    def _new(self, book: SavepointBook, job_id: str) -> tuple[SavepointBook, str]:
        job = self.rest.job(job_id)
        if job is None or not job.is_running:
            raise DeployError(
                f"the job does not run, so it can take no savepoint: "
                f"{f'it is {job.state}' if job else 'its JobManager does not know it'}",
                hint="`flinksec status` tells why",
            )
        directory = self.rest.configuration().get(_DIRECTORY)
        if not directory:
            raise DeployError(
                f"the job has no directory for savepoints: {_DIRECTORY} is not set",
                hint="its settings have no section [state]",
            )
        pending = Pending(job_id, self.make_id(), self.waiting.now())
        book = book.asked(pending).write(self.api)
        self.waiting.tell("the job writes a savepoint, and goes on")
        self._ask(job_id, pending.trigger_id, directory)
        done = self._wait(job_id, pending.trigger_id)
        if done.progress is not Progress.DONE:
            book.asked(None).write(self.api)
            said = done.reason or "the JobManager was replaced while it was written"
            raise DeployError(
                f"the job could not write a savepoint: {said}",
                hint="it runs on; run the command again",
            )
        return book, done.location

    def _ask(self, job_id: str, trigger_id: str, directory: str) -> None:
        """Ask until there is an answer: the same trigger id twice is the same savepoint.

        One that was heard after nobody waited for it any more would be known to nobody.
        """

        def is_heard() -> bool:
            try:
                self.rest.take_savepoint(job_id, trigger_id, directory, self.form)
            except RestUnreachableError:
                return False
            return True

        self.waiting.until(
            is_heard,
            "Flink is asked for the savepoint",
            hint="the job runs on; run the command again: it goes on asking for the same savepoint",
        )

    def _wait(self, job_id: str, trigger_id: str) -> Operation:
        seen: list[Operation] = []

        def is_done() -> bool:
            try:
                now = self.rest.operation(job_id, trigger_id)
            except RestUnreachableError:
                return False
            seen.append(now)
            return now.progress is not Progress.IN_PROGRESS

        self.waiting.until(
            is_done,
            "the savepoint is written",
            hint="the job runs on; run the command again: it goes on asking for the same savepoint",
        )
        return seen[-1]

    def _remove(
        self, book: SavepointBook, retention: Retention
    ) -> tuple[tuple[str, ...], Mapping[str, str]]:
        if retention.keep is None and retention.max_age_days is None:
            return (), {}
        self.waiting.tell("removing old savepoints")
        told = self.inside.dispose(
            self.objects,
            keep=retention.keep,
            max_age_days=retention.max_age_days,
            needed=list(retention.needed),
            job_ids=retention.job_ids,
        )
        removed = {str(one["name"]) for one in told["savepoints"] if one["removed"]}
        book.without(removed).write(self.api)
        reasons = {_name(path): why for path, why in retention.needed.items()}
        stay = {
            str(one["name"]): reasons.get(str(one["name"])) or str(one["why"])
            for one in told["savepoints"]
            if not one["removed"]
        }
        return tuple(sorted(removed)), stay


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
