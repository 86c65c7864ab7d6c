# SPDX-License-Identifier: Apache-2.0
"""What Flink's high availability keeps in ConfigMaps: plans that it would run again, and pointers.

``CLUSTER-cluster-config-map`` has the leaders and ``executionPlan-ID``, from which a JobManager
starts whatever it finds before it looks at its own job. ``CLUSTER-ID-config-map`` has
``checkpointID-N`` for each completed checkpoint of a job, as long as that has not ended for good.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.outside import ApiServer, Ref

_PLAN = "executionPlan-"
_POINTER = re.compile(r"checkpointID-0*(\d+)")


class HaMaps:
    """The ConfigMaps of Flink's high availability on Kubernetes.

    Args:
        api: the API server.
        version: whose configuration counts.
    """

    def __init__(self, api: ApiServer, version: Version) -> None:
        self._api = api
        kind = str(version.config.get("high-availability.type") or "none").lower()
        self.is_used = kind == "kubernetes" or kind.endswith("kuberneteshaservicesfactory")
        self.is_other = not self.is_used and kind != "none"
        self._cluster = str(
            version.config.get("kubernetes.cluster-id")
            or version.config.get("high-availability.cluster-id")
            or ""
        )

    def drop_plans(self, ended: Collection[str]) -> None:
        """Drop the plans of all jobs, and what else is kept of some: no JobManager may run."""
        if not self.is_used:
            return
        found = self._api.get(self._leaders)
        data = (found or {}).get("data") or {}
        keys = [
            key
            for key in data
            if key.startswith(_PLAN) or any(job_id in key for job_id in ended if job_id)
        ]
        if found is not None and keys:
            version = found["metadata"]["resourceVersion"]
            changes = {"metadata": {"resourceVersion": version}, "data": dict.fromkeys(keys)}
            self._api.patch(self._leaders, changes)

    def last_checkpoint(self, job_id: str) -> int | None:
        """Return the number of the newest checkpoint of a job; 0 if it has completed none.

        ``None`` if nothing is kept of the job: it never ran, or has ended for good.
        """
        if not self.is_used or not job_id:
            return None
        found = self._api.get(self._of(job_id))
        if found is None:
            return None
        matches = (_POINTER.fullmatch(key) for key in found.get("data") or {})
        return max((int(match[1]) for match in matches if match), default=0)

    def forget(self, job_id: str) -> None:
        """Remove the pointers of a job that another has gone on from."""
        if self.is_used and job_id:
            self._api.delete(self._of(job_id))

    @property
    def _leaders(self) -> Ref:
        return Ref("v1", "ConfigMap", f"{self._cluster}-cluster-config-map")

    def _of(self, job_id: str) -> Ref:
        return Ref("v1", "ConfigMap", f"{self._cluster}-{job_id}-config-map")
