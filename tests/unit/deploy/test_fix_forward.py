# SPDX-License-Identifier: Apache-2.0
"""A version that never completed a checkpoint is replaced: by what goes on where it began."""

from __future__ import annotations

import pytest

from flinksec_jobs.deploy.commands import Options
from flinksec_jobs.deploy.operation import Outcome
from tests.unit.deploy.fakes import Bench, version
from tests.unit.deploy.interrupted import runs_well


@pytest.fixture
def stopped() -> Bench:
    """A deployment whose revision 1 was stopped with a savepoint."""
    bench = Bench()
    bench.commands().deploy(version("v1", "1"))
    bench.rest()
    bench.commands().stop()
    bench.rest(3)
    return bench


def test_what_a_start_restored_is_its_first_pointer(stopped: Bench) -> None:
    """As Flink does it: a savepoint that is restored is put among the completed checkpoints."""
    done = stopped.commands().deploy(version("no-checkpoints", "2"))
    assert done.past is not None
    kept = stopped.world.objects["ConfigMap", f"flink-{stopped.job_id()}-config-map"]["data"]
    assert list(kept.values()) == [done.past.origin]


@pytest.mark.parametrize("image", ["crashes", "start-error"])
def test_a_version_that_crashes_before_its_first_checkpoint_is_replaced_from_the_savepoint(
    stopped: Bench, image: str
) -> None:
    savepoint = stopped.book().history[0].origin
    done = stopped.commands().deploy(version(image, "2"))
    assert done.past is not None
    assert done.past.outcome == Outcome.NOT_ACCEPTED
    stopped.rest(5)
    done = stopped.commands().upgrade(version("v3", "3"))
    assert done.past is not None
    assert (done.past.outcome, done.past.origin) == (Outcome.ACCEPTED, savepoint)
    assert stopped.world.starts[-1][1] == "v3"
    assert stopped.world.starts[-1][3] == savepoint
    runs_well(stopped, "v3", 3)


def test_nor_is_anything_lost_when_it_is_ended_without_a_savepoint(stopped: Bench) -> None:
    savepoint = stopped.book().history[0].origin
    stopped.commands().deploy(version("crashes", "2"))
    done = stopped.commands(Options(without_savepoint=True)).stop()
    assert done.past is not None
    assert (done.past.outcome, done.past.origin) == (Outcome.STOPPED, savepoint)
    stopped.commands().deploy(version("v3", "3"))
    assert stopped.world.starts[-1][3] == savepoint
    runs_well(stopped, "v3", 3)
