# SPDX-License-Identifier: Apache-2.0
"""A version of a job: all the objects of an overlay, and the job that they are about.

Ids of jobs, and what a job goes on from, are no part of a version: they are put in for each start.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flinksec_jobs.deploy.kube_bodies import is_unicode
from flinksec_jobs.deploy.outside import KubeObject, Ref
from flinksec_jobs.deploy.own_objects import is_own
from flinksec_jobs.errors import DeployError, ManifestError
from flinksec_jobs.parsing import ParseError, yaml_documents

JOB_ID = "flinksec.org/job-id"
REVISION = "flinksec.org/revision"
SAVEPOINTS = "execution.checkpointing.savepoint-dir"
_COMPONENT, _NAME = "app.kubernetes.io/component", "app.kubernetes.io/name"
_NO_ID = "0" * 32
# What a start puts in, in the two ways of writing an option.
_OF_A_START = ("--job-id", "--from-savepoint")
_DROP = "--allow-non-restored-state"
_IDS_MAP = re.compile(r"^(?P<cluster>.+)-[0-9a-f]{32}-config-map$")
_SECRET_HINT = "create Secrets apart from the manifests, as docs/kubernetes.md says"  # noqa: S105


@dataclass(frozen=True, eq=False)
class Version:
    """A version of a job.

    Attributes:
        objects: all of it, without ids.
    """

    objects: Sequence[KubeObject]

    @cached_property
    def job(self) -> KubeObject:
        """The Job of the JobManager."""
        return _only(self.objects, "Job", "jobmanager")

    @cached_property
    def taskmanagers(self) -> KubeObject:
        """The StatefulSet of the TaskManagers."""
        return _only(self.objects, "StatefulSet", "taskmanager")

    @property
    def namespace(self) -> str:
        """The namespace that the overlay names; empty if it names none."""
        return str(self.job["metadata"].get("namespace") or "")

    @property
    def image(self) -> str:
        """The image of the JobManager."""
        return str(_container(self.job).get("image") or "")

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """Flink's ``config.yaml``, from the ConfigMap that has one; empty if none has."""
        for one in self.objects:
            if one["kind"] == "ConfigMap" and "config.yaml" in (one.get("data") or {}):
                try:
                    found = yaml_documents(str(one["data"]["config.yaml"]))
                except ParseError as error:
                    raise ManifestError(f"config.yaml of {Ref.of(one)}: {error}") from None
                return found[0] if found and isinstance(found[0], dict) else {}
        return {}

    @property
    def savepoints(self) -> str:
        """Where savepoints go, by the configuration.

        Raises:
            DeployError: it says nothing.
        """
        found = str(self.config.get(SAVEPOINTS) or "")
        if not found:
            raise DeployError(
                f"Flink's configuration has no {SAVEPOINTS}, so there is no place for a savepoint",
                hint="set [state] in the settings, and make config.yaml anew: `flinksec cluster "
                "conf`",
            )
        return found

    @cached_property
    def settings_hash(self) -> str:
        """Hash of all ConfigMaps."""
        maps = [one for one in self.objects if one["kind"] == "ConfigMap"]
        return hashed([[Ref.of(one).name, one.get("data"), one.get("binaryData")] for one in maps])

    @cached_property
    def hash(self) -> str:
        """Hash of all objects."""
        return hashed(self.objects)

    def fingerprints(self) -> dict[str, str]:
        """Return a hash of each object, in which the job's image counts as the same.

        By them objects are compared that an account may not change: a pod of the deployer that
        still has the last image is no reason to stop.
        """
        return {
            str(Ref.of(one)): hashed(_without(one, self.image))
            for one in self.objects
            if one is not self.job and one is not self.taskmanagers
        }

    def started(self, job_id: str, origin: str, *, drop_state: bool = False) -> Version:
        """Return it with the id of a start, and with what that goes on from."""
        content = [deepcopy(one) for one in self.objects]
        for one in content:
            _name_ids(one, job_id)
        version = Version(content)
        version.job["metadata"].setdefault("annotations", {})[JOB_ID] = job_id
        container = _container(version.job)
        own = [f"--job-id={job_id}"]
        own += [f"--from-savepoint={origin}"] if origin else []
        own += [_DROP] if drop_state else []
        container["args"] = own + _without_start(container.get("args") or [])
        return version

    @property
    def named_origin(self) -> str:
        """Return the savepoint that the overlay itself names for its start; empty for none."""
        args = [str(one) for one in _container(self.job).get("args") or []]
        for place, one in enumerate(args):
            if one == "--from-savepoint":
                return args[place + 1] if place + 1 < len(args) else ""
            if one.startswith("--from-savepoint="):
                return one.partition("=")[2]
        return ""


