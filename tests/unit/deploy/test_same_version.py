# SPDX-License-Identifier: Apache-2.0
"""A job that was not accepted is waited for once more, and what runs is recognised."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest

from flinksec_jobs.deploy.commands import Commands, Options, Result
from flinksec_jobs.deploy.operation import Outcome
from flinksec_jobs.deploy.step_errors import RefusedError
from flinksec_jobs.errors import FlinkSecError
from tests.unit.deploy.fakes import Bench, FakeApi, version
from tests.unit.deploy.world import JOB

NEW = "registry/job@sha256:new"
AGAIN: dict[str, Callable[[Commands], Result]] = {
    "deploy": lambda commands: commands.deploy(version()),
    "upgrade": lambda commands: commands.upgrade(version()),
    "resume": lambda commands: commands.finish(),
}


def outcome(result: Result) -> str:
    return result.past.outcome if result.past else result.said


@pytest.fixture
def late(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A job whose TaskManagers do not come in time; `come` lets them."""
    with monkeypatch.context() as patch:
        patch.setattr(bench.world, "workers", [])
        controllers = bench.world._controllers

        def without_workers() -> None:
            controllers()
            bench.world.workers.clear()

        patch.setattr(bench.world, "_controllers", without_workers)
        assert outcome(bench.commands(timeout=20).deploy(version())) == Outcome.NOT_ACCEPTED
        for again in AGAIN.values():
            assert outcome(again(bench.commands(timeout=20))) == Outcome.NOT_ACCEPTED
    return bench


@pytest.mark.parametrize("command", sorted(AGAIN))
def test_a_job_that_was_not_accepted_is_when_the_command_is_run_again(
    late: Bench, command: str
) -> None:
    current = late.book().current
    assert current and not current.accepted
    assert outcome(AGAIN[command](late.commands())) == Outcome.ACCEPTED, late.told
    current = late.book().current
    assert current and current.accepted
    assert len(late.world.starts) == 1
    assert late.commands().finish().said == "nothing was left unfinished"


def test_what_went_wrong_before_the_last_look_does_not_count_in_the_next(bench: Bench) -> None:
    bench.commands().deploy(version("crashes"))
    next(bench.world.flink_jobs()).image = "mended"
    done = bench.commands().finish()
    assert outcome(done) == Outcome.ACCEPTED, bench.told


def lose_the_record(bench: Bench) -> None:
    for name in [key for key in bench.world.objects if key[1].startswith("flinksec-")]:
        del bench.world.objects[name]


@pytest.fixture
def adopted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A job that an `upgrade` has adopted, as the API server has it, before it was refused."""
    bench.commands().deploy(version())
    bench.rest()
    lose_the_record(bench)
    bench.world.objects[JOB]["spec"]["completions"] = 1
    dry = FakeApi.create

    def defaulted(api: FakeApi, content: dict[str, object], *, dry_run: bool = False) -> object:
        found = dry(api, content, dry_run=dry_run)
        if dry_run and content["kind"] == "Job":
            found = deepcopy(found)
            found["spec"]["completions"] = 1
        return found

    monkeypatch.setattr(FakeApi, "create", defaulted)
    with pytest.raises(FlinkSecError, match="cannot reach Kafka"):
        bench.commands().upgrade(version("bad"))
    return bench


def test_a_version_that_an_upgrade_has_adopted_is_recognised(adopted: Bench) -> None:
    assert adopted.commands().deploy(version()).said == "this version runs already: nothing to do"
    assert adopted.commands().upgrade(version()).said == "this version runs already: nothing to do"
    assert len(adopted.world.starts) == 1
    with pytest.raises(RefusedError, match="another version runs"):
        adopted.commands().deploy(version(NEW))
    with pytest.raises(RefusedError, match="another version runs"):
        adopted.commands().deploy(version(setting="new"))
    done = adopted.commands().upgrade(version(NEW))
    assert outcome(done) == Outcome.ACCEPTED


def test_an_adopted_job_is_accepted_only_when_it_runs(bench: Bench) -> None:
    bench.commands().deploy(version("crashes"))
    lose_the_record(bench)
    done = bench.commands().deploy(version("crashes"))
    assert outcome(done) == Outcome.NOT_ACCEPTED
    next(bench.world.flink_jobs()).image = "mended"
    assert outcome(bench.commands().deploy(version("crashes"))) == Outcome.ACCEPTED


def test_a_revision_that_is_lost_is_recorded_anew_by_what_the_error_says(bench: Bench) -> None:
    bench.commands().deploy(version())
    bench.rest()
    del bench.world.objects["ConfigMap", "flinksec-revision-1"]
    for command in AGAIN.values():
        if command is AGAIN["resume"]:
            continue
        with pytest.raises(FlinkSecError, match="there is no revision 1") as caught:
            command(bench.commands())
        assert "kubectl delete configmap flinksec-record flinksec-revision-1" in str(caught.value)
    del bench.world.objects["ConfigMap", "flinksec-record"]
    assert "recorded now" in bench.commands().deploy(version()).said
    assert outcome(bench.commands().upgrade(version(NEW))) == Outcome.ACCEPTED


@pytest.mark.parametrize("lost", ["flinksec-record", "flinksec-revision-1"])
def test_a_stopped_job_whose_record_is_garbage_goes_on_as_the_error_says(
    bench: Bench, lost: str
) -> None:
    bench.commands().deploy(version())
    stopped = bench.commands().stop().past
    assert stopped
    garbage = bench.world.objects["ConfigMap", lost]["data"]
    garbage.update(dict.fromkeys(garbage, '{"revision": 1}'))
    with pytest.raises(FlinkSecError) as caught:
        bench.commands().deploy(version())
    assert f"kubectl delete configmap {lost}" in str(caught.value)
    assert "__init__" not in str(caught.value)
    del bench.world.objects["ConfigMap", lost]
    if lost != "flinksec-record":
        with pytest.raises(FlinkSecError, match="--from-savepoint PATH"):
            bench.commands().deploy(version())
        del bench.world.objects["ConfigMap", "flinksec-record"]
    done = bench.commands(Options(steady=6, from_savepoint=stopped.origin)).deploy(version())
    assert done.past and done.past.origin == stopped.origin
    assert outcome(done) == Outcome.ACCEPTED
    assert bench.world.violations == []
