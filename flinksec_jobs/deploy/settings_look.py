# SPDX-License-Identifier: Apache-2.0
"""The settings with which the running job was started, by the record, and what differs now."""

from __future__ import annotations

from dataclasses import dataclass

from flinksec_jobs.deploy.live import differences
from flinksec_jobs.deploy.outside import ApiServer
from flinksec_jobs.deploy.record import read_record
from flinksec_jobs.deploy.revisions import Revisions
from flinksec_jobs.errors import DeployError


@dataclass(frozen=True)
class SettingsLook:
    """The settings of the running job.

    Attributes:
        hash: of its ConfigMaps, as `flinksec history` has it; empty if it is unknown.
        revision: that has them; ``None`` if it is unknown.
        changed: objects in the cluster that are others now: the job has not seen them.
        why_unknown: the hash is.
    """

    hash: str = ""
    revision: int | None = None
    changed: tuple[str, ...] = ()
    why_unknown: str = ""


def settings_of(api: ApiServer, job_id: str) -> SettingsLook:
    """Look which settings a job was started with.

    Args:
        api: the API server.
        job_id: of the job that runs.
    """
    try:
        current = read_record(api).current
        if current is None:
            return SettingsLook(why_unknown="nothing is recorded of this deployment")
        if current.job_id != job_id:
            return SettingsLook(why_unknown="somebody else has started the job that runs")
        revision, version = Revisions(api).get(current.revision)
        return SettingsLook(revision.settings, revision.number, tuple(differences(api, version)))
    except DeployError as error:  # it may not look, or does not understand: the rest is told
        return SettingsLook(why_unknown=error.message)
