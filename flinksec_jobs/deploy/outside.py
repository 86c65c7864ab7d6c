# SPDX-License-Identifier: Apache-2.0
"""What the steps of a deployment need of the outside: the API server, Flink, and a look inside.

The steps know these three only by what stands here, so that tests can put fakes in their places and
break every single call. `flinksec_jobs.deploy.kube` is the API server, `flinksec_jobs.flink_rest`
is Flink, `flinksec_jobs.deploy.inside` looks from within the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from flinksec_jobs.flink_rest.answers import Checkpoints, Job, JobException, JobState, Operation

FIELD_MANAGER = "flinksec"
"""As whom objects are applied and changed."""

KubeObject: TypeAlias = dict[str, Any]
"""An object as JSON has it: ``apiVersion``, ``kind``, ``metadata``, …"""


@dataclass(frozen=True, order=True)
class Ref:
    """Which object: ``Ref("batch/v1", "Job", "flink-jobmanager")``.

    The namespace is that of the `ApiServer`; what has none is found without.
    """

    api_version: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Ref:
        """Return which object it is."""
        metadata = content["metadata"]
        return cls(str(content["apiVersion"]), str(content["kind"]), str(metadata["name"]))


class ApiServer(Protocol):
    """The API server, for one namespace.

    Every method raises `flinksec_jobs.deploy.kube_errors.KubeUnreachableError` if there is no
    answer (what it asked for may have been done), `ForbiddenError` if the account may not, and
    `ConflictError` if the object is another one than the caller thinks: its ``uid`` or
    ``resourceVersion`` differs, or there is one already.
    """

    @property
    def namespace(self) -> str:
        """The namespace of everything that has one."""

    def who(self) -> str:
        """Return the name of the account, as the API server knows it."""

    def may(self, verb: str, what: Ref) -> bool:
        """Tell whether the account may do it: ``may("patch", Ref.of(policy))``."""

    def get(self, what: Ref) -> KubeObject | None:
        """Return an object, ``None`` if there is none."""

    def list(
        self, api_version: str, kind: str, labels: Mapping[str, str] | None = None
    ) -> Sequence[KubeObject]:
        """Return the objects of a kind that have these labels."""

    def apply(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
        """Apply server-side, as the field manager ``flinksec``, and return what came of it.

        A ``metadata.resourceVersion`` in it is a condition.
        """

    def create(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
        """Create an object; one of its name is a conflict."""

    def replace(self, content: KubeObject) -> KubeObject:
        """Put this in place of the object with the ``metadata.resourceVersion`` that it has."""

    def patch(self, what: Ref, changes: Mapping[str, Any]) -> KubeObject:
        """Merge changes into an object; ``None`` removes.

        A ``metadata.resourceVersion`` in them is a condition.
        """

    def delete(self, what: Ref, *, uid: str | None = None) -> None:
        """Delete an object and, before it, what it owns; one that is gone is deleted.

        It returns before it is gone. Another ``uid`` is a conflict.
        """

    def logs(self, pod: str, *, container: str | None = None, lines: int = 50) -> str:
        """Return the last lines that a pod wrote; nothing if it has written none, or is gone."""


class Flink(Protocol):
    """Flink's REST interface of the job's JobManager, whichever pod that is now.

    Every method raises `flinksec_jobs.runtime.rest.RestUnreachableError` if there is no answer
    (what it asked for may have been done) and `RestRefusedError` if Flink refuses.
    `flinksec_jobs.flink_rest.flink_rest.FlinkRest` is one, with its ``open_socket`` for each
    connection anew where it is a port-forward.
    """

    def jobs(self) -> Mapping[str, JobState]:
        """Return the ids of the jobs that the JobManager knows, with their states."""

    def job(self, job_id: str) -> Job | None:
        """Return a job, ``None`` if the JobManager does not know it."""

    def checkpoints(self, job_id: str) -> Checkpoints:
        """Return the checkpoints of a job since this JobManager has it."""

    def stop_with_savepoint(
        self, job_id: str, trigger_id: str, directory: str, form: str = "CANONICAL"
    ) -> None:
        """Let a job write a savepoint and end; the same trigger id twice is the same stop."""

    def operation(self, job_id: str, trigger_id: str) -> Operation:
        """Return how far the savepoint of a trigger id is."""

    def exceptions(self, job_id: str, most: int = 20) -> Sequence[JobException]:
        """Return what failed in a job, newest first."""

    def job_metrics(self, job_id: str, names: Sequence[str]) -> Mapping[str, float]:
        """Return metrics of a job, ``numRestarts`` among them, those that are there."""

    def close(self) -> None:
        """Close the connection; a later call opens another."""


@dataclass(frozen=True)
class StateFound:
    """A checkpoint or savepoint on the job's volume that was opened, and is whole.

    Attributes:
        path: as ``--from-savepoint`` takes it, ``sealed+file:///mnt/state/…``.
        is_savepoint: whether it is one.
        number: Flink's of it.
        job_id: of the start that wrote it: of a checkpoint all 32 digits, from the name of its
            directory; of a savepoint the first six. Empty if it cannot be told.
        at: when it was written, in epoch milliseconds.
        size: of all its files, in bytes.
    """

    path: str
    is_savepoint: bool
    number: int
    job_id: str
    at: int
    size: int = 0


@dataclass(frozen=True)
class InsideReport:
    """What a look from within the cluster found, with the image, files and account of the job.

    Attributes:
        problems: what keeps this version from running, a sentence each.
        unreadable: those of the problems by which it cannot go on from the state, whatever else.
        warnings: what does not, a sentence each.
        dropped: operators of the state that this program has no longer: their state would be lost,
            and Flink refuses to start unless it is told to drop it.
        added: operators with state that it has, and the state has not: they begin from nothing.
    """

    problems: Sequence[str] = ()
    warnings: Sequence[str] = ()
    dropped: Sequence[str] = ()
    added: Sequence[str] = ()
    unreadable: Sequence[str] = ()


class Inside(Protocol):
    """A look from within the cluster: a pod with the image and mounts of a version's JobManager.

    Every method raises `flinksec_jobs.deploy.kube_errors.KubeUnreachableError` if the API server
    does not answer, and another `flinksec_jobs.errors.FlinkSecError` if it could not be looked.
    ``objects`` are all the objects of the version, as they would be applied.
    """

    def check(self, objects: Sequence[KubeObject], *, state: str | None) -> InsideReport:
        """Look whether this version can run, and go on from a checkpoint or savepoint.

        Args:
            objects: of the version. Their ConfigMaps need not be applied.
            state: the newest checkpoint of the running job, or what it shall go on from; ``None``
                for a start without state.
        """

    def verify(self, objects: Sequence[KubeObject], savepoint: str) -> StateFound:
        """Open a savepoint or checkpoint with the keys of this version.

        Raises:
            SealedStateError: it is not whole, or cannot be opened.
        """

    def newest(self, objects: Sequence[KubeObject]) -> Sequence[StateFound]:
        """Return the checkpoints and savepoints that can be gone on from, best first.

        The first is the one that the job would go on from by itself (`flinksec_jobs.resume`).
        """
