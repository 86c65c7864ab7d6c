# SPDX-License-Identifier: Apache-2.0
"""What the old version goes on from when the new one was not accepted.

The new one's own checkpoint loses and repeats nothing; from the savepoint, what the new version has
written is written again. So that is gone back to only where the checkpoint cannot be read.
"""

from __future__ import annotations

import pytest

from flinksec_jobs.deploy.commands import Options
from flinksec_jobs.deploy.kube_errors import InvalidObjectError
from flinksec_jobs.deploy.operation import Outcome, Phase
from flinksec_jobs.deploy.outside import InsideReport, KubeObject, Ref
from flinksec_jobs.deploy.record import Past
from flinksec_jobs.deploy.step_errors import RefusedError
from flinksec_jobs.errors import DeployError, FlinkSecError, SealedStateError
from tests.unit.deploy.fakes import Bench, FakeApi, version
from tests.unit.deploy.interrupted import kill_in, runs_well
from tests.unit.deploy.world import JOB

AWAY = InsideReport(problems=["it cannot reach Kafka"])


@pytest.fixture
def bench() -> Bench:
    """A deployment whose revision 1 runs."""
    found = Bench()
    found.commands().deploy(version("v1", "1"))
    found.rest()
    return found


def gone_back(bench: Bench) -> Past:
    """Upgrade to a version that crashes after it has completed a checkpoint of its own."""
    past = bench.commands().upgrade(version("crashes-later", "2")).past
    assert past is not None
    assert past.outcome == Outcome.ROLLED_BACK, past
    return past


def goes_on_from_the_checkpoint(bench: Bench, past: Past) -> None:
    new_job = bench.world.starts[1][0]
    assert f"/{new_job}/chk-" in past.origin
    assert not past.repeats
    assert bench.world.starts[-1][3] == past.origin
    runs_well(bench, "v1", 1)


def test_a_server_that_is_away_lets_nothing_be_written_twice(bench: Bench) -> None:
    bench.inside.told["v1"] = AWAY
    goes_on_from_the_checkpoint(bench, gone_back(bench))


@pytest.mark.parametrize("error", [DeployError("no node takes the pod"), FlinkSecError("else")])
def test_a_look_that_fails_lets_nothing_be_written_twice(
    bench: Bench, error: FlinkSecError
) -> None:
    bench.inside.told["v1"] = error
    goes_on_from_the_checkpoint(bench, gone_back(bench))
    assert any("could not be asked about" in line for line in bench.told)


def test_nor_does_one_that_fails_when_it_opens_the_checkpoint(bench: Bench) -> None:
    bench.inside.told["v1"] = AWAY
    bench.inside.unopened["v1"] = DeployError("no node takes the pod")
    goes_on_from_the_checkpoint(bench, gone_back(bench))


@pytest.mark.parametrize(
    ("told", "unopened"),
    [
        (InsideReport(problems=["no key", "no Kafka"], unreadable=["no key"]), None),
        (InsideReport(problems=["no Kafka"], dropped=["the state of count"]), None),
        (InsideReport(dropped=["the state of count"]), None),
        (AWAY, SealedStateError("no key opens it")),
        (SealedStateError("no key opens it"), None),
    ],
    ids=["unreadable", "away and dropped", "dropped", "away and unopened", "refused"],
)
def test_a_checkpoint_that_cannot_be_read_is_left_for_the_savepoint_and_that_is_said(
    bench: Bench, told: InsideReport | FlinkSecError, unopened: FlinkSecError | None
) -> None:
    bench.world.repeats_allowed = True
    bench.inside.told["v1"] = told
    if unopened:
        bench.inside.unopened["v1"] = unopened
    past = gone_back(bench)
    assert "/savepoint-" in past.origin
    assert past.repeats
    assert bench.world.starts[-1][3] == past.origin == bench.world.starts[1][3]
    assert any("is written again" in line for line in bench.told)
    bench.rest(10)
    assert (bench.running(), bench.world.violations) == ("v1", [])


