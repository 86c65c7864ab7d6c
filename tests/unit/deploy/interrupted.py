# SPDX-License-Identifier: Apache-2.0
"""Commands that are killed in a phase of what they do."""

from __future__ import annotations

from collections.abc import Callable

from flinksec_jobs.deploy.commands import Commands, Options
from flinksec_jobs.deploy.operation import Phase
from tests.unit.deploy.fakes import Bench, version
from tests.unit.deploy.faults import Killed

FORWARD = (Phase.STOPPING, Phase.STOPPED, Phase.SWAPPING, Phase.STARTING, Phase.ACCEPTING)
BACK = (Phase.REVERTING, Phase.RESTORING, Phase.CONFIRMING)


def kill_in(
    bench: Bench,
    phase: Phase,
    act: Callable[[Commands], object],
    *,
    after: int = 0,
    options: Options | None = None,
) -> None:
    """Kill a command in a phase, after some calls in it; it must come there."""
    faults, left = bench.world.faults, after
    call = faults.call

    def killing(name: str, do: Callable[[], object]) -> object:
        nonlocal left
        pending = bench.book().pending
        if pending is not None and pending.phase is phase:
            if left <= 0:
                raise Killed
            left -= 1
        return call(name, do)

    faults.call = killing  # type: ignore[method-assign]
    try:
        act(bench.commands(options))
    except Killed:
        bench.rest(3)
    else:
        raise AssertionError(f"it was never {phase}")
    finally:
        faults.call = call  # type: ignore[method-assign]


def upgraded() -> Bench:
    """A deployment whose revision 1 is v1, and whose revision 2 is v2, which runs."""
    bench = Bench()
    bench.commands().deploy(version("v1", "1"))
    bench.rest()
    bench.commands().upgrade(version("v2", "2"))
    bench.rest()
    assert bench.running() == "v2"
    return bench


def runs_well(bench: Bench, image: str, revision: int) -> None:
    """A revision runs and goes on, and no record is lost or written twice."""
    bench.rest()
    before = len(bench.world.committed)
    bench.rest(10)
    book = bench.book()
    assert bench.world.violations == []
    assert len(bench.world.committed) > before
    assert bench.world.committed == list(range(len(bench.world.committed)))
    assert book.pending is None
    assert book.current is not None
    assert (bench.running(), book.current.revision) == (image, revision)
    assert book.current.job_id == bench.job_id()
    assert book.current.accepted
