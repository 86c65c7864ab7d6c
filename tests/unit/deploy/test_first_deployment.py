# SPDX-License-Identifier: Apache-2.0
"""The first deployment: killed anywhere it is ended or taken away again, and refused it is over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flinksec_jobs.deploy.commands import Commands
from flinksec_jobs.deploy.kube_errors import InvalidObjectError
from flinksec_jobs.deploy.operation import Outcome, Phase
from flinksec_jobs.deploy.outside import KubeObject
from flinksec_jobs.deploy.step_errors import RefusedError
from tests.unit.deploy.fakes import Bench, FakeApi, version
from tests.unit.deploy.faults import Killed
from tests.unit.deploy.interrupted import kill_in, runs_well

NOTHING = "there is no version to go back to"


def deploy(commands: Commands) -> object:
    return commands.deploy(version("v1", "1"))


def calls_of(act: Callable[[Commands], object], bench: Bench) -> int:
    bench.world.faults.calls.clear()
    act(bench.commands())
    return len(bench.world.faults.calls)


def killed_at(bench: Bench, number: int, act: Callable[[Commands], object], *, done: bool) -> None:
    faults = bench.world.faults
    faults.calls.clear()
    faults.at, faults.done = number, done
    with pytest.raises(Killed):
        act(bench.commands())
    faults.stop()
    bench.rest(3)


def is_taken_away(bench: Bench) -> None:
    """Nothing runs, and it can be deployed."""
    bench.rest(5)
    world = bench.world
    assert ("Job", "flink-jobmanager") not in world.objects
    assert (bench.running(), world.manager, world.workers) == ("", None, [])
    assert bench.book().pending is None
    done = bench.commands().deploy(version("v1", "1"))
    assert done.past is not None
    assert done.past.outcome == Outcome.ACCEPTED, done.past.why
    runs_well(bench, "v1", 1)


@pytest.mark.slow
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_one_that_is_killed_at_any_call_is_taken_away_by_a_rollback(done: bool) -> None:
    undone = 0
    for number in range(calls_of(deploy, Bench())):
        bench = Bench()
        killed_at(bench, number, deploy, done=done)
        was_pending, is_over = bench.book().pending, bool(bench.book().history)
        try:
            past = bench.commands().rollback().past
        except RefusedError as error:
            assert NOTHING in error.message
            assert was_pending is None
            if is_over:
                runs_well(bench, "v1", 1)
                continue
        else:
            assert past is not None
            assert past.outcome == Outcome.UNDONE
            assert past.why == "undone by `flinksec rollback`"
            undone += 1
        is_taken_away(bench)
    assert undone > 50


@pytest.mark.slow
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("after", [0, 8])
def test_a_rollback_of_it_that_is_killed_at_any_call_is_ended_by_the_next(
    after: int, done: bool
) -> None:
    def left() -> Bench:
        bench = Bench()
        kill_in(bench, Phase.ACCEPTING, deploy, after=after)
        return bench

    for number in range(calls_of(lambda commands: commands.rollback(), left())):
        bench = left()
        killed_at(bench, number, lambda commands: commands.rollback(), done=done)
        try:
            past = bench.commands().rollback().past
        except RefusedError as error:
            assert NOTHING in error.message
        else:
            assert past is not None
            assert past.outcome == Outcome.UNDONE
        assert bench.book().history[0].outcome == Outcome.UNDONE
        is_taken_away(bench)


def test_what_it_had_written_is_gone_on_from_after_it_was_taken_away() -> None:
    bench = Bench()
    kill_in(bench, Phase.ACCEPTING, deploy, after=12)
    bench.rest(20)
    bench.commands().rollback()
    written = len(bench.world.committed)
    assert written > 20
    current = bench.book().current
    assert current is not None
    assert current.stopped
    assert "/chk-" in current.savepoint
    is_taken_away(bench)
    assert bench.world.starts[-1][2:] == (written, current.savepoint)


def test_one_that_never_ran_leaves_a_record_as_if_there_had_been_none() -> None:
    bench = Bench()
    kill_in(bench, Phase.STARTING, deploy)
    bench.commands().rollback()
    assert bench.book().current is None
    is_taken_away(bench)


class Refuses(FakeApi):
    """Refuses the objects of a kind, and of one version, for good since an operation has begun."""

    kind = "Job"

    def create(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
        self._refuse(content, dry_run)
        made: KubeObject = super().create(content, dry_run=dry_run)
        return made

    def apply(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
        self._refuse(content, dry_run)
        made: KubeObject = super().apply(content, dry_run=dry_run)
        return made

    def _refuse(self, content: KubeObject, dry_run: bool) -> None:
        record = self.world.objects.get(("ConfigMap", "flinksec-record"), {}).get("data", {})
        is_own = content["metadata"]["name"].startswith("flinksec-")
        is_this = content["kind"] == self.kind and "refused" in str(content) and not is_own
        if is_this and "operation" in record and not dry_run:
            raise InvalidObjectError("exceeded quota: pods")


def refusing(kind: str) -> Bench:
    bench = Bench()
    bench.api = Refuses(bench.world)
    bench.api.kind = kind
    refused = version("refused", "1")
    policy = next(one for one in refused.objects if one["kind"] == "NetworkPolicy")
    policy["spec"] = {"podSelector": {"matchLabels": {"is": "refused"}}}
    done = bench.commands().deploy(refused)
    assert done.past is not None
    assert (done.past.outcome, done.past.why) == (Outcome.NOT_ACCEPTED, "exceeded quota: pods")
    assert bench.book().pending is None
    return bench


@pytest.mark.parametrize("kind", ["Job", "NetworkPolicy"])
def test_one_of_which_an_object_is_refused_is_over_and_a_corrected_one_is_deployed(
    kind: str,
) -> None:
    bench = refusing(kind)
    assert bench.world.starts == []
    done = bench.commands().deploy(version("v2", "2"))
    assert done.past is not None
    assert done.past.outcome == Outcome.ACCEPTED
    runs_well(bench, "v2", 2)


def test_one_whose_taskmanagers_are_refused_has_a_jobmanager_that_is_upgraded() -> None:
    bench = refusing("StatefulSet")
    with pytest.raises(RefusedError, match="another version runs") as caught:
        bench.commands().deploy(version("v2", "2"))
    assert "`flinksec upgrade`" in str(caught.value.hint)
    done = bench.commands().upgrade(version("v2", "2"))
    assert done.past is not None
    assert done.past.outcome == Outcome.ACCEPTED
    runs_well(bench, "v2", 2)
