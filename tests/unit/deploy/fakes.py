# SPDX-License-Identifier: Apache-2.0
"""The API server, Flink and the look inside, as calls to a `World` that can fail."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from flinksec_jobs.deploy.commands import Commands, Options
from flinksec_jobs.deploy.guarded import Guarded
from flinksec_jobs.deploy.job_version import Version, version_of
from flinksec_jobs.deploy.kube_errors import ConflictError
from flinksec_jobs.deploy.lease import Lease
from flinksec_jobs.deploy.objects_applied import ObjectsApplied
from flinksec_jobs.deploy.outside import InsideReport, KubeObject, Ref, StateFound
from flinksec_jobs.deploy.record import Book, Record, read_record
from flinksec_jobs.deploy.revisions import Revisions
from flinksec_jobs.deploy.steps import Steps
from flinksec_jobs.deploy.waiting import Waiting
from flinksec_jobs.errors import FlinkSecError, SealedStateError
from flinksec_jobs.flink_rest.answers import (
    Checkpoint,
    Checkpoints,
    Job,
    JobException,
    JobState,
    Operation,
    Progress,
    Restored,
)
from flinksec_jobs.runtime.rest import RestRefusedError, RestUnreachableError
from tests.unit.deploy.faults import counted
from tests.unit.deploy.world import JOB, FlinkJob, Manager, Snapshot, World

CONFIG = """\
high-availability.type: kubernetes
kubernetes.cluster-id: flink
execution.checkpointing.savepoint-dir: sealed+file:///mnt/state/savepoints
"""


def version(image: str = "registry/job@sha256:old", setting: str = "old") -> Version:
    """A version of the job: its image decides what it does in a `World`."""
    labels = {"app.kubernetes.io/name": "flink"}
    manager = labels | {"app.kubernetes.io/component": "jobmanager"}
    worker = labels | {"app.kubernetes.io/component": "taskmanager"}
    container = {"name": "jobmanager", "image": image, "args": ["--job-id=" + "0" * 31 + "1"]}
    config_map = {"apiVersion": "v1", "kind": "ConfigMap"}
    return version_of(
        [
            config_map | {"metadata": {"name": "flink-conf"}, "data": {"config.yaml": CONFIG}},
            config_map
            | {"metadata": {"name": "job-settings"}, "data": {"settings.toml": f"a = '{setting}'"}},
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "Role",
                "metadata": {"name": "flink-jobmanager"},
                "rules": [{"resourceNames": ["flink-" + "0" * 31 + "1-config-map"]}],
            },
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"name": "default-deny"},
                "spec": {},
            },
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": {"name": "flink-jobmanager", "labels": manager},
                "spec": {
                    "template": {
                        "metadata": {"labels": manager},
                        "spec": {"containers": [container]},
                    }
                },
            },
            {
                "apiVersion": "apps/v1",
                "kind": "StatefulSet",
                "metadata": {"name": "flink-taskmanager", "labels": worker},
                "spec": {
                    "replicas": 1,
                    "selector": {"matchLabels": worker},
                    "template": {"spec": {"containers": [{"image": image}]}},
                },
            },
        ]
    )


@dataclass
class FakeApi:
    """The API server of a world."""

    world: World
    forbidden: set[str] = field(default_factory=set)
    namespace: str = "flights"

    def who(self) -> str:
        return "alice"

    @counted
    def may(self, verb: str, what: Ref) -> bool:
        return what.kind not in self.forbidden

    @counted
    def get(self, what: Ref) -> KubeObject | None:
        return deepcopy(self.world.objects.get((what.kind, what.name)))

    @counted
    def list(
        self, api_version: str, kind: str, labels: Mapping[str, str] | None = None
    ) -> Sequence[KubeObject]:
        every = [
            *self.world.pods(),
            *(one for one in self.world.objects.values()),
        ]
        return [
            deepcopy(one)
            for one in every
            if one["kind"] == kind
            and (labels or {}).items() <= (one["metadata"].get("labels") or {}).items()
        ]

    @counted
    def apply(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
        if dry_run:
            return deepcopy(content)
        found = self.world.objects.get((content["kind"], content["metadata"]["name"]))
        self._condition(found, content)
        kept = {"uid": found["metadata"]["uid"]} if found else {}
        return self.world.put(content | {"metadata": content["metadata"] | kept})

    @counted
    def create(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
        if (content["kind"], content["metadata"]["name"]) in self.world.objects:
            raise ConflictError("there is one")
        return deepcopy(content) if dry_run else self.world.put(content)

    @counted
    def replace(self, content: KubeObject) -> KubeObject:
        found = self.world.objects.get((content["kind"], content["metadata"]["name"]))
        if found is None:
            raise ConflictError("there is none")
        self._condition(found, content)
        uid = {"uid": found["metadata"]["uid"]}
        return self.world.put(content | {"metadata": content["metadata"] | uid})

    @counted
    def patch(self, what: Ref, changes: Mapping[str, Any]) -> KubeObject:
        found = self.world.objects.get((what.kind, what.name))
        if found is None:
            raise ConflictError("there is none")
        self._condition(found, changes)
        merged = deepcopy(found)
        _merge(merged, {key: value for key, value in changes.items() if key != "metadata"})
        return self.world.put(merged)

    @counted
    def delete(self, what: Ref, *, uid: str | None = None) -> None:
        found = self.world.objects.get((what.kind, what.name))
        if found is None:
            return
        if uid is not None and found["metadata"]["uid"] != uid:
            raise ConflictError("another uid")
        self.world.remove((what.kind, what.name))

    @counted
    def logs(self, pod: str, *, container: str | None = None, lines: int = 50) -> str:
        return "error: it went wrong\n"

    def _condition(self, found: KubeObject | None, content: Mapping[str, Any]) -> None:
        wanted = (content.get("metadata") or {}).get("resourceVersion")
        if wanted and (found is None or found["metadata"]["resourceVersion"] != wanted):
            raise ConflictError("the object has been modified")


def _merge(into: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict):
            _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


@dataclass
class FakeFlink:
    """Flink's REST interface of a world's JobManager."""

    world: World

    def _manager(self) -> Manager:
        if self.world.manager is None or self.world.manager.leaving >= 0:
            raise RestUnreachableError("nobody answers")
        return self.world.manager

    def _job(self, job_id: str) -> FlinkJob:
        found = self._manager().jobs.get(job_id)
        if found is None:
            raise RestRefusedError("there is no such job", 404)
        return found

    @counted
    def jobs(self) -> dict[str, JobState]:
        return {one.id: JobState(one.state) for one in self._manager().jobs.values()}

    @counted
    def job(self, job_id: str) -> Job | None:
        found = self._manager().jobs.get(job_id)
        if found is None:
            return None
        state = JobState(found.state)
        return Job(found.id, "flights", state, state is JobState.RUNNING, 0, 0)

    @counted
    def checkpoints(self, job_id: str) -> Checkpoints:
        job = self._job(job_id)
        last, restored = job.last, job.restored
        return Checkpoints(
            completed=int(last is not None),
            failed=0,
            in_progress=0,
            last=Checkpoint(last.number, last.path, 0, 0, 0, 0, 0, is_savepoint=False)
            if last
            else None,
            restored=Restored(
                restored.number,
                0,
                restored.path.replace("file:///", "file:/"),
                restored.is_savepoint,
            )
            if restored
            else None,
        )

    @counted
    def stop_with_savepoint(
        self, job_id: str, trigger_id: str, directory: str, form: str = "CANONICAL"
    ) -> None:
        self._manager()
        self.world.stop(job_id, trigger_id, directory)

    @counted
    def operation(self, job_id: str, trigger_id: str) -> Operation:
        found = self._manager().operations.get(trigger_id)
        if found is None:
            return Operation(Progress.UNKNOWN)
        _, _, left, location, reason = found
        if left > 0:
            return Operation(Progress.IN_PROGRESS)
        if reason or not location:
            return Operation(Progress.FAILED, location, reason)
        if self.world.manager is not None and self.world.manager.linger > 1:
            self.world.manager.linger = 1  # it was fetched
        return Operation(Progress.DONE, location)

    @counted
    def exceptions(self, job_id: str, most: int = 20) -> list[JobException]:
        failures = self._job(job_id).failures
        boom = JobException(0, "java.lang.Error", "java.lang.Error: boom", "map")
        return [boom] * min(failures, most)

    @counted
    def job_metrics(self, job_id: str, names: Sequence[str]) -> dict[str, float]:
        return {"numRestarts": float(self._job(job_id).restarts)}

    def close(self) -> None:
        pass


@dataclass
class FakeInside:
    """The look inside: an image that has it in its name drops state, is bad, or has other keys.

    Attributes:
        world: that it looks at.
        told: what a check of an image tells in place of that, or raises.
        first: what the first checks of an image tell, before all that.
        unlisted: how many of the next lists of the volume are refused.
        hidden: id of a job whose checkpoints are not listed.
        unopened: what verifying raises, by image.
    """

    world: World
    first: dict[str, list[InsideReport | FlinkSecError]] = field(default_factory=dict)
    unlisted: int = 0
    hidden: str = ""
    told: dict[str, InsideReport | FlinkSecError] = field(default_factory=dict)
    unopened: dict[str, FlinkSecError] = field(default_factory=dict)

    @counted
    def check(self, objects: Sequence[KubeObject], *, state: str | None) -> InsideReport:
        image = Version(objects).image
        first = self.first.get(image)
        told = first.pop(0) if first else self.told.get(image)
        if isinstance(told, FlinkSecError):
            raise told
        if told is not None:
            return told
        if state is not None and _whole(state) not in self.world.volume:
            return InsideReport(problems=[f"there is no {state}"])
        return InsideReport(
            problems=["it cannot reach Kafka"] if "bad" in image else [],
            dropped=["the state of count"] if "drops" in image and state else [],
        )

    @counted
    def verify(self, objects: Sequence[KubeObject], savepoint: str) -> StateFound:
        if error := self.unopened.get(Version(objects).image):
            raise error
        found = self.world.volume.get(_whole(savepoint))
        if found is None or "other-keys" in Version(objects).image:
            raise SealedStateError("no key opens it")
        return _found(found)

    @counted
    def newest(self, objects: Sequence[KubeObject]) -> list[StateFound]:
        if self.unlisted:
            self.unlisted -= 1
            raise SealedStateError("the directory cannot be read")
        best = self.world.newest()
        rest = [one for one in self.world.volume.values() if one not in best]
        return [_found(one) for one in [*best, *rest] if one.job_id != self.hidden]


def _whole(path: str) -> str:
    """Return a URI as the volume has it: Flink writes it with one slash too."""
    return path if "///" in path else path.replace("file:/", "file:///")


def _found(one: Snapshot) -> StateFound:
    job_id = one.job_id[:6] if one.is_savepoint else one.job_id
    return StateFound(one.path, one.is_savepoint, one.number, job_id, 0)


@dataclass
class Bench:
    """Commands on a world, each as a process of its own."""

    world: World = field(default_factory=World)
    api: FakeApi = field(init=False)
    inside: FakeInside = field(init=False)
    told: list[str] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.api = FakeApi(self.world)
        self.inside = FakeInside(self.world)

    def make_id(self) -> str:
        return f"{next(self._ids):06x}" + "ab" * 13

    def commands(self, options: Options | None = None, timeout: float = 60.0) -> Commands:
        """Begin a command: take the lease, and read nothing yet."""
        world = self.world
        waiting = Waiting(
            timeout,
            tell=self.told.append,
            now=world.clock,
            clock=world.clock,
            sleep=world.sleep,
        )
        lease = Lease(self.api, "alice", clock=world.clock, sleep=world.sleep)
        lease.take()

        def alive() -> None:
            lease.renew()  # in the place of the thread that does it

        api = Guarded(self.api, alive)
        steps = Steps(
            api,
            FakeFlink(world),
            self.inside,
            Record(api),
            waiting,
            ObjectsApplied(api, self.told.append),
            Revisions(api),
            make_id=self.make_id,
        )
        return Commands(steps, "alice", options or Options(steady=6))

    def book(self) -> Book:
        return read_record(FakeApi(World(objects=self.world.objects)))

    def rest(self, seconds: int = 12) -> None:
        """Let the world go on by itself."""
        for _ in range(seconds):
            self.world.sleep(1)

    def running(self) -> str:
        """The image that runs; empty if none does."""
        return next((one.image for one in self.world.flink_jobs() if one.state == "RUNNING"), "")

    def setting(self) -> str:
        data = self.world.objects["ConfigMap", "job-settings"]["data"]
        return str(data["settings.toml"])

    def job_id(self) -> str:
        found: str = self.world.objects[JOB]["metadata"]["annotations"]["flinksec.org/job-id"]
        return found
