# SPDX-License-Identifier: Apache-2.0
"""What commands say and do where something has just been given up, undone or stopped."""

from __future__ import annotations

import pytest

from flinksec_jobs.deploy.alone import alone
from flinksec_jobs.deploy.commands import Options
from flinksec_jobs.deploy.ending import ANEW
from flinksec_jobs.deploy.lease import Lease
from flinksec_jobs.deploy.operation import Outcome, Phase
from flinksec_jobs.deploy.step_errors import RefusedError
from tests.unit.deploy.fakes import Bench, version
from tests.unit.deploy.interrupted import kill_in, runs_well, upgraded
from tests.unit.deploy.world import JOB


def test_a_deployment_that_was_being_undone_is_deployed_when_that_is_asked_for() -> None:
    bench = Bench()
    kill_in(bench, Phase.ACCEPTING, lambda commands: commands.deploy(version("v1", "1")), after=8)
    kill_in(bench, Phase.REVERTING, lambda commands: commands.rollback(), after=2)
    past = bench.commands().deploy(version("v1", "1")).past
    assert past is not None
    assert past.outcome == Outcome.ACCEPTED
    assert [one.outcome for one in bench.book().history[:2]] == [Outcome.ACCEPTED, Outcome.UNDONE]
    runs_well(bench, "v1", 1)


def test_a_version_that_was_stopped_can_be_gone_back_to_by_its_number() -> None:
    bench = upgraded()
    bench.commands().stop()
    bench.rest(10)
    bench.commands().rollback(2)
    runs_well(bench, "v2", 2)


def test_resume_is_not_well_where_a_version_that_was_not_accepted_is_gone() -> None:
    bench = Bench()
    bench.commands().deploy(version("crashes", "1"))
    bench.world.remove(JOB)
    bench.rest(10)
    result = bench.commands().finish()
    assert "no job runs" in result.said
    assert not result.is_well


def test_a_recovery_that_is_not_confirmed_says_what_it_has_given_up() -> None:
    bench = upgraded()
    kill_in(bench, Phase.SWAPPING, lambda commands: commands.upgrade(version("v3", "3")))
    pending = bench.book().pending
    assert pending is not None
    options = Options(steady=6, from_savepoint=pending.origin)
    with pytest.raises(RefusedError, match="`flinksec upgrade` was given up") as refused:
        bench.commands(options).recover(None, lambda _: False)
    assert "nothing was changed" not in refused.value.message
    bench.commands().recover(None, lambda _: True)
    bench.rest(20)
    assert bench.world.violations == []


def test_one_that_found_nothing_pending_says_that_nothing_was_changed() -> None:
    bench = upgraded()
    bench.commands().stop()
    bench.rest(10)
    with pytest.raises(RefusedError, match="not confirmed: nothing was changed"):
        bench.commands().recover(None, lambda _: False)


@pytest.mark.parametrize(("command", "undoes"), [("upgrade", True), ("rollback", False)])
def test_a_savepoint_names_the_ways_on_from_what_another_command_has_begun(
    command: str, undoes: bool
) -> None:
    bench = upgraded()
    if command == "upgrade":
        kill_in(bench, Phase.ACCEPTING, lambda commands: commands.upgrade(version("v3", "3")))
    else:
        kill_in(bench, Phase.ACCEPTING, lambda commands: commands.rollback())
    bench.rest(40)
    lease = Lease(bench.api, "bob", clock=bench.world.clock, sleep=bench.world.sleep)
    with (
        pytest.raises(RefusedError, match=f"`flinksec {command}` has begun") as refused,
        alone(bench.api, bench.told.append, lease),
    ):
        pass
    assert "`flinksec resume` goes on with it" in str(refused.value.hint)
    assert ("`flinksec rollback` undoes it" in str(refused.value.hint)) is undoes


def test_the_way_to_begin_from_nothing_names_the_setting_without_which_it_is_refused() -> None:
    assert 'job.resume = "never"' in ANEW
