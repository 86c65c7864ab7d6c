# SPDX-License-Identifier: Apache-2.0
"""Whatever happens to a command, at whichever call: the next one ends what it has begun.

Every command is killed before and after every single one of its calls to the API server, to Flink
and to the look inside; answers are lost; the API server goes away. Then the next command runs, and
`World.violations` tells of two jobs at a time, and of records that were lost or written twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from flinksec_jobs.deploy.commands import Commands, Options
from flinksec_jobs.deploy.kube_errors import KubeUnreachableError
from flinksec_jobs.deploy.operation import Outcome
from flinksec_jobs.deploy.step_errors import RefusedError
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.runtime.rest import RestUnreachableError
from tests.unit.deploy.fakes import Bench, version
from tests.unit.deploy.faults import Killed

OLD, NEW = "registry/job@sha256:old", "registry/job@sha256:new"
VERSIONS = {
    OLD: "a = 'old'",
    NEW: "a = 'new'",
    "crashes": "a = 'new'",
    "crashes-later": "a = 'new'",
}
Act = Callable[[Commands], object]


def upgrade(image: str) -> Act:
    return lambda commands: commands.upgrade(version(image, "new"))


ACTS: dict[str, Act] = {
    "upgrade": upgrade(NEW),
    "upgrade that is rolled back": upgrade("crashes"),
    "upgrade that is rolled back from its own checkpoint": upgrade("crashes-later"),
    "restart": lambda commands: commands.restart(version(OLD, "new")),
    "rollback": lambda commands: commands.rollback(),
    "stop": lambda commands: commands.stop(),
    "deploy of a stopped job": lambda commands: commands.deploy(version(NEW, "new")),
    "upgrade of a job that crashes": upgrade(NEW),
    "recover": lambda commands: commands.recover(version(NEW, "new"), lambda _: True),
    "first deployment": lambda commands: commands.deploy(version(OLD, "old")),
}
RECOVERED = "the job runs"
GOES = ("well", "fails", "runs on", "jobmanager dies", "dies after")


def begun(act: str, goes: str) -> Bench:
    bench = Bench()
    if act == "first deployment":
        return bench
    bench.commands().deploy(version(OLD, "old"))
    if act == "rollback":
        bench.commands().upgrade(version(NEW, "new"))
    bench.rest()
    if act == "deploy of a stopped job":
        bench.commands().stop()
    if act in {"upgrade of a job that crashes", "recover"}:
        next(bench.world.flink_jobs()).image = "fails" if act == "recover" else "crashes"
        bench.rest(5)
    bench.world.stop_goes = goes
    return bench


def again(bench: Bench, act: str) -> None:
    """Give the same command once more, as somebody does who does not know how far it came."""
    try:
        ACTS[act](bench.commands())
    except RefusedError as error:
        assert RECOVERED in str(error)


def error_of(call: str) -> BaseException:
    if call.startswith("FakeFlink"):
        return RestUnreachableError("the answer is lost")
    return KubeUnreachableError("the answer is lost")


def calls_of(act: str, goes: str) -> int:
    bench = begun(act, goes)
    bench.world.faults.calls.clear()
    commands = bench.commands()
    ACTS[act](commands)
    return len(bench.world.faults.calls)


def check(bench: Bench, act: str) -> None:
    """What holds whatever came before."""
    world = bench.world
    assert world.violations == []
    assert world.committed == list(range(len(world.committed)))
    book = bench.book()
    assert book.pending is None
    assert book.current is not None
    if book.current.stopped:
        assert bench.running() == ""
        assert book.current.savepoint in world.volume
        return
    bench.rest(15)
    image = bench.running()
    job = world.objects["Job", "flink-jobmanager"]
    assert book.current.job_id == bench.job_id()
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == image
    expected = "a = 'new'" if act == "restart" and "new" in bench.setting() else VERSIONS[image]
    assert bench.setting() == expected
    assert image in {OLD, NEW}
    workers = world.objects["StatefulSet", "flink-taskmanager"]["spec"]["template"]["spec"]
    assert workers["containers"][0]["image"] == image
    before = len(world.committed)
    bench.rest(10)
    assert len(world.committed) > before
    assert world.violations == []
    assert world.committed == list(range(len(world.committed)))
    plans = list(world.objects["ConfigMap", "flink-cluster-config-map"]["data"])
    assert plans == [f"executionPlan-{bench.job_id()}"]


def cases() -> list[tuple[str, str]]:
    return [
        (act, goes) for act in ACTS for goes in GOES if act in {"upgrade", "stop"} or goes == "well"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("act", "goes"), cases())
def test_a_command_that_is_killed_at_any_call_is_ended_by_the_same_command(
    act: str, goes: str, done: bool
) -> None:
    for number in range(calls_of(act, goes)):
        bench = begun(act, goes)
        faults = bench.world.faults
        faults.calls.clear()
        faults.at, faults.done = number, done
        with pytest.raises(Killed):
            ACTS[act](bench.commands())
        faults.stop()
        bench.rest(3)
        again(bench, act)
        check(bench, act)
        if goes == "well" and act == "upgrade":
            assert bench.running() == NEW


@pytest.mark.slow
@pytest.mark.parametrize("act", ["upgrade", "upgrade that is rolled back", "restart"])
def test_a_command_that_is_killed_is_killed_again_at_the_next_call_and_again(act: str) -> None:
    bench = begun(act, "well")
    for more in range(600):
        faults = bench.world.faults
        faults.calls.clear()
        faults.at, faults.done = 12 + more, not faults.done  # every other time it is done
        try:
            ACTS[act](bench.commands())
        except Killed:
            continue
        break
    else:
        pytest.fail("it never comes to an end")
    faults.stop()
    ACTS[act](bench.commands())
    check(bench, act)


@pytest.mark.slow
@pytest.mark.parametrize("act", ["upgrade", "upgrade that is rolled back", "restart", "stop"])
def test_a_killed_command_can_be_undone_by_a_rollback(act: str) -> None:
    for number in range(calls_of(act, "well")):
        bench = begun(act, "well")
        faults = bench.world.faults
        faults.calls.clear()
        faults.at = number
        with pytest.raises(Killed):
            ACTS[act](bench.commands())
        faults.stop()
        try:
            bench.commands().rollback()
        except FlinkSecError as error:
            assert "no version to go back to" in str(error)
        check(bench, act)
        if act == "upgrade" and not bench.book().current.stopped:  # type: ignore[union-attr]
            assert bench.running() == OLD


@pytest.mark.slow
@pytest.mark.parametrize("done", [False, True], ids=["not done", "done"])
@pytest.mark.parametrize(("act", "goes"), cases())
def test_an_answer_that_is_lost_does_no_harm(act: str, goes: str, done: bool) -> None:
    for number in range(calls_of(act, goes)):
        bench = begun(act, goes)
        faults = bench.world.faults
        faults.calls.clear()
        faults.at, faults.done, faults.error = number, done, error_of
        try:
            ACTS[act](bench.commands())
        except FlinkSecError:
            faults.stop()
            again(bench, act)
        faults.stop()
        check(bench, act)


@pytest.mark.slow
@pytest.mark.parametrize("act", [*ACTS])
def test_an_api_server_that_is_away_for_a_while_does_no_harm(act: str) -> None:
    for number in range(0, calls_of(act, "well"), 3):
        bench = begun(act, "well")
        faults = bench.world.faults
        faults.calls.clear()
        faults.at, faults.last, faults.error = number, number + 25, error_of
        for _ in range(60):
            try:
                ACTS[act](bench.commands())
                break
            except KubeUnreachableError:
                bench.rest(2)
            except RefusedError:
                break
        faults.stop()
        again(bench, act)
        check(bench, act)


class Hang:
    """Lets a call hang until another command has done all of it."""

    def __init__(self, bench: Bench, act: str, number: int) -> None:
        self.bench, self.act, self.number = bench, act, number
        self.call = bench.world.faults.call
        bench.world.faults.call = self  # type: ignore[method-assign]

    def __call__(self, name: str, do: Callable[[], object]) -> object:
        if len(self.bench.world.faults.calls) == self.number:
            self.number = -1
            ACTS[self.act](self.bench.commands())
        return self.call(name, do)


@pytest.mark.slow
@pytest.mark.parametrize("act", ["upgrade", "upgrade that is rolled back", "restart", "stop"])
def test_a_command_that_hung_does_nothing_more_when_another_has_taken_over(act: str) -> None:
    for number in range(calls_of(act, "well")):
        bench = begun(act, "well")
        bench.world.faults.calls.clear()
        hung = bench.commands()
        Hang(bench, act, number)
        with contextlib.suppress(FlinkSecError):
            ACTS[act](hung)
        ACTS[act](bench.commands())
        check(bench, act)


def test_two_commands_at_once_are_refused() -> None:
    bench = begun("upgrade", "well")
    other = Bench(bench.world)
    held = other.commands()
    kept = bench.world.sleep

    def sleep(seconds: float) -> None:
        kept(seconds)
        lease = bench.world.objects["Lease", "flinksec-deploy"]
        lease["spec"]["renewTime"] = str(bench.world.time)  # its holder lives

    bench.world.sleep = sleep  # type: ignore[method-assign]
    with pytest.raises(FlinkSecError, match="another command is at work on this deployment: alice"):
        bench.commands()
    assert held is not None


def test_the_history_tells_what_was_done_and_by_whom() -> None:
    bench = begun("upgrade", "well")
    bench.commands().upgrade(version("crashes"))
    bench.commands().upgrade(version(NEW))
    history = bench.book().history
    assert [one.outcome for one in history] == [
        Outcome.ACCEPTED,
        Outcome.ROLLED_BACK,
        Outcome.ACCEPTED,
    ]
    assert {one.who for one in history} == {"alice"}
    assert "it failed 3 times: java.lang.Error: boom" in history[1].why
    assert [phase for phase, _ in history[0].phases] == [
        "stopping",
        "stopped",
        "swapping",
        "starting",
        "accepting",
    ]


def test_without_waiting_the_next_command_accepts() -> None:
    bench = begun("upgrade", "well")
    left = bench.commands(Options(steady=6, wait=False)).upgrade(version(NEW, "new"))
    assert left.past is None
    assert left.pending is not None
    bench.rest()
    done = bench.commands().finish()
    assert done.past is not None
    assert done.past.outcome == Outcome.ACCEPTED
    check(bench, "upgrade")


def test_what_was_not_waited_for_is_ended_before_the_next_thing_is_begun() -> None:
    bench = begun("upgrade", "well")
    at_once = Options(steady=6, wait=False)
    bench.commands(at_once).upgrade(version(NEW, "new"))
    left = bench.commands(at_once).restart(version(NEW, "changed"))
    assert left.pending is not None
    assert [one.command for one in bench.book().history] == ["upgrade", "deploy"]
    done = bench.commands().finish()
    assert done.past is not None
    assert (done.past.command, done.past.outcome) == ("restart", Outcome.ACCEPTED)
    assert bench.setting() == "a = 'changed'"
    assert bench.world.violations == []
