# SPDX-License-Identifier: Apache-2.0
"""The PKCS#12 stores of Flink's mutual TLS, looked into before Flink does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

from flinksec_jobs.certs.judgement import check_stores
from flinksec_jobs.cluster.flink_conf import Role
from flinksec_jobs.findings import Finding
from flinksec_jobs.settings import ClusterSettings, Settings

Kind = Literal["internal", "rest"]


def directories(settings: Settings, role: Role) -> dict[Kind, Path]:
    """Return the directories of stores that a process opens.

    Only the JobManager serves REST; a TaskManager is better off without that key.
    """
    tls = (settings.cluster or ClusterSettings()).tls
    found: dict[Kind, Path] = {"internal": tls.internal}
    return found | {"rest": tls.rest} if role == "jobmanager" else found


def check_tls(settings: Settings, role: Role, now: datetime | None = None) -> Iterator[Finding]:
    """Judge the stores of a process as Flink opens them.

    Args:
        settings: name the directories and the cipher suites.
        role: the kind of process.
        now: the time at which certificates must be valid; default: now.
    """
    suites = (settings.cluster or ClusterSettings()).tls.suites
    for kind, directory in directories(settings, role).items():
        for found in check_stores(directory, kind, suites=suites, now=now):
            yield found.placed(setting=f"cluster.tls.{kind}")
