# SPDX-License-Identifier: Apache-2.0
"""A job that is ended without a savepoint, and has nothing that the next could go on from."""

from __future__ import annotations

import pytest

from flinksec_jobs.deploy.commands import Options
from flinksec_jobs.deploy.operation import Outcome
from flinksec_jobs.deploy.outside import StateFound
from flinksec_jobs.deploy.step_errors import RefusedError
from tests.unit.deploy.command_line import call
from tests.unit.deploy.fakes import Bench, FakeInside, version
from tests.unit.deploy.world import JOB

WITHOUT = Options(steady=6, without_savepoint=True)


@pytest.fixture
def deployed(bench: Bench) -> Bench:
    bench.commands().deploy(version())
    bench.rest()
    return bench


def test_a_job_whose_checkpoints_cannot_be_read_is_not_ended(
    deployed: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeInside, "newest", lambda *_: [])
    before = deployed.world.objects[JOB]["metadata"]["uid"]
    with pytest.raises(RefusedError, match=r"nothing was changed.*no checkpoint") as caught:
        deployed.commands(WITHOUT).stop()
    assert "kubectl delete configmap flinksec-record" in str(caught.value.hint)
    assert deployed.world.objects[JOB]["metadata"]["uid"] == before
    assert deployed.running() and deployed.book().pending is None
    assert [one.command for one in deployed.book().history] == ["deploy"]


def test_a_job_whose_newest_checkpoint_cannot_be_read_is_not_ended_for_an_older_one(
    deployed: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = StateFound("sealed+file:///mnt/state/checkpoints/x/chk-1", False, 1, "", 0)
    monkeypatch.setattr(FakeInside, "newest", lambda *_: [older])
    with pytest.raises(
        RefusedError, match=r"nothing was changed.*chk-1, and the job had completed"
    ):
        deployed.commands(WITHOUT).stop()
    assert deployed.running()


@pytest.fixture
def ended(deployed: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Its checkpoints go while it is ended, after all was well when it was looked at."""
    looks = FakeInside.newest
    calls: list[int] = []

    def once(inside: FakeInside, objects: list[dict[str, object]]) -> list[StateFound]:
        calls.append(1)
        return looks(inside, objects) if len(calls) == 1 else []

    monkeypatch.setattr("flinksec_jobs.deploy.ha_maps.HaMaps.last_checkpoint", lambda *_: None)
    with monkeypatch.context() as patch:
        patch.setattr(FakeInside, "newest", once)
        done = deployed.commands(WITHOUT).stop()
    assert done.past and done.past.outcome == Outcome.ABANDONED
    assert "\n" not in done.past.why and "\\n" not in done.past.why
    assert "flinksec state verify" in done.past.why
    current = deployed.book().current
    assert current and current.left_nothing
    return deployed


def test_what_left_nothing_is_recovered_when_it_can_be_read_again(ended: Bench) -> None:
    with pytest.raises(RefusedError, match=r"nothing was found that it can go on from") as caught:
        ended.commands().deploy(version())
    assert "flinksec recover" in str(caught.value.hint)
    assert "`flinksec recover` looks again" in call("history").stdout
    assert "\\n" not in call("history").stdout
    done = ended.commands().recover(None, lambda _: True)
    assert done.past and done.past.outcome == Outcome.ACCEPTED, ended.told


def test_what_left_nothing_begins_anew_when_the_record_is_deleted(ended: Bench) -> None:
    ended.world.volume.clear()
    ended.world._last_start = ("", "")
    ended.world.committed.clear()
    with pytest.raises(RefusedError, match="no checkpoint or savepoint"):
        ended.commands().recover(None, lambda _: True)
    del ended.world.objects["ConfigMap", "flinksec-record"]
    done = ended.commands().deploy(version())
    assert done.past and done.past.outcome == Outcome.ACCEPTED, ended.told
