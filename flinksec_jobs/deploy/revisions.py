# SPDX-License-Identifier: Apache-2.0
"""The versions that were deployed, kept whole in the namespace: to roll back to all of one.

Each is the ConfigMap ``flinksec-revision-N``.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field

from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.kept_json import KeptError, read_as, unpacked
from flinksec_jobs.deploy.kube_errors import ConflictError
from flinksec_jobs.deploy.outside import ApiServer, KubeObject, Ref
from flinksec_jobs.deploy.own_objects import RECORD, REVISIONS
from flinksec_jobs.errors import DeployError

LABEL = "flinksec.org/revision"
KEPT = 10
_ABOUT, _OBJECTS = "about", "objects.json.gz"
# Kubernetes takes no more in one object, base64 and all.
_MOST_BYTES = 1 << 20
_ROOM_BYTES = 16 << 10


@dataclass(frozen=True)
class Revision:
    """What is known of a version without reading its objects.

    Attributes:
        number: counts up.
        at: when it was first deployed, in epoch seconds.
        who: the account.
        image: of the JobManager.
        hash: of all objects.
        settings: hash of its ConfigMaps.
        fingerprints: hash of each object.
    """

    number: int
    at: float
    who: str
    image: str
    hash: str
    settings: str
    fingerprints: dict[str, str] = field(default_factory=dict)


class Revisions:
    """The revisions of a namespace."""

    def __init__(self, api: ApiServer) -> None:
        self._api = api

    def all(self) -> list[Revision]:
        """Return all of them, newest first."""
        maps = self._api.list("v1", "ConfigMap", {"app.kubernetes.io/managed-by": "flinksec"})
        found = [_about(one) for one in maps if one["metadata"]["name"].startswith(REVISIONS)]
        return sorted(found, key=lambda one: one.number, reverse=True)

    def get(self, number: int) -> tuple[Revision, Version]:
        """Return a revision and its objects.

        Raises:
            DeployError: there is no such revision, or it cannot be read.
        """
        found = self._api.get(_ref(number))
        if found is None:
            numbers = ", ".join(str(one.number) for one in self.all()) or "none"
            raise DeployError(
                f"there is no revision {number}", hint=f"there are: {numbers}. {_anew(number)}"
            )
        try:
            packed = base64.b64decode(found["binaryData"][_OBJECTS], validate=True)
            objects = json.loads(unpacked(packed))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise DeployError(
                f"the objects of revision {number} cannot be read from {_ref(number)}: {error}",
                hint=_anew(number),
            ) from error
        revision, version = _about(found), Version(objects)
        if version.hash != revision.hash:
            raise DeployError(
                f"the objects of revision {number} in {_ref(number)} are not those that were kept",
                hint=_anew(number),
            )
        return revision, version

    def keep(self, version: Version, at: float, who: str) -> Revision:
        """Keep a version, and return its number; one that is there already stays.

        Raises:
            DeployError: it is too large.
        """
        while True:
            known = self.all()
            if same := next((one for one in known if one.hash == version.hash), None):
                return same
            revision = Revision(
                number=1 + max((one.number for one in known), default=0),
                at=at,
                who=who,
                image=version.image,
                hash=version.hash,
                settings=version.settings_hash,
                fingerprints=version.fingerprints(),
            )
            try:
                self._api.create(_as_map(revision, version, self._api.namespace))
            except ConflictError:
                continue  # an answer was lost, or somebody was faster: look again
            return revision

    def forget(self, needed: Collection[int]) -> None:
        """Remove the oldest: all but the last ten, and those that are needed."""
        for one in self.all()[KEPT:]:
            if one.number not in needed:
                self._api.delete(_ref(one.number))


def _anew(number: int) -> str:
    """Return the way out if what is deployed is lost: the record begins anew with what runs."""
    record = RECORD.name
    return (
        "put back what somebody changed; or, if it is what runs, `kubectl delete configmap "
        f"{record} {_ref(number).name} --ignore-not-found`, and `flinksec deploy OVERLAY` with "
        "the overlay that runs records it anew; if the job is stopped, with --from-savepoint PATH"
    )


def _ref(number: int) -> Ref:
    return Ref("v1", "ConfigMap", f"{REVISIONS}{number}")


def _about(content: KubeObject) -> Revision:
    try:
        return read_as(Revision, content["data"][_ABOUT])
    except (KeyError, TypeError, KeptError) as error:
        raise DeployError(
            f"the revision in {Ref.of(content)} is not understood: {error}",
            hint="run the same or a newer version of flinksec-jobs; if somebody has edited it, and "
            f"no command needs it: `kubectl delete configmap {Ref.of(content).name}`",
        ) from error


def _as_map(revision: Revision, version: Version, namespace: str) -> KubeObject:
    text = json.dumps(version.objects, ensure_ascii=False, separators=(",", ":"))
    packed = base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
    about = json.dumps(asdict(revision), sort_keys=True)
    size = len(packed) + len(about) + _ROOM_BYTES
    if size > _MOST_BYTES:
        raise DeployError(
            f"the objects are too large to be kept for a rollback: {size} bytes of a ConfigMap's "
            f"{_MOST_BYTES}, compressed",
            hint="put large files into the image or a volume, not into ConfigMaps",
        )
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": _ref(revision.number).name,
            "namespace": namespace,
            "labels": {
                "app.kubernetes.io/managed-by": "flinksec",
                LABEL: str(revision.number),
            },
        },
        "data": {_ABOUT: about},
        "binaryData": {_OBJECTS: packed},
    }
