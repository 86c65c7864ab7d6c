# SPDX-License-Identifier: Apache-2.0
"""A job that nobody waited for: what went wrong before somebody watches again does not count."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flinksec_jobs.deploy.commands import Commands, Options
from flinksec_jobs.deploy.operation import Outcome, Phase
from tests.unit.deploy.fakes import Bench, version
from tests.unit.deploy.interrupted import kill_in, runs_well

COMMANDS: dict[str, Callable[[Commands], object]] = {
    "resume": lambda commands: commands.finish(),
    "the same upgrade": lambda commands: commands.upgrade(version("v2", "2")),
    "deploy": lambda commands: commands.deploy(version("v2", "2")),
}


def upgrade(commands: Commands) -> object:
    return commands.upgrade(version("v2", "2"))


def deployed() -> Bench:
    bench = Bench()
    bench.commands().deploy(version("v1", "1"))
    bench.rest()
    return bench


def lives_for_days(bench: Bench) -> None:
    """It runs well but for some failures of tasks, and of JobManagers, over time."""
    for _ in range(4):
        bench.rest(100)
        job = next(bench.world.flink_jobs())
        job.restarts += 1
        job.failures += 1
        kubernetes_job = bench.world.objects["Job", "flink-jobmanager"]
        status = kubernetes_job.setdefault("status", {})
        status["failed"] = status.get("failed", 0) + 1
    bench.rest(100)


def is_accepted(bench: Bench, command: str) -> None:
    assert len(bench.world.committed) > 400
    COMMANDS[command](bench.commands())
    runs_well(bench, "v2", 2)
    assert [one.outcome for one in bench.book().history] == [Outcome.ACCEPTED, Outcome.ACCEPTED]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_upgrade_that_was_not_waited_for_is_accepted_after_days(command: str) -> None:
    bench = deployed()
    left = bench.commands(Options(steady=6, wait=False)).upgrade(version("v2", "2"))
    assert left.pending is not None
    lives_for_days(bench)
    is_accepted(bench, command)


@pytest.mark.parametrize("after", [0, 6])
def test_an_upgrade_that_was_killed_while_it_waited_is_accepted_after_days(after: int) -> None:
    bench = deployed()
    kill_in(bench, Phase.ACCEPTING, upgrade, after=after)
    lives_for_days(bench)
    is_accepted(bench, "resume")


def test_a_version_that_was_gone_back_to_is_accepted_after_days() -> None:
    bench = deployed()
    kill_in(bench, Phase.CONFIRMING, lambda commands: commands.upgrade(version("crashes", "2")))
    lives_for_days(bench)
    bench.commands().finish()
    runs_well(bench, "v1", 1)
    assert bench.book().history[0].outcome == Outcome.ROLLED_BACK


def test_one_that_crashes_still_when_it_is_watched_again_is_gone_back_from() -> None:
    bench = deployed()
    bench.commands(Options(steady=6, wait=False)).upgrade(version("crashes", "2"))
    bench.rest(100)
    done = bench.commands().finish()
    assert done.past is not None
    assert done.past.outcome == Outcome.ROLLED_BACK
    runs_well(bench, "v1", 1)
