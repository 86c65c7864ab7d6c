# SPDX-License-Identifier: Apache-2.0
"""What is kept in the cluster of a job's savepoints: their manifests, and one that is being taken.

It is the ConfigMap ``flinksec-savepoints``, out of reach of whoever can write to the volume. So a
savepoint that was swapped, or a volume that was set back, is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from flinksec_jobs.deploy.kept_json import KeptError, read_as
from flinksec_jobs.deploy.kube_errors import ConflictError
from flinksec_jobs.deploy.outside import ApiServer, KubeObject
from flinksec_jobs.deploy.own_objects import BOOK
from flinksec_jobs.errors import DeployError

_PENDING = "pending"
# An object may have 1 MiB; the metadata of the ConfigMap and JSON's quotes take some of it.
_MOST_BYTES = 900_000


@dataclass(frozen=True)
class Pending:
    """A savepoint that was asked for, and may be written by now.

    Attributes:
        job_id: of the job.
        trigger_id: under which it was asked for.
        since: when, in epoch seconds.
    """

    job_id: str
    trigger_id: str
    since: float


@dataclass(frozen=True)
class KeptSavepoint:
    """A savepoint that was taken and verified.

    Attributes:
        path: as Flink names it, ``sealed+file:///…``.
        job_id: of the job that wrote it.
        at: when it was verified, in epoch seconds.
        manifest: what it is made of, as ``flinksec cluster verify`` tells it.
    """

    path: str
    job_id: str
    at: float
    manifest: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of its directory."""
        return self.path.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True)
class SavepointBook:
    """All of it.

    Attributes:
        pending: what is being taken.
        kept: what was taken, by name.
    """

    pending: Pending | None = None
    kept: Mapping[str, KeptSavepoint] = field(default_factory=dict)
    _found: KubeObject | None = field(default=None, compare=False, repr=False)

    @classmethod
    def read(cls, api: ApiServer) -> SavepointBook:
        """Read it.

        Raises:
            DeployError: it is not understood.
        """
        found = api.get(BOOK)
        data = (found or {}).get("data") or {}
        try:
            pending = read_as(Pending, data[_PENDING]) if _PENDING in data else None
            kept = {
                name: read_as(KeptSavepoint, text)
                for name, text in data.items()
                if name != _PENDING
            }
            return cls(pending, kept, found)
        except KeptError as error:
            raise DeployError(
                f"{BOOK} is not understood: {error}",
                hint="run the same or a newer version of flinksec-jobs; if somebody has edited it, "
                f"put back what it was; else `kubectl delete configmap {BOOK.name}`: savepoints "
                "stay, and can be verified without their manifests",
            ) from error

    def asked(self, pending: Pending | None) -> SavepointBook:
        """Return it with another savepoint that is being taken, or none."""
        return replace(self, pending=pending)

    def taken(self, savepoint: KeptSavepoint) -> SavepointBook:
        """Return it with one more, and nothing being taken."""
        return replace(self, pending=None, kept={**self.kept, savepoint.name: savepoint})

    def without(self, names: set[str]) -> SavepointBook:
        """Return it without savepoints that were removed."""
        left = {name: one for name, one in self.kept.items() if name not in names}
        return replace(self, kept=left)

    def write(self, api: ApiServer) -> SavepointBook:
        """Write it in place of what was read.

        Raises:
            ConflictError: somebody else has written meanwhile.
            DeployError: it is too large.
        """
        data = {name: json.dumps(asdict(one), sort_keys=True) for name, one in self.kept.items()}
        if self.pending:
            data[_PENDING] = json.dumps(asdict(self.pending), sort_keys=True)
        if sum(len(name) + len(text) for name, text in data.items()) > _MOST_BYTES:
            raise DeployError(
                f"{BOOK} would be larger than Kubernetes takes: it has the manifests of "
                f"{len(self.kept)} savepoints",
                hint="keep fewer savepoints: `flinksec savepoint --keep N`",
            )
        content: KubeObject = {
            "apiVersion": BOOK.api_version,
            "kind": BOOK.kind,
            "metadata": {"name": BOOK.name, "namespace": api.namespace},
            "data": data,
        }
        try:
            if self._found is None:
                return replace(self, _found=api.create(content))
            content["metadata"]["resourceVersion"] = self._found["metadata"]["resourceVersion"]
            return replace(self, _found=api.replace(content))
        except ConflictError:
            # An answer may have been lost, and what it was about is done.
            found = api.get(BOOK)
            if found is None or (found.get("data") or {}) != data:
                raise
            return replace(self, _found=found)
