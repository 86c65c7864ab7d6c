# SPDX-License-Identifier: Apache-2.0
"""What of a job is in the cluster now: the JobManager's Job, its pods, the TaskManagers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flinksec_jobs.deploy.job_version import JOB_ID, Version
from flinksec_jobs.deploy.outside import ApiServer, KubeObject, Ref

_ENDED = frozenset({"Succeeded", "Failed"})


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
        is_leaving: whether it is being deleted.
        content: all of it.
    """

    uid: str
    job_id: str
    status: JobStatus
    failures: int
    why: str
    is_leaving: bool
    content: KubeObject


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
        if found is None:
            return None
        metadata, status = found["metadata"], found.get("status") or {}
        state, why = JobStatus.ACTIVE, ""
        for one in status.get("conditions") or ():
            if one.get("status") == "True" and one.get("type") in {"Complete", "Failed"}:
                state = JobStatus.COMPLETE if one["type"] == "Complete" else JobStatus.FAILED
                why = str(one.get("message") or one.get("reason") or "")
        return JobSeen(
            uid=str(metadata["uid"]),
            job_id=str((metadata.get("annotations") or {}).get(JOB_ID) or ""),
            status=state,
            failures=int(status.get("failed") or 0),
            why=why,
            is_leaving="deletionTimestamp" in metadata,
            content=found,
        )

    def managers(self) -> list[KubeObject]:
        """Return the pods of JobManagers that have not ended."""
        return [one for one in self.manager_pods() if _phase(one) not in _ENDED]

    def manager_pods(self) -> Sequence[KubeObject]:
        """Return the pods of JobManagers, also those that have ended."""
        return self._api.list("v1", "Pod", self._manager_labels)

    def workers(self) -> list[KubeObject]:
        """Return the pods of TaskManagers that have not ended."""
        found = self._api.list("v1", "Pod", self._worker_labels)
        return [one for one in found if _phase(one) not in _ENDED]

    def scale_workers(self, number: int) -> None:
        """Set how many TaskManagers there are; nothing if there is no StatefulSet."""
        found = self._api.get(self.set_ref)
        if found is not None and found["spec"].get("replicas") != number:
            version = found["metadata"]["resourceVersion"]
            changes = {"metadata": {"resourceVersion": version}, "spec": {"replicas": number}}
            self._api.patch(self.set_ref, changes)

    def last_words(self) -> str:
        """Return the last error that a JobManager wrote; empty if it wrote none."""
        for pod in sorted(self.manager_pods(), key=_created, reverse=True):
            text = self._api.logs(pod["metadata"]["name"], container="jobmanager", lines=200)
            lines = [line.strip() for line in text.splitlines()]
            errors = [line for line in lines if line.startswith("error: ")]
            causes = [line for line in lines if line.startswith("Caused by: ")]
            if found := (errors or causes)[-1:]:
                return found[0].removeprefix("error: ").removeprefix("Caused by: ")
        return ""

    def waits_for(self) -> str:
        """Return why a pod cannot start, in Kubernetes' words; empty if all can."""
        for pod in [*self.managers(), *self.workers()]:
            status = pod.get("status") or {}
            kept_from = [*(status.get("initContainerStatuses") or ())]
            for one in [*kept_from, *(status.get("containerStatuses") or ())]:
                waiting: dict[str, Any] = (one.get("state") or {}).get("waiting") or {}
                if waiting.get("reason") not in {None, "ContainerCreating", "PodInitializing"}:
                    name = pod["metadata"]["name"]
                    said = waiting.get("message") or ""
                    return f"{name}: {waiting['reason']}{f': {said}' if said else ''}"
        return ""


def _phase(pod: KubeObject) -> str:
    return str((pod.get("status") or {}).get("phase") or "")


def _created(pod: KubeObject) -> str:
    return str(pod["metadata"].get("creationTimestamp") or "")
