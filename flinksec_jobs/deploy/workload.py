# SPDX-License-Identifier: Apache-2.0
"""What of a job is in the cluster now: the JobManager's Job, its pods, the TaskManagers.

The steps of a deployment look at it by the names of a version, `Workload`; who only looks, by the
names of our manifests, `look_at`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flinksec_jobs.deploy.job_version import JOB_ID, Version
from flinksec_jobs.deploy.outside import ApiServer, KubeObject, Ref
from flinksec_jobs.deploy.pods import ALL_PODS, PodLook
from flinksec_jobs.errors import DeployError
from flinksec_jobs.settings.cluster_names import JOBMANAGER, TASKMANAGER

JOB = Ref("batch/v1", "Job", JOBMANAGER)
TASKMANAGERS = Ref("apps/v1", "StatefulSet", TASKMANAGER)


class JobStatus(StrEnum):
    """What the Job of a JobManager is."""

    ACTIVE = "active"
    COMPLETE = "complete"
    """The JobManager ended with 0: the job has finished, was stopped, or was cancelled."""
    FAILED = "failed"
    """It ended for good: mostly with 163, as the job had failed."""


@dataclass(frozen=True)
class JobSeen:
    """The Job of a JobManager as it is now.

    Attributes:
        uid: of the Kubernetes object.
        job_id: of the Flink job, by the annotation.
        status: of it.
        failures: how many of its pods have ended badly.
        why: it has failed, in Kubernetes' words.
        reason: Kubernetes' word for why it has ended; empty if it says none.
        is_leaving: whether it is being deleted.
        content: all of it.
    """

    uid: str
    job_id: str
    status: JobStatus
    failures: int
    why: str
    reason: str
    is_leaving: bool
    content: KubeObject

    @classmethod
    def of(cls, job: KubeObject) -> JobSeen:
        """Read a Job."""
        metadata, status = job["metadata"], job.get("status") or {}
        state, why, reason = JobStatus.ACTIVE, "", ""
        for one in status.get("conditions") or ():
            if one.get("status") == "True" and one.get("type") in {"Complete", "Failed"}:
                state = JobStatus.COMPLETE if one["type"] == "Complete" else JobStatus.FAILED
                reason = str(one.get("reason") or "")
                why = str(one.get("message") or reason)
        return cls(
            uid=str(metadata.get("uid") or ""),
            job_id=str((metadata.get("annotations") or {}).get(JOB_ID) or ""),
            status=state,
            failures=int(status.get("failed") or 0),
            why=why,
            reason=reason,
            is_leaving="deletionTimestamp" in metadata,
            content=job,
        )

    @property
    def image(self) -> str:
        """Of the JobManager."""
        return Version([self.content]).image

    @property
    def ended(self) -> str:
        """``Complete`` or ``Failed`` when it has ended, with Kubernetes' reason; else empty."""
        if self.status is JobStatus.ACTIVE:
            return ""
        return ": ".join(filter(None, (self.status.capitalize(), self.reason)))