@pytest.mark.parametrize("looks", [1, 2])
@pytest.mark.parametrize(
    "told",
    [InsideReport(problems=["no file"], unreadable=["no file"]), SealedStateError("no file")],
    ids=["unreadable", "refused"],
)
def test_a_checkpoint_that_cannot_be_read_for_a_moment_is_not_left_for_the_savepoint(
    bench: Bench, told: InsideReport | FlinkSecError, looks: int
) -> None:
    bench.inside.first["v1"] = [told] * looks
    goes_on_from_the_checkpoint(bench, gone_back(bench))
    assert sum(line.endswith("once more") for line in bench.told) == looks


@pytest.mark.parametrize(
    "phase", [Phase.SUSPENDING, Phase.STOPPED, Phase.SWAPPING, Phase.STARTING, Phase.ACCEPTING]
)
def test_a_job_that_never_completed_a_checkpoint_runs_again_when_its_upgrade_is_undone(
    phase: Phase,
) -> None:
    bench = Bench()
    bench.commands().deploy(version("crashes", "1"))
    first = bench.job_id()
    kill_in(bench, phase, lambda commands: commands.upgrade(version("no-checkpoints", "2")))
    past = bench.commands().rollback().past
    assert past is not None
    assert past.why.startswith("undone by `flinksec rollback`")
    assert bench.world.starts[-1] == (first, "crashes", 0, "")
    assert any(one.image == "crashes" for one in bench.world.flink_jobs())
    book = bench.book()
    assert book.current is not None
    assert (book.current.revision, book.current.job_id) == (1, first)
    bench.commands().upgrade(version("v3", "3"))
    runs_well(bench, "v3", 3)


def left_running(bench: Bench) -> None:
    """Upgrade to a version that runs and writes, by a command that is killed meanwhile."""
    kill_in(bench, Phase.ACCEPTING, lambda commands: commands.upgrade(version("v2", "2")), after=12)
    bench.rest(20)


def undone(bench: Bench) -> Past:
    past = bench.commands().rollback().past
    assert past is not None
    assert past.outcome == Outcome.ROLLED_BACK, past
    return past


@pytest.mark.parametrize("looks", [1, 2])
def test_state_that_cannot_be_listed_for_a_moment_is_looked_for_again(
    bench: Bench, looks: int
) -> None:
    left_running(bench)
    bench.inside.unlisted = looks
    goes_on_from_the_checkpoint(bench, undone(bench))


def test_where_it_can_never_be_listed_it_is_said_that_records_are_written_again(
    bench: Bench,
) -> None:
    left_running(bench)
    bench.world.repeats_allowed = True
    bench.inside.unlisted = 100
    past = undone(bench)
    assert past.repeats
    assert past.origin == bench.world.starts[1][3]
    assert any("is written again" in line for line in bench.told)


def test_and_so_it_is_where_the_checkpoints_that_it_has_are_not_listed(bench: Bench) -> None:
    left_running(bench)
    bench.world.repeats_allowed = True
    bench.inside.hidden = bench.job_id()
    past = undone(bench)
    assert past.repeats
    assert any("is written again" in line for line in bench.told)


def test_a_version_that_somebody_stopped_with_a_savepoint_is_gone_back_from_that(
    bench: Bench,
) -> None:
    bench.commands(Options(steady=6, wait=False)).upgrade(version("v2", "2"))
    bench.rest(25)
    bench.world.stop(bench.job_id(), "t" * 32, "sealed+file:///mnt/state/savepoints")
    bench.rest(20)
    past = undone(bench)
    assert "/savepoint-" in past.origin
    assert past.origin != bench.world.starts[1][3]
    assert not past.repeats
    runs_well(bench, "v1", 1)


def test_state_that_the_new_version_was_allowed_to_drop_comes_back_with_the_savepoint(
    bench: Bench,
) -> None:
    bench.world.repeats_allowed = True
    bench.inside.told["v1"] = InsideReport(added=["count (uid count)"])
    commands = bench.commands(Options(steady=6, drop_state=True))
    past = commands.upgrade(version("crashes-later drops", "2")).past
    assert past is not None
    assert (past.outcome, past.repeats) == (Outcome.ROLLED_BACK, True)
    assert past.origin == bench.world.starts[1][3]


