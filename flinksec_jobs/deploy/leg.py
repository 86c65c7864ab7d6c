# SPDX-License-Identifier: Apache-2.0
"""One way from a version to another: what ran is taken away, what shall run is created.

Every method can be called again after a kill at any place in it: it looks at what is there first.
Nothing is created before all pods of what ran are gone, so two jobs never run at a time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass

from flinksec_jobs.deploy.ha_maps import HaMaps
from flinksec_jobs.deploy.job_version import JOB_ID, REVISION, Version
from flinksec_jobs.deploy.kube_errors import ConflictError
from flinksec_jobs.deploy.objects_applied import ObjectsApplied
from flinksec_jobs.deploy.outside import ApiServer, KubeObject
from flinksec_jobs.deploy.step_errors import ForeignChangeError
from flinksec_jobs.deploy.waiting import Waiting
from flinksec_jobs.deploy.workload import JobSeen, Workload


@dataclass(frozen=True)
class Leg:
    """A way from a version to another.

    Attributes:
        api: the API server.
        objects: what is applied beside the job.
        waiting: clocks, and how long to wait.
        leaving: version that is left; the one that is gone to, if there was none.
        coming: version that is gone to.
    """

    api: ApiServer
    objects: ObjectsApplied
    waiting: Waiting
    leaving: Version
    coming: Version

    def clear(self, *, uids: Collection[str], job_ids: Collection[str] = ()) -> None:
        """Take the JobManager and the TaskManagers away, and wait until their pods are gone.

        Args:
            uids: of the Kubernetes Jobs that may be taken away.
            job_ids: of Flink's jobs that may be, whatever the uid of their Kubernetes Job is.

        Raises:
            ForeignChangeError: there is another Job; nothing is done to it.
            UnclearError: a pod does not go: its node may be away, and the pod may still run.
        """
        self.end_job(uids=uids, job_ids=job_ids)
        for workload in self._workloads():
            workload.scale_workers(0)
        self.waiting.until(
            lambda: not any(workload.workers() for workload in self._workloads()),
            "the TaskManagers end",
            hint="a pod that does not end may still run: look at its node with `kubectl get pods`",
        )

    def end_job(self, *, uids: Collection[str], job_ids: Collection[str] = ()) -> None:
        """Delete the Job, and wait until no JobManager is left."""

        def is_ours(job: JobSeen) -> bool:
            return job.uid in uids or bool(job.job_id and job.job_id in job_ids)

        for workload in self._workloads():
            job = workload.job()
            if job is None:
                continue
            if not is_ours(job):
                raise ForeignChangeError(
                    f"{workload.job_ref} is another one than this command knows: somebody else "
                    f"made it meanwhile, for the job {job.job_id or '?'}"
                )
            if not job.is_leaving:
                with contextlib.suppress(ConflictError):  # it is another one: seen below
                    self.api.delete(workload.job_ref, uid=job.uid)
        self.waiting.until(
            lambda: not any(one.job() or one.managers() for one in self._workloads()),
            "the JobManager ends",
            hint="a pod that does not end may still run: look at its node with `kubectl get pods`",
        )

    def apply(self, started: Version, ended: Collection[str]) -> None:
        """Drop the plans that Flink would run again, and apply the objects of the version to come.

        Args:
            started: the version to come, with the id of this start.
            ended: ids of jobs of which nothing is to be left with the leaders.
        """
        for version in {id(one): one for one in (self.leaving, self.coming)}.values():
            HaMaps(self.api, version).drop_plans(ended)
        self.objects.apply(started)
        if self.leaving is not self.coming:
            self.objects.remove(self.leaving, self.coming)

    def start(self, started: Version, revision: int) -> str:
        """Create the Job and the TaskManagers; return the uid of the Job.

        Args:
            started: the version to come, with the id of this start.
            revision: its number.

        Raises:
            ForeignChangeError: there is another Job.
        """
        workload = Workload(self.api, self.coming)
        job_id = job_id_of(started.job)
        found = workload.job()
        if found is None:
            content = started.job | {"metadata": dict(started.job["metadata"])}
            labels = content["metadata"].get("labels") or {}
            content["metadata"]["labels"] = labels | {REVISION: str(revision)}
            with contextlib.suppress(ConflictError):  # an answer was lost, or it is another's
                self.api.create(content)
            found = workload.job()
        if found is None or found.job_id != job_id or found.is_leaving:
            raise ForeignChangeError(
                f"{workload.job_ref} was {'deleted' if found is None else 'made'} by somebody else "
                "meanwhile"
            )
        self.objects.put(started.taskmanagers)
        return found.uid

    def _workloads(self) -> list[Workload]:
        both = [Workload(self.api, self.coming)]
        left = Workload(self.api, self.leaving)
        if (left.job_ref, left.set_ref) != (both[0].job_ref, both[0].set_ref):
            both.append(left)
        return both


def job_id_of(job: KubeObject) -> str:
    """Return the id that a Job of a JobManager names."""
    return str((job["metadata"].get("annotations") or {}).get(JOB_ID) or "")
