# SPDX-License-Identifier: Apache-2.0
"""What Kubernetes tells of a job: its JobManager's Job and pod, its TaskManagers, its image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flinksec_jobs.deploy.job_version import JOB_ID
from flinksec_jobs.deploy.outside import ApiServer, KubeObject, Ref
from flinksec_jobs.errors import DeployError

JOB = Ref("batch/v1", "Job", "flink-jobmanager")
TASKMANAGERS = Ref("apps/v1", "StatefulSet", "flink-taskmanager")
_NAME, _COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"
JOBMANAGER_PODS = {_NAME: "flink", _COMPONENT: "jobmanager"}
ALL_PODS = {_NAME: "flink"}


@dataclass(frozen=True)
class PodLook:
    """A pod.

    Attributes:
        name: of it.
        component: ``jobmanager`` or ``taskmanager``.
        phase: Kubernetes' word: ``Pending``, ``Running``, ``Succeeded``, ``Failed``.
        ready: whether it says that it is.
        restarts: how often its containers were started again.
        waits_for: why a container does not run: ``ImagePullBackOff: …``; or why no node takes the
            pod; empty otherwise.
        exit_code: of its container that has ended; ``None`` while it runs.
        created: when, as Kubernetes writes it.
    """

    name: str
    component: str
    phase: str
    ready: bool
    restarts: int
    waits_for: str
    exit_code: int | None
    created: str

    @classmethod
    def of(cls, pod: Mapping[str, Any]) -> PodLook:
        """Read a pod."""
        metadata, status = pod["metadata"], pod.get("status", {})
        containers = status.get("containerStatuses", [])
        ended = [one["state"]["terminated"] for one in containers if "terminated" in _state(one)]
        conditions = {one["type"]: one for one in status.get("conditions", [])}
        return cls(
            name=str(metadata["name"]),
            component=str(metadata.get("labels", {}).get(_COMPONENT, "")),
            phase="Terminating" if "deletionTimestamp" in metadata else str(status.get("phase")),
            ready=conditions.get("Ready", {}).get("status") == "True",
            restarts=sum(int(one.get("restartCount", 0)) for one in containers),
            waits_for=_waits_for(containers, conditions.get("PodScheduled", {})),
            exit_code=int(ended[0]["exitCode"]) if ended else None,
            created=str(metadata.get("creationTimestamp", "")),
        )


@dataclass(frozen=True)
class Workload:
    """A job as Kubernetes has it.

    Attributes:
        job_id: Flink's id of this start, from the annotation of the Job.
        image: of the JobManager.
        taskmanagers: how many there shall be.
        ended: ``Complete`` or ``Failed`` when the Job has ended, with Kubernetes' reason; else
            empty.
        pods: of JobManager and TaskManagers, newest last.
    """

    job_id: str
    image: str
    taskmanagers: int
    ended: str
    pods: tuple[PodLook, ...]

    @property
    def jobmanager(self) -> PodLook | None:
        """The newest pod of the JobManager."""
        found = [pod for pod in self.pods if pod.component == "jobmanager"]
        return found[-1] if found else None

    @property
    def ready_taskmanagers(self) -> int:
        """How many TaskManagers are ready."""
        return sum(pod.ready for pod in self.pods if pod.component == "taskmanager")


def workload(api: ApiServer) -> Workload | None:
    """Look at a job.

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
    pods = sorted(map(PodLook.of, api.list("v1", "Pod", ALL_PODS)), key=lambda pod: pod.created)
    return Workload(
        job_id=str(job["metadata"].get("annotations", {}).get(JOB_ID, "")),
        image=_image(job),
        taskmanagers=int(stateful_set["spec"].get("replicas", 1)) if stateful_set else 0,
        ended=_ended(job),
        pods=tuple(pods),
    )


def job_id_of(api: ApiServer) -> str:
    """Return Flink's id of the job that is deployed.

    Raises:
        DeployError: there is none.
    """
    job = api.get(JOB)
    found = ((job or {}).get("metadata", {}).get("annotations") or {}).get(JOB_ID)
    if not found:
        raise DeployError(
            f"there is no {JOB} with an annotation {JOB_ID} in the namespace {api.namespace}",
            hint="name the namespace of the job, --namespace; or deploy one: `flinksec deploy`",
        )
    return str(found)


def _image(job: KubeObject) -> str:
    return str(job["spec"]["template"]["spec"]["containers"][0]["image"])


def _ended(job: KubeObject) -> str:
    for condition in job.get("status", {}).get("conditions", []):
        if condition["type"] in {"Complete", "Failed"} and condition["status"] == "True":
            return ": ".join(filter(None, (condition["type"], condition.get("reason"))))
    return ""


def _state(container: Mapping[str, Any]) -> Mapping[str, Any]:
    state: Mapping[str, Any] = container.get("state", {})
    return state


def _waits_for(containers: list[Mapping[str, Any]], scheduled: Mapping[str, Any]) -> str:
    if scheduled.get("status") == "False":
        return f"{scheduled.get('reason', 'no node')}: {scheduled.get('message', '')}".rstrip(": ")
    for container in containers:
        waiting = _state(container).get("waiting")
        if waiting:
            return f"{waiting.get('reason', '')}: {waiting.get('message', '')}".rstrip(": ")
    return ""
