# SPDX-License-Identifier: Apache-2.0
"""A cluster in memory, with Kubernetes' controllers, Flink and a volume, as far as steps see them.

Flink does here what it does for real where that loses state: a JobManager runs every plan that is
stored, prefers pointers of high availability to ``--from-savepoint``, removes its checkpoints when
it is stopped, and ends at once under an id that has ended before. `violations` has what must never
be: two jobs at a time, a start from nothing, records that were lost or written twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tests.unit.deploy.faults import Faults

JOB, SET, LEADERS = (
    ("Job", "flink-jobmanager"),
    ("StatefulSet", "flink-taskmanager"),
    "flink-cluster-config-map",
)
STATE = "sealed+file:///mnt/state"
CHECKPOINT_EVERY, STOP_TAKES, POD_TAKES = 4, 3, 2


@dataclass
class Snapshot:
    """A checkpoint or savepoint on the volume: how many records are in it."""

    path: str
    position: int
    number: int
    job_id: str
    is_savepoint: bool


@dataclass
class FlinkJob:
    """A job in a JobManager."""

    id: str
    image: str
    position: int
    number: int
    state: str = "CREATED"
    restarts: int = 0
    failures: int = 0
    restored: Snapshot | None = None
    last: Snapshot | None = None
    age: int = 0
    uncommitted: int = 0


@dataclass
class Manager:
    """A JobManager's pod."""

    uid: str
    pod: str
    jobs: dict[str, FlinkJob] = field(default_factory=dict)
    operations: dict[str, list[Any]] = field(default_factory=dict)
    leaving: int = -1
    linger: int = -1