def version_of(objects: Iterable[Mapping[str, Any]]) -> Version:
    """Return the version that some objects are, without any ids in them.

    Raises:
        DeployError: it is no job of ours, or has a Secret among its objects.
    """
    content: list[KubeObject] = json.loads(json.dumps(list(objects)))
    if secrets := [str(Ref.of(one)) for one in content if one["kind"] == "Secret"]:
        raise DeployError(
            f"a Secret is among the objects, and what is applied is kept in ConfigMaps: "
            f"{', '.join(secrets)}",
            hint=_SECRET_HINT,
        )
    if broken := [repr(str(Ref.of(one))) for one in content if not is_unicode(one)]:
        raise DeployError(
            f"half of a surrogate pair, which is no character, is in {', '.join(broken)}",
            hint="write the character itself into the manifest, in UTF-8",
        )
    refs = [Ref.of(one) for one in content]
    if own := [str(ref) for ref in refs if is_own(ref)]:
        raise DeployError(
            f"these objects are the commands' own, and would be overwritten: {', '.join(own)}",
            hint="give them other names, or take them out of the overlay",
        )
    if twice := {str(ref) for ref in refs if refs.count(ref) > 1}:
        raise DeployError(
            f"an object is there twice: {', '.join(sorted(twice))}", hint="remove one of them"
        )
    version = Version(content)
    _refuse_elsewhere(version)
    for one in content:
        _name_ids(one, _NO_ID)
    metadata = version.job["metadata"]
    (metadata.get("annotations") or {}).pop(JOB_ID, None)
    if not metadata.get("annotations"):
        metadata.pop("annotations", None)
    container = _container(version.job)
    container["args"] = _without_start(container.get("args") or [])
    assert version.taskmanagers  # noqa: S101  it says what is missing
    return version


def _refuse_elsewhere(version: Version) -> None:
    elsewhere = [
        str(Ref.of(one))
        for one in version.objects
        if one["metadata"].get("namespace") not in {None, version.namespace}
    ]
    if elsewhere:
        raise DeployError(
            f"these objects are in another namespace than the job: {', '.join(elsewhere)}",
            hint="apply them apart; a deployment is one namespace",
        )


def hashed(value: object) -> str:
    """Return SHA-256 of a value as canonical JSON, in hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _only(objects: Sequence[KubeObject], kind: str, component: str) -> KubeObject:
    found = [one for one in objects if one["kind"] == kind and _is_component(one, component)]
    if len(found) == 1:
        return found[0]
    raise DeployError(
        f"{len(found) or 'no'} objects of kind {kind} have the label {_COMPONENT}: {component}",
        hint="an overlay on docker/kubernetes/base has one: the job-cluster",
    )


def _is_component(content: KubeObject, component: str) -> bool:
    labels = content["metadata"].get("labels") or {}
    return labels.get(_COMPONENT) == component and labels.get(_NAME) == "flink"


def _container(job: KubeObject) -> dict[str, Any]:
    containers: list[dict[str, Any]] = job["spec"]["template"]["spec"]["containers"]
    return next((one for one in containers if one.get("name") == "jobmanager"), containers[0])


def _without_start(args: Sequence[Any]) -> list[str]:
    kept, skip = [], False
    for one in map(str, args):
        if skip:
            skip = False
        elif one in _OF_A_START:
            skip = True
        elif one != _DROP and not one.startswith(tuple(f"{name}=" for name in _OF_A_START)):
            kept.append(one)
    return kept


def _name_ids(content: KubeObject, job_id: str) -> None:
    """Put a job's id into the rights on the ConfigMap in which Flink keeps its checkpoints."""
    if content["kind"] != "Role":
        return
    for rule in content.get("rules") or ():
        names = [str(name) for name in rule.get("resourceNames") or ()]
        if any(_IDS_MAP.match(name) for name in names):
            rule["resourceNames"] = [
                _IDS_MAP.sub(lambda found: f"{found['cluster']}-{job_id}-config-map", name)
                for name in names
            ]


def _without(value: Any, image: str) -> Any:
    return json.loads(json.dumps(value).replace(json.dumps(image), '"the image of the job"'))
