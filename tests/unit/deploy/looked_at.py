# SPDX-License-Identifier: Apache-2.0
"""Kubernetes and Flink's REST of a job whose state is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from flinksec_jobs.deploy.outside import KubeObject, Ref
from flinksec_jobs.deploy.record import Book, Current, Record
from flinksec_jobs.deploy.revisions import Revisions
from flinksec_jobs.deploy.status import Status, status
from flinksec_jobs.flink_rest.answers import (
    Checkpoint,
    Checkpoints,
    Job,
    JobException,
    JobState,
    Restored,
    Vertex,
)
from tests.unit.deploy.fakes import FakeApi, version
from tests.unit.deploy.world import World

JOB_ID = "5b" * 16
START = 1_000_000_000_000
LAST = Checkpoint(
    7, "sealed+file:/s/chk-7", START + 50_000, START + 50_200, 200, 1 << 20, 99, False
)
GOOD = Checkpoints(7, 0, 0, last=LAST, restored=Restored(1, START, "sealed+file:/s/sp", True))
SOURCE = Vertex("a", "Source: flights", 2, 128, "RUNNING")
SINK = Vertex("b", "Sink", 2, 128, "RUNNING")
METRICS = {
    "a": {"0.pendingRecords": 7.0, "Source__x.pendingRecords": 5.0, "x.watermarkLag": 1500.0},
    "b": {"busyTimeMsPerSecond": 430.0, "backPressuredTimeMsPerSecond": 20.0},
}
DAY = 86_400.0
TICKET = "flinksec.login.kerberos.ticketSecondsLeft"
OURS: dict[str, float] = {
    "flinksec.failedUnseals": 0.0,
    "flinksec.key.2026-11.inUse": 1.0,
    "flinksec.key.2026-10.inUse": 0.0,
    "flinksec.certificate.kafka_ca_certs.secondsLeft": 90 * DAY,
    "flinksec.certificate.kafka_ca_certs.readable": 1.0,
    "flinksec.login.kerberos.present": 1.0,
    "flinksec.login.kerberos.kvno": 3.0,
    TICKET: 36_000.0,
}
REST_CERTIFICATE = {
    "flinksec.certificate.cluster_tls_rest_(trusted).secondsLeft": 30 * DAY,
    "flinksec.certificate.cluster_tls_rest_(trusted).readable": 1.0,
}


@dataclass
class Flink:
    """Flink's REST of a job that is well, unless it is told otherwise."""

    job_: Job | None = field(
        default_factory=lambda: Job(
            JOB_ID, "flights", JobState.RUNNING, True, START, START, (SOURCE, SINK)
        )
    )
    checkpoints_: Checkpoints = GOOD
    failures: Sequence[JobException] = ()
    restarts: float = 0
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: METRICS)
    registered: int = 2
    manager: Mapping[str, float] = field(default_factory=lambda: OURS | REST_CERTIFICATE)
    worker: Mapping[str, float] = field(default_factory=lambda: OURS | {TICKET: 3_000.0})
    late: int = 0
    asked: int = 0

    def job(self, job_id: str) -> Job | None:
        assert job_id == JOB_ID
        return self.job_

    def checkpoints(self, job_id: str) -> Checkpoints:
        assert job_id == JOB_ID
        return self.checkpoints_

    def checkpoint_interval_ms(self, job_id: str) -> int:
        assert job_id == JOB_ID
        return 10_000

    def exceptions(self, job_id: str, most: int = 20) -> list[JobException]:
        assert (job_id, most) == (JOB_ID, 1)
        return list(self.failures)

    def job_metrics(self, job_id: str, names: Sequence[str]) -> dict[str, float]:
        assert (job_id, list(names)) == (JOB_ID, ["numRestarts"])
        return {"numRestarts": self.restarts}

    def metric_names(self, job_id: str, vertex: str) -> list[str]:
        assert job_id == JOB_ID
        return list(self.metrics[vertex])

    def vertex_metrics(
        self, job_id: str, vertex: str, names: Sequence[str], of: str
    ) -> dict[str, float]:
        assert (job_id, of) in {(JOB_ID, "max"), (JOB_ID, "sum")}
        return {name: self.metrics[vertex][name] for name in names}

    def jobmanager_metric_names(self) -> list[str]:
        self.asked += 1
        return list(self.manager) if self.asked > self.late else []

    def jobmanager_metrics(self, names: Sequence[str]) -> dict[str, float]:
        return {name: self.manager[name] for name in names}

    def taskmanager_metric_names(self) -> list[str]:
        return [*self.worker, "Status.JVM.CPU.Load"] if self.asked > self.late else []

    def taskmanager_metrics(self, names: Sequence[str], of: str) -> dict[str, float]:
        assert of in {"min", "sum"}
        times = self.registered if of == "sum" else 1
        return {name: self.worker[name] * times for name in names}

    def taskmanagers(self) -> list[str]:
        return [f"tm-{number}" for number in range(self.registered)]