@dataclass
class World:
    """All of it.

    Attributes:
        faults: of calls.
        time: seconds.
        objects: of the API server.
        volume: snapshots by path.
        committed: records that were written, in order.
        ended_ids: of the store of job results.
        starts: what was started: id, image, position, path.
        stop_goes: how the next stop with a savepoint goes: well, ``fails``, ``runs on`` after its
            savepoint was written, ``jobmanager dies`` before or ``dies after`` it.
    """

    faults: Faults = field(default_factory=Faults)
    time: float = 1_000_000.0
    objects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    volume: dict[str, Snapshot] = field(default_factory=dict)
    committed: list[int] = field(default_factory=list)
    ended_ids: set[str] = field(default_factory=set)
    starts: list[tuple[str, str, int, str]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    manager: Manager | None = None
    workers: list[int] = field(default_factory=list)
    stop_goes: str = "well"
    repeats_allowed: bool = False
    _version: int = 0
    _last_start: tuple[str, str] = ("", "")

    # Time.

    def clock(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.tick()

    def tick(self) -> None:
        """Let controllers and Flink go on a bit."""
        self._controllers()
        manager = self.manager
        for job in list(manager.jobs.values()) if manager else ():
            self._progress(manager, job)
        for step in (self._operations, self._linger):
            if self.manager is not None:
                step(self.manager)
        running = [one.id for one in self.flink_jobs() if one.state == "RUNNING"]
        if len(running) > 1:
            self.violations.append(f"{len(running)} jobs run at a time: {running}")

    def flink_jobs(self) -> Iterator[FlinkJob]:
        if self.manager is not None and self.manager.linger < 0:
            yield from self.manager.jobs.values()

    # Kubernetes.

    def put(self, content: dict[str, Any]) -> dict[str, Any]:
        stored = deepcopy(content)
        self._version += 1
        stored["metadata"]["resourceVersion"] = str(self._version)
        stored["metadata"].setdefault("uid", f"uid-{self._version}")
        self.objects[stored["kind"], stored["metadata"]["name"]] = stored
        return deepcopy(stored)

    def remove(self, key: tuple[str, str]) -> None:
        if key == JOB:
            job = self.objects[key]
            job["metadata"].setdefault("deletionTimestamp", "now")
            if self.manager is None:
                del self.objects[key]
            elif self.manager.leaving < 0:
                self.manager.leaving = POD_TAKES
            return
        self.objects.pop(key, None)

    def _controllers(self) -> None:
        job = self.objects.get(JOB)
        if self.manager is not None and self.manager.leaving >= 0:
            self.manager.leaving -= 1
            if self.manager.leaving < 0:
                self.manager = None
                if job is not None and "deletionTimestamp" in job["metadata"]:
                    del self.objects[JOB]
        elif job is not None and self.manager is None and not _conditions(job):
            self._start_manager(job)
        wanted = int((self.objects.get(SET) or {"spec": {"replicas": 0}})["spec"]["replicas"])
        while len(self.workers) < wanted:
            self.workers.append(POD_TAKES)
        if len(self.workers) > wanted:
            self.workers.pop()
        self.workers = [max(0, one - 1) for one in self.workers]

    def pods(self) -> list[dict[str, Any]]:
        found = []
        if self.manager is not None:
            found.append(_pod(self.manager.pod, "jobmanager"))
        for number, _ in enumerate(self.workers):
            found.append(_pod(f"flink-taskmanager-{number}", "taskmanager"))
        return found

    def _end_job(self, condition: str, message: str = "") -> None:
        job = self.objects.get(JOB)
        self.manager = None
        if job is None:
            return
        if "deletionTimestamp" in job["metadata"]:
            del self.objects[JOB]
            return
        entry = {"type": condition, "status": "True", "message": message}
        job.setdefault("status", {})["conditions"] = [entry]

    # Flink.

    def _start_manager(self, job: dict[str, Any]) -> None:
        container = job["spec"]["template"]["spec"]["containers"][0]
        options = dict(one.lstrip("-").split("=", 1) for one in container["args"] if "=" in one)
        job_id, image = options["job-id"], container["image"]
        self._version += 1
        self.manager = Manager(job["metadata"]["uid"], f"flink-jobmanager-{self._version}")
        plans = [
            key.removeprefix("executionPlan-")
            for key in self._map(LEADERS)
            if key.startswith("executionPlan-")
        ]
        for one in {*plans, job_id}:  # Flink runs what is stored, and then looks at its own
            self._submit(one, image, options.get("from-savepoint", ""))

    def _submit(self, job_id: str, image: str, origin: str) -> None:
        assert self.manager is not None
        if job_id in self.ended_ids:
            self._end_job("Complete")
            return
        if "start-error" in image:
            self._pod_fails()
            return
        state = self._begins_from(job_id, origin)
        if state is None and (origin or self._last_start[0] not in {"", job_id}):
            self._pod_fails()  # job.resume refuses
            return
        if state is None and self.committed:
            self.violations.append(f"{job_id} starts from nothing")
        position = state.position if state else 0
        number = state.number if state else 0
        job = FlinkJob(job_id, image, position, number, restored=state, last=None)
        self.manager.jobs[job_id] = job
        self._last_start = (job_id, state.path if state else "")
        self.starts.append((job_id, image, position, state.path if state else ""))
        done = self.committed[-1] + 1 if self.committed else 0
        if position < done and not self.repeats_allowed:
            self.violations.append(f"{job_id} starts at {position}, and {done} are written")
        if position > done:
            self.violations.append(f"{job_id} starts at {position}, and only {done} are written")
        self._map(LEADERS)[f"executionPlan-{job_id}"] = "plan"
        pointers = self._map(f"flink-{job_id}-config-map")
        if state is not None and not pointers:  # Flink counts what it restored as a completed one
            pointers[_pointer(number)] = state.path

    def _begins_from(self, job_id: str, origin: str) -> Snapshot | None:
        pointers = [key for key in self._map_or_none(job_id) if key.startswith("checkpointID-")]
        if pointers:
            return self.volume[self._map_or_none(job_id)[max(pointers)]]
        if origin:
            return self.volume.get(origin)
        return next(iter(self.newest()), None)

    def newest(self) -> list[Snapshot]:
        """By the rule of flinksec_jobs.resume: of the last start, else what that began from."""
        job_id, began_from = self._last_start
        own = [one for one in self.volume.values() if one.job_id == job_id]
        own.sort(key=lambda one: -one.number)
        return own or [self.volume[began_from]] if began_from in self.volume else own

    def _pod_fails(self) -> None:
        job = self.objects[JOB]
        self.manager = None
        status = job.setdefault("status", {})
        status["failed"] = status.get("failed", 0) + 1

    def _progress(self, manager: Manager | None, job: FlinkJob) -> None:
        if manager is None or job.state in {"FINISHED", "FAILED"} or manager.linger >= 0:
            return
        if not self.workers or any(self.workers):
            job.state = "CREATED"
            return
        job.age += 1
        crashes = "crashes" in job.image or ("crashes-later" in job.image and job.last)
        if "crashes-later" in job.image and not job.last:
            crashes = False
        if "fails" in job.image and job.age > 2:
            self._map(LEADERS).pop(f"executionPlan-{job.id}", None)
            self.objects.pop(("ConfigMap", f"flink-{job.id}-config-map"), None)
            self.ended_ids.add(job.id)
            self._end_job("Failed", "exit code 163")
            return
        if "rescales" in job.image and job.age <= 5:
            job.restarts += 1  # as slots come one after the other
        if crashes:
            job.restarts += 1
            job.failures += 1
            job.state = "RESTARTING" if job.restarts % 2 else "RUNNING"
            job.uncommitted = 0
            return
        job.state = "RUNNING"
        job.uncommitted += 1
        if job.age % CHECKPOINT_EVERY == 0 and "no-checkpoints" not in job.image:
            self._checkpoint(job)

    def _checkpoint(self, job: FlinkJob) -> None:
        self._commit(job)
        path = f"{STATE}/checkpoints/{job.id}/chk-{job.number}"
        snapshot = Snapshot(path, job.position, job.number, job.id, is_savepoint=False)
        if job.last is not None:
            self.volume.pop(job.last.path)
        self.volume[path], job.last = snapshot, snapshot
        pointers = self._map(f"flink-{job.id}-config-map")
        pointers.clear()
        pointers[_pointer(job.number)] = path

    def _commit(self, job: FlinkJob) -> None:
        for _ in range(job.uncommitted):
            self.committed.append(job.position)
            job.position += 1
        job.uncommitted, job.number = 0, job.number + 1

    def stop(self, job_id: str, trigger: str, directory: str) -> None:
        assert self.manager is not None
        self.manager.operations.setdefault(trigger, [job_id, directory, STOP_TAKES, "", ""])

    def _operations(self, manager: Manager) -> None:
        for operation in manager.operations.values():
            if operation[2] <= 0:
                continue
            operation[2] -= 1
            job = manager.jobs.get(operation[0])
            if operation[2] > 0 or job is None:
                continue
            goes, self.stop_goes = self.stop_goes, "well"
            if job.state != "RUNNING" or goes == "fails":
                operation[4] = "a task failed"
                continue
            if goes == "jobmanager dies":
                self._pod_fails()
                return
            self._finish(manager, job, operation, goes)

    def _finish(self, manager: Manager, job: FlinkJob, operation: list[Any], goes: str) -> None:
        if goes != "runs on":
            self._commit(job)
        else:
            job.number += 1
        path = f"{operation[1]}/savepoint-{job.id[:6]}-{len(self.volume):012x}"
        position = job.position
        self.volume[path] = Snapshot(path, position, job.number, job.id, is_savepoint=True)
        if goes == "runs on":
            operation[3], operation[4] = path, "savepoint has been created, but the job goes on"
            job.restarts += 1
            return
        operation[3], job.state = path, "FINISHED"
        if job.last is not None:
            self.volume.pop(job.last.path)
        self._map(LEADERS).pop(f"executionPlan-{job.id}", None)
        self.objects.pop(("ConfigMap", f"flink-{job.id}-config-map"), None)
        self.ended_ids.add(job.id)
        manager.linger = 5
        if goes == "dies after":
            self._end_job("Complete")

    def _linger(self, manager: Manager) -> None:
        if manager.linger > 0:
            manager.linger -= 1
        elif manager.linger == 0 and manager.leaving < 0:
            self._end_job("Complete")

    def _map(self, name: str) -> dict[str, str]:
        content = self.objects.get(("ConfigMap", name))
        if content is None:
            content = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": name, "uid": name, "resourceVersion": "0"},
                "data": {},
            }
            self.objects["ConfigMap", name] = content
        data: dict[str, str] = content.setdefault("data", {})
        return data

    def _map_or_none(self, job_id: str) -> dict[str, str]:
        content = self.objects.get(("ConfigMap", f"flink-{job_id}-config-map")) or {}
        found: dict[str, str] = content.get("data") or {}
        return found


def _pointer(number: int) -> str:
    return f"checkpointID-{number:019}"


def _conditions(job: dict[str, Any]) -> list[Any]:
    found: list[Any] = (job.get("status") or {}).get("conditions") or []
    return found


def _pod(name: str, component: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "flink", "app.kubernetes.io/component": component}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "status": {"phase": "Running"},
    }
