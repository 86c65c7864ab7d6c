# SPDX-License-Identifier: Apache-2.0
"""The commands where nothing goes wrong on the way, and where the job itself does."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest

from flinksec_jobs.deploy.commands import Options
from flinksec_jobs.deploy.job_version import Version, version_of
from flinksec_jobs.deploy.operation import Outcome
from flinksec_jobs.deploy.outside import StateFound
from flinksec_jobs.deploy.step_errors import RefusedError
from tests.unit.deploy.fakes import CONFIG, Bench, version
from tests.unit.deploy.faults import Killed

OLD, NEW = "registry/job@sha256:old", "registry/job@sha256:new"


@pytest.fixture
def deployed() -> Bench:
    bench = Bench()
    done = bench.commands().deploy(version())
    assert done.past and done.past.outcome == Outcome.ACCEPTED
    bench.rest()
    assert bench.running() == OLD
    return bench


def well(bench: Bench) -> None:
    """Nothing is lost or twice, and it goes on."""
    bench.rest()
    before = len(bench.world.committed)
    bench.rest(10)
    assert len(bench.world.committed) > before
    assert bench.world.violations == []
    assert bench.world.committed == list(range(len(bench.world.committed)))
    assert bench.book().pending is None


def test_an_upgrade_goes_on_from_the_savepoint_of_the_old_version(deployed: Bench) -> None:
    old_id = deployed.job_id()
    done = deployed.commands().upgrade(version(NEW, "new"))
    assert done.past and done.past.outcome == Outcome.ACCEPTED, deployed.told
    assert deployed.running() == NEW
    assert deployed.setting() == "a = 'new'"
    assert deployed.job_id() != old_id
    job_id, _, _, path = deployed.world.starts[-1]
    assert (job_id, path) == (deployed.job_id(), done.past.origin)
    assert path.startswith("sealed+file:///mnt/state/savepoints/savepoint-" + old_id[:6])
    names = deployed.world.objects["Role", "flink-jobmanager"]["rules"][0]["resourceNames"]
    assert names == [f"flink-{job_id}-config-map"]
    assert done.past.stood_still is not None and done.past.stood_still > 0
    well(deployed)


def test_the_same_version_again_is_nothing_to_do(deployed: Bench) -> None:
    assert deployed.commands().upgrade(version()).past is None
    assert deployed.commands().deploy(version()).past is None
    assert len(deployed.world.starts) == 1
    well(deployed)


@pytest.mark.parametrize(
    "image", ["crashes", "start-error", "fails", "other-keys", "no-checkpoints"]
)
def test_a_version_that_does_not_run_is_rolled_back_with_its_config_maps(
    deployed: Bench, image: str
) -> None:
    done = deployed.commands().upgrade(version(image, "new"))
    assert done.past and done.past.outcome == Outcome.ROLLED_BACK, deployed.told
    assert done.past.why
    assert deployed.running() == OLD
    assert deployed.setting() == "a = 'old'"
    assert len({start[0] for start in deployed.world.starts}) == len(deployed.world.starts)
    well(deployed)


def test_a_job_that_starts_over_as_its_slots_come_has_not_failed(deployed: Bench) -> None:
    """The adaptive scheduler counts each TaskManager that comes late as a restart."""
    done = deployed.commands().upgrade(version("rescales"))
    assert done.past and done.past.outcome == Outcome.ACCEPTED, deployed.told
    well(deployed)


def test_a_version_that_crashes_after_a_checkpoint_is_gone_back_from_at_that_checkpoint(
    deployed: Bench,
) -> None:
    done = deployed.commands().upgrade(version("crashes-later"))
    assert done.past and done.past.outcome == Outcome.ROLLED_BACK
    assert "/chk-" in done.past.origin
    assert not done.past.repeats
    well(deployed)


def test_a_version_that_would_drop_state_is_refused_and_nothing_is_touched(
    deployed: Bench,
) -> None:
    with pytest.raises(RefusedError, match="the state of count"):
        deployed.commands().upgrade(version("drops"))
    assert len(deployed.world.starts) == 1
    done = deployed.commands(Options(steady=6, drop_state=True)).upgrade(version("drops"))
    assert done.past and done.past.outcome == Outcome.ACCEPTED
    well(deployed)


def test_a_job_whose_state_nobody_could_verify_is_refused_before_anything_is_asked() -> None:
    bench = Bench()
    objects = deepcopy(version().objects)
    for one in objects:
        if "config.yaml" in one.get("data", {}):
            text = one["data"]["config.yaml"]
            one["data"]["config.yaml"] = text.replace("sealed+file:///mnt", "sealed+hdfs://nn")
    with pytest.raises(RefusedError, match="is on hdfs:, where no savepoint can be verified"):
        bench.commands().deploy(version_of(objects))
    assert not bench.world.starts


@pytest.mark.parametrize("how", ["deploy", "recover", "upgrade"])
def test_what_the_next_version_has_no_more_is_removed_also_from_rest(
    deployed: Bench, how: str
) -> None:
    policy = ("NetworkPolicy", "default-deny")
    assert policy in deployed.world.objects
    less = version_of([one for one in version(NEW).objects if one["kind"] != policy[0]])
    if how == "recover":
        next(deployed.world.flink_jobs()).image = "fails"
        deployed.rest(5)
        deployed.commands().recover(less, lambda _: True)
    else:
        deployed.commands().stop()
        deployed.rest()
        getattr(deployed.commands(), how)(less)
    assert deployed.running() == NEW
    assert policy not in deployed.world.objects
    well(deployed)


def test_a_version_that_cannot_run_is_refused(deployed: Bench) -> None:
    with pytest.raises(RefusedError, match="cannot reach Kafka"):
        deployed.commands().upgrade(version("bad"))
    well(deployed)


@pytest.mark.parametrize("goes", ["fails", "runs on"])
def test_a_job_that_cannot_be_stopped_runs_on_and_that_is_said(deployed: Bench, goes: str) -> None:
    deployed.world.stop_goes = goes
    done = deployed.commands().upgrade(version(NEW))
    assert done.past and done.past.outcome == Outcome.RUNS_ON
    assert "runs on" in done.past.why
    assert deployed.running() == OLD
    well(deployed)
    done = deployed.commands().upgrade(version(NEW))
    assert done.past and done.past.outcome == Outcome.ACCEPTED
    well(deployed)


def test_a_jobmanager_that_dies_during_the_stop_is_asked_again(deployed: Bench) -> None:
    deployed.world.stop_goes = "jobmanager dies"
    done = deployed.commands().upgrade(version(NEW))
    assert done.past and done.past.outcome == Outcome.ACCEPTED, deployed.told
    well(deployed)


def test_a_savepoint_whose_place_nobody_could_tell_is_found(deployed: Bench) -> None:
    deployed.world.stop_goes = "dies after"
    done = deployed.commands().upgrade(version(NEW))
    assert done.past and done.past.outcome == Outcome.ACCEPTED, deployed.told
    assert "savepoint-" in done.past.origin
    well(deployed)


def test_a_rollback_takes_the_state_of_now_to_the_version_before(deployed: Bench) -> None:
    deployed.commands().upgrade(version(NEW, "new"))
    deployed.rest()
    done = deployed.commands().rollback()
    assert done.past and done.past.outcome == Outcome.ACCEPTED
    assert (deployed.running(), deployed.setting()) == (OLD, "a = 'old'")
    well(deployed)


def test_a_rollback_to_the_savepoint_before_processes_again_what_came_since(
    deployed: Bench,
) -> None:
    before = deployed.commands().upgrade(version(NEW)).past
    deployed.rest()
    deployed.world.repeats_allowed = True
    done = deployed.commands().rollback(to_savepoint_before=True)
    assert before and done.past and done.past.outcome == Outcome.ACCEPTED
    assert deployed.world.starts[-1][3] == before.origin
    assert deployed.running() == OLD


def test_a_job_that_crashes_is_upgraded_from_its_last_checkpoint(deployed: Bench) -> None:
    next(deployed.world.flink_jobs()).image = "crashes"
    deployed.rest(3)
    done = deployed.commands().upgrade(version(NEW))
    assert done.past and done.past.outcome == Outcome.ACCEPTED, deployed.told
    assert "/chk-" in done.past.origin
    well(deployed)


def test_a_restart_with_other_settings_goes_on_from_the_last_checkpoint(deployed: Bench) -> None:
    done = deployed.commands().restart(version(OLD, "changed"))
    assert done.past and done.past.outcome == Outcome.ACCEPTED, deployed.told
    assert "/chk-" in done.past.origin
    assert deployed.setting() == "a = 'changed'"
    well(deployed)
    again = deployed.commands().restart()
    assert again.past and again.past.origin > done.past.origin
    well(deployed)
    with pytest.raises(RefusedError, match="another image"):
        deployed.commands().restart(version(NEW))


def test_a_stopped_job_starts_from_its_savepoint(deployed: Bench) -> None:
    done = deployed.commands().stop()
    assert done.past and done.past.outcome == Outcome.STOPPED
    deployed.rest()
    assert deployed.running() == "" and deployed.world.workers == []
    assert deployed.commands().stop().past is None
    started = deployed.commands().deploy(version())
    assert started.past and started.past.origin == done.past.origin
    well(deployed)


def test_a_job_is_ended_without_a_savepoint_if_it_can_take_none(deployed: Bench) -> None:
    next(deployed.world.flink_jobs()).image = "crashes"
    deployed.rest(3)
    with pytest.raises(RefusedError, match="can take no savepoint"):
        deployed.commands().stop()
    done = deployed.commands(Options(without_savepoint=True)).stop()
    assert done.past and "/chk-" in done.past.origin
    deployed.commands().deploy(version())
    well(deployed)


def test_a_failed_job_is_recovered_from_its_newest_checkpoint_when_that_is_confirmed(
    deployed: Bench,
) -> None:
    next(deployed.world.flink_jobs()).image = "fails"
    deployed.rest(5)
    with pytest.raises(RefusedError, match="failed for good"):
        deployed.commands().upgrade(version(NEW))
    with pytest.raises(RefusedError, match="not confirmed"):
        deployed.commands().recover(None, lambda found: False)
    shown: list[list[StateFound]] = []

    def confirm(found: list[StateFound]) -> bool:
        shown.append(found)
        return True

    done = deployed.commands().recover(None, confirm)
    assert done.past and done.past.outcome == Outcome.ACCEPTED
    assert shown[0][0].path == done.past.origin
    well(deployed)


def test_a_first_version_that_crashes_is_replaced_under_its_own_id() -> None:
    bench = Bench()
    done = bench.commands().deploy(version("crashes"))
    assert done.past and done.past.outcome == Outcome.NOT_ACCEPTED
    done = bench.commands().upgrade(version(NEW))
    assert done.past and done.past.outcome == Outcome.ACCEPTED, bench.told
    assert len({start[0] for start in bench.world.starts}) == 1
    well(bench)


def test_a_first_version_that_crashes_can_be_stopped_and_replaced() -> None:
    bench = Bench()
    bench.commands().deploy(version("crashes"))
    done = bench.commands(Options(without_savepoint=True)).stop()
    assert done.past and done.past.outcome == Outcome.STOPPED
    done = bench.commands().deploy(version(NEW))
    assert done.past and done.past.outcome == Outcome.ACCEPTED, bench.told
    assert len({start[0] for start in bench.world.starts}) == 1
    well(bench)


def with_config(text: str, image: str = OLD, setting: str = "old") -> Version:
    found = version(image, setting)
    config = next(one for one in found.objects if one["metadata"]["name"] == "flink-conf")
    config["data"]["config.yaml"] = text
    return version_of(found.objects)


def test_without_high_availability_the_newest_checkpoint_is_looked_for() -> None:
    bench = Bench()
    without = CONFIG.partition("\n")[2]
    bench.commands().deploy(with_config(without))
    bench.rest()
    bench.world.objects.pop(("ConfigMap", "flink-cluster-config-map"))
    done = bench.commands().restart(with_config(without, setting="new"))
    assert done.past and done.past.outcome == Outcome.ACCEPTED
    assert "/chk-" in done.past.origin
    assert bench.world.violations == []


def test_a_plan_that_is_kept_out_of_reach_is_not_started_beside_another() -> None:
    bench = Bench()
    zookeeper = CONFIG.replace("kubernetes", "zookeeper", 1)
    bench.commands().deploy(with_config(zookeeper))
    bench.rest()
    with pytest.raises(RefusedError, match="would run again"):
        bench.commands().restart()


def test_what_somebody_applied_by_hand_is_what_is_gone_back_to(deployed: Bench) -> None:
    by_hand = deployed.world.objects["ConfigMap", "job-settings"]
    by_hand["data"]["settings.toml"] = "a = 'by hand'"
    done = deployed.commands().upgrade(version("crashes", "new"))
    assert done.past and done.past.outcome == Outcome.ROLLED_BACK
    assert deployed.setting() == "a = 'by hand'"
    well(deployed)


def test_a_job_that_was_applied_without_the_command_is_adopted() -> None:
    bench = Bench()
    bench.commands().deploy(version())
    for name in [key for key in bench.world.objects if key[1].startswith("flinksec-")]:
        del bench.world.objects[name]
    assert "recorded now" in bench.commands().deploy(version()).said
    done = bench.commands().upgrade(version(NEW))
    assert done.past and done.past.outcome == Outcome.ACCEPTED
    well(bench)


def test_another_job_that_appears_in_between_is_left_alone(deployed: Bench) -> None:
    commands = deployed.commands()
    stop = deployed.world.stop

    def replaced(*args: str) -> None:
        stop(*args)
        deployed.world.objects["Job", "flink-jobmanager"]["metadata"]["uid"] = "another"

    deployed.world.stop = replaced  # type: ignore[method-assign,assignment]
    done = commands.upgrade(version(NEW))
    assert done.past and done.past.outcome == Outcome.ABANDONED
    assert "somebody else" in done.past.why


def test_objects_that_the_account_may_not_change_must_be_as_recorded(deployed: Bench) -> None:
    deployed.api.forbidden = {"NetworkPolicy"}
    done = deployed.commands().upgrade(version(NEW))
    assert done.past and done.past.outcome == Outcome.ACCEPTED
    other = version("registry/job@sha256:third")
    policy = next(one for one in other.objects if one["kind"] == "NetworkPolicy")
    policy["spec"]["policyTypes"] = []
    with pytest.raises(RefusedError, match="NetworkPolicy/default-deny"):
        deployed.commands().upgrade(other)
    well(deployed)


def by_hand(bench: Bench, started: Version) -> None:
    """Somebody applies the job, lets it run, and deletes it again."""
    world = bench.world
    world.objects.pop(("Job", "flink-jobmanager"), None)
    bench.rest(3)
    for one in (started.job, started.taskmanagers):
        world.put(one)
    bench.rest(20)
    assert bench.running()
    world.remove(("Job", "flink-jobmanager"))
    bench.rest(4)


def test_a_savepoint_that_the_job_has_run_on_from_since_is_not_gone_back_to(
    deployed: Bench,
) -> None:
    """The operator did go back to it, and lost what came since (FLINK-39270)."""
    stopped = deployed.commands().stop().past
    assert stopped
    by_hand(deployed, version().started("ff" * 16, stopped.origin))
    done = deployed.commands().deploy(version())
    assert done.past and done.past.outcome == Outcome.ACCEPTED, deployed.told
    assert done.past.origin != stopped.origin
    assert "/" + "ff" * 16 + "/chk-" in done.past.origin
    well(deployed)


def test_an_operation_that_was_left_is_given_up_if_somebody_has_run_the_job_since(
    deployed: Bench,
) -> None:
    faults = deployed.world.faults

    def killed(name: str, do: Callable[[], object]) -> object:
        if name == "FakeInside.verify":
            raise Killed
        return do()

    kept, faults.call = faults.call, killed  # type: ignore[method-assign]
    with pytest.raises(Killed):
        deployed.commands().upgrade(version(NEW))
    faults.call = kept  # type: ignore[method-assign]
    pending = deployed.book().pending
    assert pending and pending.origin
    by_hand(deployed, version().started("ff" * 16, pending.origin))
    done = deployed.commands().upgrade(version(NEW))
    assert "somebody has run the job since" in deployed.book().history[1].why
    assert done.past and done.past.outcome == Outcome.ACCEPTED
    assert "ff" * 16 in done.past.origin
    well(deployed)


def test_a_savepoint_that_is_gone_is_not_replaced_by_an_older_one(deployed: Bench) -> None:
    stopped = deployed.commands().stop().past
    assert stopped
    del deployed.world.volume[stopped.origin]
    with pytest.raises(RefusedError, match="cannot be read"):
        deployed.commands().deploy(version())
    assert len(deployed.world.starts) == 1
