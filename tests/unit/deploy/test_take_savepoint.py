# SPDX-License-Identifier: Apache-2.0
"""A savepoint is taken once, whatever is killed or lost on the way, and nothing else is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from flinksec_jobs.deploy.kube_errors import ConflictError
from flinksec_jobs.deploy.outside import ApiServer, KubeObject, Ref
from flinksec_jobs.deploy.own_objects import BOOK
from flinksec_jobs.deploy.record import Book, Current, Past, Record
from flinksec_jobs.deploy.running_objects import needed_savepoints
from flinksec_jobs.deploy.savepoint_book import SavepointBook
from flinksec_jobs.deploy.step_errors import UnclearError
from flinksec_jobs.deploy.take_savepoint import Retention, SavepointTaker, Taken
from flinksec_jobs.deploy.waiting import Waiting
from flinksec_jobs.errors import DeployError, SealedStateError
from flinksec_jobs.flink_rest.answers import Job, JobState, Operation, Progress
from flinksec_jobs.runtime.rest import RestUnreachableError
from tests.unit.deploy import world as cluster
from tests.unit.deploy.fakes import FakeApi

JOB_ID = "5b" * 16
DIRECTORY = "sealed+file:///mnt/state/savepoints"


class KilledError(BaseException):
    """The command ends here."""


@dataclass
class World:
    """The cluster, the JobManager and the volume, whose every call can be the command's last."""

    config_map: KubeObject | None = None
    known: dict[str, Operation] = field(default_factory=dict)
    volume: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    dies_at: int | None = None
    dies_after: bool = False
    is_running: bool = True
    fails: str = ""
    silent: bool = False
    damaged: bool = False
    version: int = 0
    namespace: str = "flights"

    def called(self, name: str, do: Callable[[], Any]) -> Any:
        number = len(self.calls)
        self.calls.append(name)
        if number == self.dies_at and not self.dies_after:
            raise KilledError
        done = do()
        if number == self.dies_at:
            raise KilledError
        return done

    # The API server.

    def get(self, what: Ref) -> KubeObject | None:
        assert what == BOOK
        return cast("KubeObject | None", self.called("get", lambda: deepcopy(self.config_map)))

    def create(self, content: KubeObject) -> KubeObject:
        def do() -> KubeObject:
            if self.config_map is not None:
                raise ConflictError("there is one")
            return self._stored(content)

        return cast(KubeObject, self.called("create", do))

    def replace(self, content: KubeObject) -> KubeObject:
        def do() -> KubeObject:
            assert self.config_map is not None
            if content["metadata"]["resourceVersion"] != str(self.version):
                raise ConflictError("another one")
            return self._stored(content)

        return cast(KubeObject, self.called("replace", do))

    def _stored(self, content: KubeObject) -> KubeObject:
        self.version += 1
        content["metadata"]["resourceVersion"] = str(self.version)
        self.config_map = deepcopy(content)
        return deepcopy(content)

    # Flink.

    def job(self, job_id: str) -> Job | None:
        state = JobState.RUNNING if self.is_running else JobState.RESTARTING
        found = Job(job_id, "flights", state, self.is_running, 0, 0)
        return cast(Job, self.called("job", lambda: found))

    def configuration(self) -> dict[str, str]:
        name = "execution.checkpointing.savepoint-dir"
        return cast("dict[str, str]", self.called("configuration", lambda: {name: DIRECTORY}))

    def take_savepoint(self, job_id: str, trigger_id: str, directory: str, form: str) -> None:
        def do() -> None:
            assert (job_id, directory, form) == (JOB_ID, DIRECTORY, "CANONICAL")
            if self.fails:
                self.known[trigger_id] = Operation(Progress.FAILED, reason=self.fails)
            elif trigger_id not in self.known:
                path = f"{DIRECTORY}/savepoint-5b5b5b-{len(self.volume)}"
                self.volume.add(path)
                self.known[trigger_id] = Operation(Progress.DONE, path)

        self.called("take", do)

    def operation(self, job_id: str, trigger_id: str) -> Operation:
        def do() -> Operation:
            assert job_id == JOB_ID
            if self.silent:
                raise RestUnreachableError("nobody")
            return self.known.get(trigger_id, Operation(Progress.UNKNOWN))

        return cast(Operation, self.called("operation", do))

    # Inside.

    def verified(
        self, objects: Sequence[KubeObject], savepoint: str, manifest: str | None = None
    ) -> Mapping[str, Any]:
        def do() -> dict[str, Any]:
            assert savepoint in self.volume
            if self.damaged:
                raise SealedStateError("a file was altered")
            return {"manifest": {"digest": savepoint[-1]}, "bytes": 7}

        return cast("Mapping[str, Any]", self.called("verified", do))

    def dispose(
        self,
        objects: Sequence[KubeObject],
        *,
        keep: int | None,
        max_age_days: int | None,
        needed: Sequence[str] = (),
        job_ids: Sequence[str] = (),
    ) -> Mapping[str, Any]:
        def do() -> dict[str, Any]:
            assert keep is not None
            newest = sorted(self.volume, reverse=True)
            gone = {one for one in newest[keep:] if one not in needed}
            self.volume -= gone
            told = [
                {"name": one.rpartition("/")[2], "removed": one in gone, "why": "as it is"}
                for one in newest
            ]
            return {"savepoints": told}

        return cast("Mapping[str, Any]", self.called("dispose", do))

    # What is done with it.

    def take(self, keep: int | None = None, needed: Mapping[str, str] | None = None) -> Taken:
        ticks = iter(range(10_000))
        waiting = Waiting(5.0, now=lambda: 9.0, clock=lambda: next(ticks), sleep=lambda _: None)
        taker = SavepointTaker(cast(ApiServer, self), self, self, (), waiting)
        return taker.take(JOB_ID, Retention(keep=keep, needed=needed or {}))

    def book(self) -> SavepointBook:
        return SavepointBook.read(cast(ApiServer, self))

    def kept(self) -> set[str]:
        return {one.path for one in self.book().kept.values()}


