# SPDX-License-Identifier: Apache-2.0
"""All objects of a version but the job itself: applied, compared, removed.

ConfigMaps become exactly what the version has; other objects are applied server-side. What the
account may not change must be as it was recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.outside import FIELD_MANAGER, ApiServer, KubeObject, Ref
from flinksec_jobs.deploy.owned_fields import left_out, others_fields, taken_over
from flinksec_jobs.deploy.step_errors import RefusedError

# What may go when a version has it no longer. No volume, no namespace, nothing with keys in it.
_REMOVED = frozenset(
    {
        *("ConfigMap", "CronJob", "Deployment", "NetworkPolicy", "PodDisruptionBudget"),
        *("PodMonitor", "PrometheusRule", "Role", "RoleBinding", "Service", "ServiceAccount"),
    }
)
_FIRST = ("Namespace", "ServiceAccount", "PersistentVolume", "PersistentVolumeClaim")


class ObjectsApplied:
    """The objects of versions in the cluster.

    Args:
        api: the API server.
        tell: gets a line about what is left as it is.
    """

    def __init__(self, api: ApiServer, tell: Callable[[str], None]) -> None:
        self._api, self._tell = api, tell
        self._may: dict[tuple[str, Ref], bool] = {}

    def ours(self, version: Version) -> list[KubeObject]:
        """Return the objects that the account may change, without the job and its TaskManagers."""
        job = (Ref.of(version.job), Ref.of(version.taskmanagers))
        found = [one for one in version.objects if Ref.of(one) not in job and self._is_ours(one)]
        return sorted(found, key=lambda one: one["kind"] not in _FIRST)

    def refuse_what_must_be_others(
        self, version: Version, recorded: Mapping[str, str] | None
    ) -> None:
        """See that what the account may not change is as it was recorded.

        Args:
            version: to be deployed.
            recorded: hash of each object of the version that is deployed; ``None`` if none is.

        Raises:
            RefusedError: something of it is new or changed, or the account may not change the job.
        """
        for one in (version.job, version.taskmanagers):
            if not self._is_ours(one):
                raise RefusedError(
                    f"the account {self._api.who()} may not change {Ref.of(one)}",
                    hint="run the command in the deployer's pod, or as an account that may",
                )
        ours = {str(Ref.of(one)) for one in self.ours(version)}
        others = {name: one for name, one in version.fingerprints().items() if name not in ours}
        known = recorded or {}
        changed = sorted(name for name, one in others.items() if known.get(name) != one)
        if changed:
            why = "are new or changed" if recorded else "are not recorded yet"
            raise RefusedError(
                f"the account {self._api.who()} may not change these objects, and they {why}: "
                f"{', '.join(changed)}",
                hint="apply them with an account that may, by running this command as one",
            )

    def apply(self, version: Version) -> None:
        """Apply everything that the account may change, but the job and its TaskManagers."""
        for one in self.ours(version):
            if one["kind"] == "ConfigMap":
                self._put_map(one)
            else:
                self.put(one)

    def put(self, content: KubeObject) -> None:
        """Apply an object, unless somebody changes it at the same time.

        It becomes what the version has: what a person has applied to it beside is taken over
        before, and so goes. What another program has set stays, and is told.
        """
        what = Ref.of(content)
        found = self._api.get(what)
        metadata = dict(content["metadata"])
        if found is not None:
            found = self._take_over(found, content)
            metadata["resourceVersion"] = found["metadata"]["resourceVersion"]
        self._api.apply(content | {"metadata": metadata})

    def _take_over(self, found: KubeObject, content: KubeObject) -> KubeObject:
        what = Ref.of(content)
        for program, paths in others_fields(found, content, FIELD_MANAGER).items():
            self._tell(
                f"{what}: {', '.join(paths)} stays as {program} has set it; the version has no such"
            )
        fields = taken_over(found, FIELD_MANAGER)
        if fields is None:
            return found
        for path in left_out(found, content, FIELD_MANAGER):
            self._tell(
                f"{what}: {path} goes, as somebody set it by kubectl and the version has no such"
            )
        version = found["metadata"]["resourceVersion"]
        changes = {"metadata": {"resourceVersion": version, "managedFields": fields}}
        return self._api.patch(what, changes)

    def remove(self, leaving: Version, coming: Version) -> None:
        """Remove what one version has and the next has not, if that is harmless."""
        stays = {Ref.of(one) for one in coming.objects}
        for one in leaving.objects:
            what = Ref.of(one)
            if what in stays or what.kind not in _REMOVED:
                continue
            if not self._allowed("delete", what):
                self._tell(f"{what} is left: this account may not delete it")
            elif found := self._api.get(what):
                self._api.delete(what, uid=found["metadata"]["uid"])

    def dry_run(self, version: Version) -> None:
        """Let the API server say whether it would take every object.

        Raises:
            InvalidObjectError: it does not take one.
            ForbiddenError: an admission refuses one.
        """
        for one in self.ours(version):
            self._api.apply(one, dry_run=True)
        self._api.apply(version.taskmanagers, dry_run=True)
        self.dry_run_job(version)

    def dry_run_job(self, version: Version) -> KubeObject:
        """Return the Job of a version as the API server would take it.

        Raises:
            InvalidObjectError: it does not take it.
            ForbiddenError: an admission refuses it.
        """
        found = self._api.create(_under_another_name(version.job), dry_run=True)
        found["metadata"]["name"] = version.job["metadata"]["name"]
        return found

    def _is_ours(self, content: KubeObject) -> bool:
        what = Ref.of(content)
        if content["kind"] == "ConfigMap":
            return self._allowed("update", what)
        if content["kind"] == "Job":
            return self._allowed("create", what) and self._allowed("delete", what)
        return self._allowed("patch", what)

    def _allowed(self, verb: str, what: Ref) -> bool:
        if (verb, what) not in self._may:
            self._may[verb, what] = self._api.may(verb, what)
        return self._may[verb, what]

    def _put_map(self, content: KubeObject) -> None:
        found = self._api.get(Ref.of(content))
        if found is None:
            self._api.create(content)
            return
        metadata = dict(found["metadata"])
        for part in ("labels", "annotations"):
            if content["metadata"].get(part):
                metadata[part] = {**(metadata.get(part) or {}), **content["metadata"][part]}
        wanted = _whole(content) | {"metadata": metadata}
        if _whole(found) | {"metadata": found["metadata"]} != wanted:
            self._api.replace(wanted)


def _whole(content: KubeObject) -> dict[str, Any]:
    parts = ("apiVersion", "kind", "data", "binaryData", "immutable")
    return {part: content[part] for part in parts if content.get(part)}


def _under_another_name(job: KubeObject) -> KubeObject:
    """Return the Job for a dry run: the template of the one that is there cannot be changed."""
    return job | {"metadata": job["metadata"] | {"name": f"{job['metadata']['name']}-dry-run"}}
