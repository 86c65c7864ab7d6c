# SPDX-License-Identifier: Apache-2.0
"""The state of a job in a cluster: what Kubernetes and Flink tell, and what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from flinksec_jobs.deploy import job_health
from flinksec_jobs.deploy.job_look import JobLook, Rest, look
from flinksec_jobs.deploy.outside import ApiServer
from flinksec_jobs.deploy.settings_look import SettingsLook, settings_of
from flinksec_jobs.deploy.workload import JOB, WorkloadLook, look_at
from flinksec_jobs.errors import DeployError
from flinksec_jobs.findings import Finding
from flinksec_jobs.runtime.rest import RestRefusedError, RestUnreachableError

OpenRest = Callable[[], AbstractContextManager[Rest]]


@dataclass(frozen=True)
class Status:
    """The state of a job.

    Attributes:
        namespace: where it is.
        workload: what Kubernetes tells.
        look: what Flink tells; ``None`` if it does not, and `findings` says why.
        settings: with which it was started.
        findings: what is wrong, the worst first.
        at: when it was asked, in epoch milliseconds.
    """

    namespace: str
    workload: WorkloadLook
    look: JobLook | None
    settings: SettingsLook
    findings: tuple[Finding, ...] = ()
    at: int = field(default_factory=lambda: time.time_ns() // 1_000_000)

    @property
    def is_well(self) -> bool:
        """Whether the job runs, and nothing is a problem."""
        return self.look is not None and all(one.severity != "problem" for one in self.findings)


def status(api: ApiServer, open_rest: OpenRest) -> Status:
    """Ask Kubernetes and Flink.

    Args:
        api: the API server.
        open_rest: opens Flink's REST interface.

    Raises:
        DeployError: there is no job in the namespace.
        KubeUnreachableError: the API server does not answer.
        ForbiddenError: the account may not look.
    """
    found = look_at(api)
    if found is None:
        raise DeployError(
            f"there is no {JOB} in the namespace {api.namespace}",
            hint="name the namespace of the job, --namespace; `flinksec history` "
            "tells what was done there; `flinksec deploy` starts one",
        )
    findings = list(job_health.of_workload(found))
    seen: JobLook | None = None
    if not found.ended:
        try:
            with open_rest() as rest:
                seen = look(rest, found.job_id)
        except (RestUnreachableError, RestRefusedError) as error:
            findings.append(job_health.silent(error.message))
        else:
            if seen is None:
                findings.append(job_health.unknown(found.job_id))
    done = Status(api.namespace, found, seen, settings_of(api, found.job_id))
    findings += job_health.of_settings(done.settings)
    if seen is not None:
        findings += job_health.of_job(seen, found.taskmanagers, done.at)
        findings += job_health.of_processes(seen.own)
    return replace(done, findings=tuple(sorted(findings)))
