# SPDX-License-Identifier: Apache-2.0
"""A rollback after a kill: it ends where it was meant to, and goes back no further."""

from __future__ import annotations

import pytest

from flinksec_jobs.deploy.commands import Options
from flinksec_jobs.deploy.operation import Outcome, Phase
from tests.unit.deploy.fakes import Bench, version
from tests.unit.deploy.interrupted import BACK, FORWARD, kill_in, runs_well, upgraded


def outcomes(bench: Bench) -> list[tuple[str, str]]:
    """What was done after both versions were deployed, newest first."""
    return [(one.command, one.outcome) for one in bench.book().history[:-2]]


def ended(bench: Bench, number: int | None = None) -> str:
    """Give a rollback, and return what came of it."""
    done = bench.commands().rollback(number)
    assert done.past
    return f"{done.past.command} {done.past.outcome}"


@pytest.mark.slow
@pytest.mark.parametrize("back", BACK)
@pytest.mark.parametrize("phase", FORWARD)
def test_a_rollback_that_is_killed_and_given_again_goes_back_one_version_and_not_two(
    phase: Phase, back: Phase
) -> None:
    bench = upgraded()
    kill_in(bench, phase, lambda commands: commands.upgrade(version("v3", "3")))
    kill_in(bench, back, lambda commands: commands.rollback())
    assert ended(bench) == "upgrade rolled back"
    runs_well(bench, "v2", 2)
    assert outcomes(bench) == [("upgrade", Outcome.ROLLED_BACK)]


def test_a_rollback_that_is_killed_again_and_again_goes_back_one_version() -> None:
    bench = upgraded()
    kill_in(bench, Phase.ACCEPTING, lambda commands: commands.upgrade(version("v3", "3")), after=3)
    for back in BACK:
        kill_in(bench, back, lambda commands: commands.rollback())
        kill_in(bench, back, lambda commands: commands.rollback(), after=2)
    assert ended(bench) == "upgrade rolled back"
    runs_well(bench, "v2", 2)


@pytest.mark.parametrize("phase", BACK)
def test_an_upgrade_that_reverts_by_itself_is_ended_by_a_rollback(phase: Phase) -> None:
    bench = upgraded()
    kill_in(bench, phase, lambda commands: commands.upgrade(version("crashes", "3")))
    assert ended(bench) == "upgrade rolled back"
    runs_well(bench, "v2", 2)
    assert bench.setting() == "a = '2'"
    assert outcomes(bench) == [("upgrade", Outcome.ROLLED_BACK)]
    assert "boom" in bench.book().history[0].why


@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize("phase", FORWARD)
def test_a_plain_rollback_that_is_killed_is_ended_by_the_same_command(
    phase: Phase, after: int
) -> None:
    bench = upgraded()
    kill_in(bench, phase, lambda commands: commands.rollback(), after=after)
    assert ended(bench) == "rollback accepted"
    runs_well(bench, "v1", 1)
    assert bench.setting() == "a = '1'"
    assert outcomes(bench) == [("rollback", Outcome.ACCEPTED)]


@pytest.mark.parametrize("phase", BACK)
def test_a_rollback_to_a_version_that_does_not_run_any_more_ends_where_it_began(
    phase: Phase,
) -> None:
    bench = Bench()
    bench.commands().deploy(version("crashes", "1"))
    bench.commands().upgrade(version("v2", "2"))
    bench.rest()
    kill_in(bench, phase, lambda commands: commands.rollback())
    assert ended(bench) == "rollback rolled back"
    runs_well(bench, "v2", 2)


@pytest.mark.parametrize("phase", FORWARD)
def test_a_rollback_by_number_goes_there_from_an_upgrade_that_was_left(phase: Phase) -> None:
    bench = upgraded()
    kill_in(bench, phase, lambda commands: commands.upgrade(version("v3", "3")))
    assert ended(bench, 1) == "rollback accepted"
    runs_well(bench, "v1", 1)
    assert outcomes(bench) == [("rollback", Outcome.ACCEPTED), ("upgrade", Outcome.ROLLED_BACK)]


def test_a_rollback_to_another_number_undoes_one_that_was_left() -> None:
    bench = upgraded()
    bench.commands().upgrade(version("v3", "3"))
    bench.rest()
    kill_in(bench, Phase.ACCEPTING, lambda commands: commands.rollback(1))
    assert ended(bench, 2) == "rollback accepted"
    runs_well(bench, "v2", 2)


@pytest.mark.parametrize("image", ["v3", "crashes"])
@pytest.mark.parametrize("without_savepoint", [False, True])
def test_a_version_that_was_not_yet_started_is_never_started_by_a_rollback(
    image: str, without_savepoint: bool
) -> None:
    bench = upgraded()
    phase = Phase.SUSPENDING if without_savepoint else Phase.STOPPING
    options = Options(steady=6, without_savepoint=without_savepoint)
    kill_in(bench, phase, lambda commands: commands.upgrade(version(image, "3")), options=options)
    assert ended(bench) == "upgrade rolled back"
    runs_well(bench, "v2", 2)
    assert [start[1] for start in bench.world.starts] == ["v1", "v2", "v2"]


def test_a_job_that_cannot_be_stopped_is_where_the_rollback_is_to_end() -> None:
    bench = upgraded()
    bench.world.stop_goes = "fails"
    kill_in(bench, Phase.STOPPING, lambda commands: commands.upgrade(version("v3", "3")))
    assert ended(bench) == "upgrade the job runs on"
    runs_well(bench, "v2", 2)
    assert [start[1] for start in bench.world.starts] == ["v1", "v2"]