def test_a_savepoint_is_verified_and_its_manifest_kept() -> None:
    world = World()
    taken = world.take()
    assert (taken.savepoint.path, taken.adopted) == (f"{DIRECTORY}/savepoint-5b5b5b-0", False)
    assert world.book().kept["savepoint-5b5b5b-0"].manifest == {"digest": "0"}
    assert world.book().pending is None
    order = [name for name in world.calls if name != "get"]
    assert order[:5] == ["job", "configuration", "create", "take", "operation"]


@pytest.mark.parametrize("heard", [True, False], ids=["answer lost", "request lost"])
def test_a_savepoint_is_asked_for_until_there_is_an_answer_and_is_written_once(
    heard: bool,
) -> None:
    class Lost(World):
        asked = 0

        def take_savepoint(self, *asked: str) -> None:
            self.asked += 1
            if heard or self.asked > 2:
                super().take_savepoint(*asked)
            if self.asked <= 2:
                raise RestUnreachableError("there is no answer")

    world = Lost()
    assert world.take().savepoint.path == f"{DIRECTORY}/savepoint-5b5b5b-0"
    assert world.asked == 3
    assert world.kept() == world.volume
    assert len(world.volume) == 1


def test_one_that_never_gets_an_answer_is_adopted_by_the_next_command() -> None:
    class Silent(World):
        is_silent = True

        def take_savepoint(self, *asked: str) -> None:
            super().take_savepoint(*asked)
            if self.is_silent:
                raise RestUnreachableError("there is no answer")

    world = Silent()
    with pytest.raises(UnclearError, match="Flink is asked for the savepoint"):
        world.take()
    world.is_silent = False
    assert world.take().adopted
    assert world.kept() == world.volume
    assert len(world.volume) == 1


def test_a_book_that_is_written_already_is_no_conflict() -> None:
    class Lost(World):
        """Each answer is lost, and the request is made again."""

        def create(self, content: KubeObject) -> KubeObject:
            super().create(deepcopy(content))
            return super().create(content)

        def replace(self, content: KubeObject) -> KubeObject:
            super().replace(deepcopy(content))
            return super().replace(content)

    world = Lost()
    world.take()
    world.take()
    assert world.kept() == world.volume
    assert len(world.volume) == 2


ALL_CALLS = 12


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(ALL_CALLS))
def test_a_command_that_is_killed_leaves_no_savepoint_that_nobody_knows(
    number: int, after: bool
) -> None:
    world = World()
    world.take(keep=2)
    world.calls.clear()
    world.dies_at, world.dies_after = number, after
    try:
        world.take(keep=2)
    except KilledError:
        pass
    else:
        assert number >= len(world.calls)  # it was through before that
    world.dies_at = None
    world.take(keep=2)
    assert world.kept() == world.volume
    assert world.book().pending is None


