# SPDX-License-Identifier: Apache-2.0
"""The order of a rescaling, and what is said when it stops on the way; `tests/cluster` does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from flinksec_jobs.deploy import rescale as module
from flinksec_jobs.deploy.outside import ApiServer, KubeObject, Ref
from flinksec_jobs.deploy.rescale import Rescaled, rescale
from flinksec_jobs.deploy.step_errors import UnclearError
from flinksec_jobs.errors import DeployError
from flinksec_jobs.flink_rest.answers import (
    Checkpoint,
    Checkpoints,
    Job,
    JobState,
    Restored,
    Vertex,
)
from flinksec_jobs.runtime.rest import RestRefusedError, RestUnreachableError

JOB_ID = "5b" * 16


@dataclass
class World:
    """A job of two vertices, one of which must stay alone, and its TaskManagers of two slots."""

    replicas: int = 1
    parallelism: dict[str, int] = field(default_factory=lambda: {"a": 2, "b": 1})
    checkpoint: int = 5
    restored: int = 0
    is_running: bool = True
    refuses: bool = False
    comes: bool = True
    rescales: bool = True
    away: int = 0
    done: list[str] = field(default_factory=list)
    namespace: str = "flights"

    def get(self, what: Ref) -> KubeObject:
        assert what.kind == "StatefulSet"
        return {"spec": {"replicas": self.replicas}}

    def patch(self, what: Ref, changes: Mapping[str, Any]) -> None:
        assert what.kind == "StatefulSet"
        self.replicas = changes["spec"]["replicas"]
        self.done.append(f"replicas {self.replicas}")

    def job(self, job_id: str) -> Job | None:
        assert job_id == JOB_ID
        if self.away:
            self.away -= 1
            raise RestUnreachableError("nobody")
        state = JobState.RUNNING if self.is_running else JobState.RESTARTING
        vertices = tuple(
            Vertex(name, f"vertex {name}", number, 128 if name == "a" else 1, "RUNNING")
            for name, number in self.parallelism.items()
        )
        return Job(job_id, "flights", state, self.is_running, 0, 0, vertices)

    def required(self, job_id: str) -> dict[str, int]:
        if self.refuses:
            raise RestRefusedError("no adaptive scheduler", 400)
        return dict(self.parallelism)

    def require(self, job_id: str, parallelism: Mapping[str, int]) -> None:
        self.done.append(f"parallelism {dict(parallelism)}")
        if self.rescales:
            self.parallelism = dict(parallelism)
            self.restored, self.checkpoint = self.checkpoint, self.checkpoint + 1

    def checkpoints(self, job_id: str) -> Checkpoints:
        last = Checkpoint(self.checkpoint, "p", 0, 0, 0, 0, 0, False)
        return Checkpoints(1, 0, 0, last=last, restored=Restored(self.restored, 0, "p", False))

    def taskmanagers(self) -> list[str]:
        return ["tm"] * (self.replicas if self.comes else 1)

    def configuration(self) -> dict[str, str]:
        return {"taskmanager.numberOfTaskSlots": "2"}

    def to(self, parallelism: int) -> Rescaled:
        told: list[str] = []
        api = cast(ApiServer, self)
        return rescale(api, self, JOB_ID, parallelism, timeout=0.05, tell=told.append)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_POLL_SECONDS", 0.001)
    monkeypatch.setattr(module, "_OLDEST_ANSWER_SECONDS", 0.0)


def test_a_job_that_grows_gets_its_taskmanagers_first() -> None:
    world = World()
    done = world.to(4)
    assert world.done == ["replicas 2", "parallelism {'a': 4, 'b': 1}"]
    assert (done.before, done.after, done.taskmanagers) == (2, 4, 2)


def test_a_job_that_shrinks_loses_its_taskmanagers_last() -> None:
    world = World(replicas=3, parallelism={"a": 6, "b": 1})
    world.to(1)
    assert world.done == ["parallelism {'a': 1, 'b': 1}", "replicas 1"]


def test_nothing_is_asked_of_a_job_that_is_as_it_shall_be() -> None:
    world = World()
    assert world.to(2) == Rescaled(2, 2, 1, 0.0)
    assert world.done == []


def test_taskmanagers_that_do_not_come_leave_the_job_as_it_was() -> None:
    world = World(comes=False)
    with pytest.raises(UnclearError, match="the job runs on with parallelism 2"):
        world.to(4)
    assert world.parallelism == {"a": 2, "b": 1}


def test_tasks_that_do_not_change_keep_their_taskmanagers() -> None:
    world = World(replicas=3, parallelism={"a": 6, "b": 1}, rescales=False)
    with pytest.raises(UnclearError, match="have not the parallelism 1 yet") as caught:
        world.to(1)
    assert "Flink goes on trying" in str(caught.value.hint)
    assert world.replicas == 3


def test_a_jobmanager_that_is_replaced_meanwhile_is_waited_for() -> None:
    world = World()
    before = world.require

    def require(job_id: str, parallelism: Mapping[str, int]) -> None:
        before(job_id, parallelism)
        world.away = 2

    world.require = require  # type: ignore[method-assign]
    assert world.to(1).after == 1


def test_a_job_that_does_not_run_is_not_touched() -> None:
    world = World(is_running=False)
    with pytest.raises(DeployError, match="does not run: RESTARTING"):
        world.to(4)
    assert world.done == []


def test_a_job_without_the_adaptive_scheduler_is_refused_with_another_way() -> None:
    world = World(refuses=True)
    with pytest.raises(DeployError, match="does not rescale this job in place") as caught:
        world.to(4)
    assert "flinksec restart" in str(caught.value.hint)
    assert world.done == []


def test_more_tasks_than_the_state_can_be_spread_over_are_refused_before_anything_is_done() -> None:
    world = World()
    with pytest.raises(DeployError, match="vertex a: 128"):
        world.to(129)
    assert world.done == []