class Workload:
    """The Job, the StatefulSet and the pods of one version's names.

    Args:
        api: the API server.
        version: whose names and labels count.
    """

    def __init__(self, api: ApiServer, version: Version) -> None:
        self._api = api
        self.job_ref, self.set_ref = Ref.of(version.job), Ref.of(version.taskmanagers)
        self._manager_labels = version.job["spec"]["template"]["metadata"].get("labels") or {}
        self._worker_labels = version.taskmanagers["spec"]["selector"].get("matchLabels") or {}

    def job(self) -> JobSeen | None:
        """Return the Job, ``None`` if there is none."""
        found = self._api.get(self.job_ref)
        return None if found is None else JobSeen.of(found)

    def managers(self) -> list[PodLook]:
        """Return the pods of JobManagers that have not ended."""
        return [one for one in self.manager_pods() if not one.has_ended]

    def manager_pods(self) -> Sequence[PodLook]:
        """Return the pods of JobManagers, also those that have ended, the newest last."""
        return _pods(self._api, self._manager_labels)

    def workers(self) -> list[PodLook]:
        """Return the pods of TaskManagers that have not ended."""
        return [one for one in _pods(self._api, self._worker_labels) if not one.has_ended]

    def scale_workers(self, number: int) -> None:
        """Set how many TaskManagers there are; nothing if there is no StatefulSet."""
        found = self._api.get(self.set_ref)
        if found is not None and found["spec"].get("replicas") != number:
            version = found["metadata"]["resourceVersion"]
            changes = {"metadata": {"resourceVersion": version}, "spec": {"replicas": number}}
            self._api.patch(self.set_ref, changes)

    def last_words(self) -> str:
        """Return the last error that a JobManager wrote; empty if it wrote none."""
        for pod in reversed(self.manager_pods()):
            text = self._api.logs(pod.name, container="jobmanager", lines=200)
            lines = [line.strip() for line in text.splitlines()]
            errors = [line for line in lines if line.startswith("error: ")]
            causes = [line for line in lines if line.startswith("Caused by: ")]
            if found := (errors or causes)[-1:]:
                return found[0].removeprefix("error: ").removeprefix("Caused by: ")
        return ""

    def waits_for(self) -> str:
        """Return why a pod cannot start, in Kubernetes' words; empty if all can."""
        for pod in [*self.managers(), *self.workers()]:
            if pod.waits_for:
                return f"{pod.name}: {pod.waits_for}"
        return ""


@dataclass(frozen=True)
class WorkloadLook:
    """A job as Kubernetes has it.

    Attributes:
        job: the Job of the JobManager.
        taskmanagers: how many there shall be.
        pods: of JobManager and TaskManagers, newest last.
    """

    job: JobSeen
    taskmanagers: int
    pods: tuple[PodLook, ...]

    @property
    def job_id(self) -> str:
        """Flink's id of this start, from the annotation of the Job."""
        return self.job.job_id

    @property
    def image(self) -> str:
        """Of the JobManager."""
        return self.job.image

    @property
    def ended(self) -> str:
        """``Complete`` or ``Failed`` when the Job has ended, with Kubernetes' reason."""
        return self.job.ended

    @property
    def jobmanager(self) -> PodLook | None:
        """The newest pod of the JobManager."""
        found = [pod for pod in self.pods if pod.component == "jobmanager"]
        return found[-1] if found else None

    @property
    def ready_taskmanagers(self) -> int:
        """How many TaskManagers are ready."""
        return sum(pod.ready for pod in self.pods if pod.component == "taskmanager")


def look_at(api: ApiServer) -> WorkloadLook | None:
    """Look at the job of a namespace.

    Returns:
        ``None`` if there is no Job of a JobManager in the namespace.

    Raises:
        KubeUnreachableError: there is no answer.
        ForbiddenError: the account may not look.
    """
    job = api.get(JOB)
    if job is None:
        return None
    stateful_set = api.get(TASKMANAGERS)
    return WorkloadLook(
        job=JobSeen.of(job),
        taskmanagers=int(stateful_set["spec"].get("replicas", 1)) if stateful_set else 0,
        pods=tuple(_pods(api, ALL_PODS)),
    )


def job_id_of(api: ApiServer) -> str:
    """Return Flink's id of the job that is deployed.

    Raises:
        DeployError: there is none.
    """
    job = api.get(JOB)
    found = JobSeen.of(job).job_id if job else ""
    if not found:
        raise DeployError(
            f"there is no {JOB} with an annotation {JOB_ID} in the namespace {api.namespace}",
            hint="name the namespace of the job, --namespace; or deploy one: `flinksec deploy`",
        )
    return found


def _pods(api: ApiServer, labels: Mapping[str, str]) -> list[PodLook]:
    found = map(PodLook.of, api.list("v1", "Pod", labels))
    return sorted(found, key=lambda pod: pod.created)