def test_all_calls_of_a_command_are_tried() -> None:
    world = World()
    world.take(keep=2)
    world.calls.clear()
    world.take(keep=2)
    assert len(world.calls) <= ALL_CALLS


def test_what_an_earlier_command_asked_for_is_adopted_and_not_taken_twice() -> None:
    world = World(silent=True)
    with pytest.raises(UnclearError, match="the savepoint is written"):
        world.take()
    world.silent = False
    taken = world.take()
    assert (taken.adopted, taken.seconds) == (True, 0.0)
    assert world.kept() == world.volume == {f"{DIRECTORY}/savepoint-5b5b5b-0"}


def test_what_a_replaced_jobmanager_does_not_know_is_asked_for_anew() -> None:
    world = World(silent=True)
    with pytest.raises(UnclearError):
        world.take()
    world.silent, world.known = False, {}
    world.volume.clear()  # the one before was never finished
    assert not world.take().adopted


def test_a_savepoint_of_another_start_is_not_waited_for() -> None:
    world = World(silent=True)
    with pytest.raises(UnclearError):
        world.take()
    assert world.config_map is not None
    pending = json.loads(world.config_map["data"]["pending"]) | {"job_id": "00" * 16}
    world.config_map["data"]["pending"] = json.dumps(pending)
    world.silent = False
    assert not world.take().adopted


def test_a_savepoint_that_failed_leaves_the_job_running_and_says_why() -> None:
    world = World(fails="java.io.IOException: no space left")
    with pytest.raises(DeployError, match="no space left") as caught:
        world.take()
    assert "it runs on" in str(caught.value.hint)
    assert world.book().pending is None
    world.fails = ""
    world.take()


def test_a_job_that_does_not_run_is_not_asked() -> None:
    world = World(is_running=False)
    with pytest.raises(DeployError, match="it is RESTARTING"):
        world.take()
    assert "take" not in world.calls


def test_a_savepoint_that_is_not_whole_is_not_kept_and_nothing_is_removed() -> None:
    world = World()
    world.take()
    world.damaged = True
    with pytest.raises(SealedStateError, match="altered"):
        world.take(keep=1)
    assert "dispose" not in world.calls
    assert len(world.volume) == 2


def test_old_ones_go_and_what_a_rollback_needs_stays() -> None:
    world = World()
    first = world.take().savepoint.path
    second = world.take().savepoint.path
    taken = world.take(keep=1, needed={first: "a rollback needs it"})
    assert taken.removed == (second.rpartition("/")[2],)
    assert taken.kept == {
        taken.savepoint.name: "as it is",
        first.rpartition("/")[2]: "a rollback needs it",
    }
    assert world.kept() == world.volume == {first, taken.savepoint.path}


def past(command: str, origin: str) -> Past:
    return Past("1", command, "alice", 0, 0, "accepted", origin=origin)


@pytest.mark.parametrize(
    ("book", "expected"),
    [
        (Book(Current(1, JOB_ID)), {}),
        (Book(Current(1, JOB_ID, origin="/a")), {"/a": "the running job began from it"}),
        (Book(Current(1, JOB_ID, savepoint="/b")), {"/b": "the job was stopped with it"}),
        (
            Book(Current(2, JOB_ID, before="/c")),
            {"/c": "`flinksec rollback --to-savepoint-of-upgrade` would start from it"},
        ),
        (
            Book(history=(past("savepoint", ""), past("upgrade", "/d"), past("restart", "/e"))),
            {"/d": "`flinksec upgrade` went on from it, one of the last two operations"},
        ),
    ],
)
def test_each_savepoint_that_the_record_needs_has_its_reason(
    book: Book, expected: Mapping[str, str]
) -> None:
    api = FakeApi(cluster.World())
    Record(api).write(book)
    assert needed_savepoints(api) == expected


def test_a_book_of_another_shape_is_refused_and_not_overwritten() -> None:
    world = World(config_map={"data": {"pending": '{"other": 1}'}})
    with pytest.raises(DeployError, match="not understood"):
        world.take()
    assert world.calls == ["get"]


def test_a_book_that_grows_too_large_is_refused_with_the_way_out() -> None:
    world = World()
    world.take()
    book = world.book()
    (one,) = book.kept.values()
    manifest = {"files": "x" * 900_000}
    with pytest.raises(DeployError, match="larger than Kubernetes takes") as caught:
        book.taken(type(one)(one.path, one.job_id, one.at, manifest)).write(cast(ApiServer, world))
    assert "--keep" in str(caught.value.hint)
