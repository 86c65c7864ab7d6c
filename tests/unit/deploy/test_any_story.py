# SPDX-License-Identifier: Apache-2.0
"""Any commands in any order, each with any fault: whatever comes of them, no record is lost."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flinksec_jobs.deploy.commands import Commands, Options
from flinksec_jobs.deploy.kube_errors import KubeUnreachableError
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.runtime.rest import RestUnreachableError
from tests.unit.deploy.fakes import Bench, version
from tests.unit.deploy.faults import Killed

OLD = "registry/job@sha256:old"
IMAGES = (OLD, "new", "third", "crashes", "crashes-later", "start-error", "fails", "other-keys")
GOES = ("well", "fails", "runs on", "jobmanager dies", "dies after")
COMMANDS: dict[str, Callable[[Commands, str], object]] = {
    "upgrade": lambda commands, image: commands.upgrade(version(image, image)),
    "deploy": lambda commands, image: commands.deploy(version(image, image)),
    "rollback": lambda commands, _: commands.rollback(),
    "restart": lambda commands, _: commands.restart(),
    "stop": lambda commands, _: commands.stop(),
    "recover": lambda commands, _: commands.recover(None, lambda _: True),
    "resume": lambda commands, _: commands.finish(),
}


@dataclass(frozen=True)
class Chapter:
    """A command, and what happens to it.

    Attributes:
        command: which.
        image: of the version that it is about.
        goes: how a stop with a savepoint goes.
        fault: the number of a call that fails; none if it is larger than there are calls.
        fails: ``killed``, or ``lost`` for an answer.
        done: whether that call is done all the same.
        without_savepoint: whether the last checkpoint is taken.
        later: seconds until the next command.
    """

    command: str
    image: str
    goes: str
    fault: int
    fails: str
    done: bool
    without_savepoint: bool
    later: int


CHAPTERS = st.builds(
    Chapter,
    command=st.sampled_from(sorted(COMMANDS)),
    image=st.sampled_from(IMAGES),
    goes=st.sampled_from(GOES),
    fault=st.integers(0, 400),
    fails=st.sampled_from(["killed", "lost"]),
    done=st.booleans(),
    without_savepoint=st.booleans(),
    later=st.integers(0, 12),
)


def lost(call: str) -> BaseException:
    if call.startswith("FakeFlink"):
        return RestUnreachableError("the answer is lost")
    return KubeUnreachableError("the answer is lost")


def live(bench: Bench, chapter: Chapter) -> None:
    world = bench.world
    world.stop_goes = chapter.goes
    faults = world.faults
    faults.stop()
    faults.at, faults.done = chapter.fault, chapter.done
    faults.error = lost if chapter.fails == "lost" else lambda _: Killed()
    options = Options(steady=6, without_savepoint=chapter.without_savepoint)
    with contextlib.suppress(Killed, FlinkSecError):
        COMMANDS[chapter.command](bench.commands(options), chapter.image)
    faults.stop()
    bench.rest(chapter.later)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(CHAPTERS, min_size=1, max_size=8))
def test_no_story_loses_a_record_or_writes_one_twice(chapters: list[Chapter]) -> None:
    bench = Bench()
    bench.commands().deploy(version(OLD, OLD))
    bench.rest()
    for chapter in chapters:
        live(bench, chapter)
        assert bench.world.violations == []
    world = bench.world
    world.stop_goes = "well"
    bench.commands().finish()
    # Whatever there is, one of these starts it again.
    for _ in range(3):
        for command in ("deploy", "upgrade"):
            with contextlib.suppress(FlinkSecError):
                COMMANDS[command](bench.commands(), OLD)
        with contextlib.suppress(FlinkSecError):
            # What is deployed may be a version that fails.
            bench.commands().recover(version(OLD, OLD), lambda _: True)
    bench.rest(15)
    assert world.violations == []
    assert bench.book().pending is None
    assert bench.running() == OLD
    assert bench.setting() == f"a = '{OLD}'"
    assert world.committed == list(range(len(world.committed)))
    before = len(world.committed)
    bench.rest(10)
    assert len(world.committed) > before