def pod(name: str, component: str, **state: Any) -> KubeObject:
    return {
        "metadata": {
            "name": name,
            "creationTimestamp": "2026-11-30T08:00:00Z",
            "labels": {"app.kubernetes.io/component": component},
        },
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"restartCount": 0, "state": state or {"running": {}}}],
        },
    }


def job(*conditions: Mapping[str, str], job_id: str = JOB_ID) -> KubeObject:
    containers = [{"name": "jobmanager", "image": "registry.example.com/flights@sha256:12"}]
    return {
        "kind": "Job",
        "metadata": {
            "annotations": {"flinksec.org/job-id": job_id},
            "labels": {
                "app.kubernetes.io/name": "flink",
                "app.kubernetes.io/component": "jobmanager",
            },
        },
        "spec": {"template": {"spec": {"containers": containers}}},
        "status": {"conditions": list(conditions)},
    }


def recorded() -> dict[tuple[str, str], KubeObject]:
    """What a deployment of ours leaves in ConfigMaps, and the ConfigMaps themselves."""
    world = World()
    api = FakeApi(world)
    deployed = version("registry.example.com/flights@sha256:12")
    kept = Revisions(api).keep(deployed, 0.0, "alice")
    Record(api).write(Book(Current(kept.number, JOB_ID)))
    for one in deployed.objects:
        if one["kind"] == "ConfigMap":
            world.put(one)
    return world.objects


@dataclass
class Api:
    """The part of the API server that a look needs."""

    job: KubeObject | None = field(default_factory=job)
    recorded: Mapping[tuple[str, str], KubeObject] = field(default_factory=recorded)
    pods: Sequence[KubeObject] = (
        pod("flink-jobmanager-x", "jobmanager"),
        pod("flink-taskmanager-0", "taskmanager"),
        pod("flink-taskmanager-1", "taskmanager"),
    )
    namespace: str = "flights"

    def get(self, what: Ref) -> KubeObject | None:
        if what.kind == "StatefulSet":
            return {"spec": {"replicas": 2}}
        if what.kind == "ConfigMap":
            return self.recorded.get((what.kind, what.name))
        assert what == Ref("batch/v1", "Job", "flink-jobmanager")
        return self.job

    def list(
        self, api_version: str, kind: str, labels: Mapping[str, str] | None = None
    ) -> Sequence[KubeObject]:
        assert (api_version, kind) == ("v1", "Pod")
        assert labels == {"app.kubernetes.io/name": "flink"}
        return self.pods


def seen(api: Api | None = None, flink: Flink | Exception | None = None) -> Status:
    @contextmanager
    def opened() -> Iterator[Flink]:
        if isinstance(flink, Exception):
            raise flink
        yield flink or Flink()

    found = status(api or Api(), opened)  # type: ignore[arg-type]
    return replace(found, at=START + 60_000)
