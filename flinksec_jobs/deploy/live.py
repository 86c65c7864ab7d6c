# SPDX-License-Identifier: Apache-2.0
"""The version that is in the cluster, read from there: somebody may have applied it by hand."""

from __future__ import annotations

from copy import deepcopy

from flinksec_jobs.deploy.job_version import JOB_ID, REVISION, Version, version_of
from flinksec_jobs.deploy.outside import ApiServer, KubeObject, Ref

_OF_THE_VERSION = frozenset({"ConfigMap", "Job", "StatefulSet"})
_OF_THE_SERVER = (
    *("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"),
    *("selfLink", "ownerReferences", "finalizers"),
)
_OF_THE_JOB = (
    *("controller-uid", "job-name"),
    *("batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"),
)


def live_version(api: ApiServer, like: Version) -> Version:
    """Return the version that is in the cluster: its ConfigMaps, its job and its TaskManagers.

    All other objects are taken to be as in the version that names them: no job starts from them.
    """
    found = []
    for one in like.objects:
        there = api.get(Ref.of(one)) if one["kind"] in _OF_THE_VERSION else one
        if there is not None:
            found.append(cleaned(there))
    return version_of(found)


def cleaned(content: KubeObject) -> KubeObject:
    """Return an object without what the API server and its controllers have put in."""
    found = deepcopy(content)
    found.pop("status", None)
    metadata = found["metadata"]
    for name in _OF_THE_SERVER:
        metadata.pop(name, None)
    annotations = metadata.get("annotations") or {}
    annotations.pop("kubectl.kubernetes.io/last-applied-configuration", None)
    if found["kind"] == "Job":
        annotations.pop(JOB_ID, None)
        (metadata.get("labels") or {}).pop(REVISION, None)
        spec = found["spec"]
        spec.pop("selector", None)
        labels = spec["template"]["metadata"].get("labels") or {}
        for owner in (metadata.get("labels") or {}, labels):
            for name in _OF_THE_JOB:
                owner.pop(name, None)
    for part in ("annotations", "labels"):
        if not metadata.get(part):
            metadata.pop(part, None)
    return found


def differences(api: ApiServer, recorded: Version) -> list[str]:
    """Return what of a recorded version is another in the cluster: its ConfigMaps and its image."""
    changed = []
    for one in recorded.objects:
        if one["kind"] != "ConfigMap":
            continue
        there = api.get(Ref.of(one)) or {}
        if any((there.get(part) or {}) != (one.get(part) or {}) for part in ("data", "binaryData")):
            changed.append(str(Ref.of(one)))
    job = api.get(Ref.of(recorded.job))
    if job is not None and Version([job]).image != recorded.image:
        changed.append(str(Ref.of(recorded.job)))
    return changed
