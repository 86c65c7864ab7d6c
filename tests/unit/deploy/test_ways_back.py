# SPDX-License-Identifier: Apache-2.0
"""What the old version goes on from when the new one was not accepted.

The new one's own checkpoint loses and repeats nothing; from the savepoint, what the new version has
written is written again. So that is gone back to only where the checkpoint cannot be read.
"""

from __future__ import annotations

import pytest

from flinksec_jobs.deploy.operation import Outcome, Phase
from flinksec_jobs.deploy.outside import InsideReport
from flinksec_jobs.deploy.record import Past
from flinksec_jobs.errors import DeployError, FlinkSecError, SealedStateError
from tests.unit.deploy.fakes import Bench, version
from tests.unit.deploy.interrupted import kill_in, runs_well

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
