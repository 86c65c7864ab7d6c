# SPDX-License-Identifier: Apache-2.0
"""Commands that are no steps of an operation wait for those that are, and leave a note."""

from __future__ import annotations

import pytest

from flinksec_jobs.deploy.alone import alone, note
from flinksec_jobs.deploy.kube_errors import KubeUnreachableError
from flinksec_jobs.deploy.lease import Lease
from flinksec_jobs.deploy.operation import Phase
from flinksec_jobs.deploy.record import read_record
from flinksec_jobs.deploy.step_errors import RefusedError
from tests.unit.deploy.fakes import Bench, FakeApi, version
from tests.unit.deploy.faults import Killed


def deployed_world() -> FakeApi:
    bench = Bench()
    bench.commands().deploy(version())
    del bench.world.objects["Lease", "flinksec-deploy"]
    return bench.api


def killed_in(phase: Phase) -> FakeApi:
    for number in range(1000):
        bench = Bench()
        bench.commands().deploy(version())
        bench.rest()
        bench.world.faults.calls.clear()
        bench.world.faults.at = number
        try:
            bench.commands().upgrade(version("registry/job@sha256:new"))
        except Killed:
            bench.world.faults.stop()
        pending = bench.book().pending
        if pending is not None and pending.phase is phase:
            bench.world.objects.pop(("Lease", "flinksec-deploy"), None)
            return bench.api
    raise AssertionError(phase)


def test_what_was_done_stands_first_in_the_history() -> None:
    api = deployed_world()
    with alone(api, print) as guarded:
        note(guarded, "rescale", 1.0, "parallelism 2 in place of 1")
    past = read_record(api).history[0]
    assert (past.command, past.outcome, past.target) == ("rescale", "accepted", 1)
    assert past.line().endswith("accepted: parallelism 2 in place of 1")
    assert past.job_id == read_record(api).history[1].job_id


def test_nothing_is_done_beside_an_operation_that_was_killed() -> None:
    api = killed_in(Phase.SWAPPING)
    with pytest.raises(RefusedError, match="ended: swapping") as caught, alone(api, print):
        pytest.fail("it went on")
    assert "flinksec rollback" in str(caught.value.hint)


def test_a_lease_that_cannot_be_given_back_is_told_and_what_was_done_stays() -> None:
    api = deployed_world()
    told: list[str] = []

    def broken(_self: object) -> None:
        raise KubeUnreachableError("the API server is away")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Lease, "give_back", broken)
        with alone(api, told.append) as guarded:
            note(guarded, "rescale", 1.0, "x")
    assert told == ["the lease was not given back, and expires soon: the API server is away"]
    assert read_record(api).history[0].command == "rescale"
