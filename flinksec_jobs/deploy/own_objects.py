# SPDX-License-Identifier: Apache-2.0
"""The names of the objects that the commands keep for themselves in a job's namespace."""

from __future__ import annotations

from flinksec_jobs.deploy.outside import Ref

RECORD = Ref("v1", "ConfigMap", "flinksec-record")
"""What was done, and what is under way."""
BOOK = Ref("v1", "ConfigMap", "flinksec-savepoints")
"""Which savepoints there are, with their manifests."""
LEASE = Ref("coordination.k8s.io/v1", "Lease", "flinksec-deploy")
"""Held by the command that runs."""
CHECK_JOB = Ref("batch/v1", "Job", "flink-check")
"""Looks from within the cluster."""
CHECK_COPY = Ref("v1", "ConfigMap", CHECK_JOB.name)
"""What that Job mounts."""
REVISIONS = "flinksec-revision-"
"""With a number behind it: the ConfigMap of a version."""


def is_own(ref: Ref) -> bool:
    """Whether an object is one of these, whatever version of the API names it."""
    names = {(own.kind, own.name) for own in (RECORD, BOOK, LEASE, CHECK_JOB, CHECK_COPY)}
    is_revision = ref.kind == RECORD.kind and ref.name.startswith(REVISIONS)
    return is_revision or (ref.kind, ref.name) in names