def test_what_somebody_has_run_since_it_was_stopped_is_not_gone_back_behind(bench: Bench) -> None:
    kill_in(bench, Phase.SWAPPING, lambda commands: commands.upgrade(version("v2", "2")), after=0)
    bench.rest(10)
    pending = bench.book().pending
    assert pending is not None
    by_hand = version("v1", "1").started("f" * 32, pending.origin)
    bench.world.objects.pop(JOB, None)
    bench.world.put(by_hand.job)
    bench.world.put(by_hand.taskmanagers)
    bench.rest(30)
    bench.world.remove(JOB)
    bench.rest(5)
    past = bench.commands().rollback().past
    assert past is not None
    assert past.outcome == Outcome.ABANDONED
    assert past.why.startswith("somebody has run the job since it was stopped")
    assert (bench.running(), bench.world.violations) == ("", [])


def test_to_the_savepoint_of_an_upgrade_is_refused_while_it_has_not_ended(bench: Bench) -> None:
    bench.commands(Options(steady=6, wait=False)).upgrade(version("v2", "2"))
    bench.rest(25)
    with pytest.raises(RefusedError, match="`flinksec upgrade` has begun and not ended") as refused:
        bench.commands().rollback(to_savepoint_before=True)
    assert "flinksec resume" in str(refused.value.hint)
    assert "it is undone" in str(refused.value.hint)
    assert bench.running() == "v2"
    bench.commands().finish()
    bench.world.repeats_allowed = True
    bench.commands().rollback(to_savepoint_before=True)
    assert bench.world.starts[-1][1] == "v1"
    assert bench.world.starts[-1][3] == bench.world.starts[1][3]


def test_nor_does_it_say_that_a_start_from_rest_would_be_undone(bench: Bench) -> None:
    bench.commands().stop()
    bench.rest(10)
    bench.commands(Options(steady=6, wait=False)).deploy(version("v2", "2"))
    with pytest.raises(RefusedError, match="`flinksec deploy` has begun and not ended") as refused:
        bench.commands().rollback(to_savepoint_before=True)
    assert "undone" not in str(refused.value.hint)


@pytest.mark.parametrize("phase", [Phase.SWAPPING, Phase.STARTING, Phase.ACCEPTING])
def test_a_start_after_a_stop_is_finished_and_gone_back_from_as_from_any_other(
    bench: Bench, phase: Phase
) -> None:
    bench.commands().stop()
    bench.rest(10)
    kill_in(bench, phase, lambda commands: commands.deploy(version("v2", "2")))
    bench.commands().rollback()
    assert [start[1] for start in bench.world.starts] == ["v1", "v2", "v1"]
    runs_well(bench, "v1", 1)


def test_an_old_version_that_kubernetes_takes_no_more_says_how_another_goes_on(
    bench: Bench,
) -> None:
    class Forbids(FakeApi):
        def create(self, content: KubeObject, *, dry_run: bool = False) -> KubeObject:
            if Ref.of(content).name == JOB[1] and "'image': 'v1'" in str(content) and not dry_run:
                raise InvalidObjectError("policy: the image v1 is forbidden")
            made: KubeObject = super().create(content, dry_run=dry_run)
            return made

    bench.api = Forbids(bench.world)
    with pytest.raises(DeployError, match="cannot be started again: policy"):
        bench.commands().upgrade(version("crashes-later", "2"))
    with pytest.raises(DeployError, match="cannot be started again: policy") as refused:
        bench.commands().finish()
    pending = bench.book().pending
    assert pending is not None
    assert f"--from-savepoint {pending.back_origin}" in str(refused.value.hint)
    past = (
        bench.commands(Options(steady=6, from_savepoint=pending.back_origin))
        .recover(version("v3", "3"), lambda _: True)
        .past
    )
    assert past is not None
    assert past.outcome == Outcome.ACCEPTED
    runs_well(bench, "v3", 3)
