# SPDX-License-Identifier: Apache-2.0
"""A job is deployed, upgraded, rolled back, restarted, rescaled and recovered, and loses nothing.

`life_story.py` has what is done to it, in its order.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest

from flinksec_jobs.cli.exit_codes import ExitCode
from flinksec_jobs.job_check.retention import BEGAN
from tests.kubernetes import versions
from tests.kubernetes.life import Life
from tests.kubernetes.story import Story

CHAPTERS = [
    "deployed",
    "upgraded",
    "rolled back",
    "restarted",
    "fewer",
    "more",
    "recovered",
    "as before",
]


@pytest.fixture(scope="module")
def life(story: Story) -> Life:
    return story.life


def told(life: Life, chapter: str, code: ExitCode) -> dict[str, Any]:
    said = life.said[chapter]
    assert said.code == code, f"{chapter}: {said.code}\n{said.told}\n{said.errors}"
    return said.told


def test_every_figure_is_right_after_all_of_it(story: Story) -> None:
    assert len(story.figures) > 5
    assert [check for check in story.figures if not check["ok"]] == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_job_runs_after_every_chapter(life: Life, chapter: str) -> None:
    status = life.status[chapter]
    assert status["state"] == "RUNNING", status
    assert status["checkpoints"]["completed"] > 0


def test_no_hour_is_written_before_all_of_it_was_counted(life: Life) -> None:
    assert set(life.hours) > {"upgraded", "recovered"}
    assert {
        name: (there, right) for name, (there, right) in life.hours.items() if there != right
    } == {}


def test_each_start_has_a_random_id_and_goes_on_from_what_the_last_one_left(life: Life) -> None:
    ids = [life.status[chapter]["job_id"] for chapter in ("deployed", "upgraded", "rolled back")]
    ids.append(life.status["recovered"]["job_id"])
    assert len(set(ids)) == len(ids)
    assert {len(one) for one in ids} == {32}
    assert not any(one.startswith("0000") for one in ids)
    for chapter in ("upgraded", "rolled back", "recovered"):
        assert life.status[chapter]["checkpoints"]["restored"]["path"].startswith("sealed+file:")


def test_a_deployment_is_accepted_when_it_has_a_checkpoint_of_its_own(life: Life) -> None:
    past = told(life, "deploy", ExitCode.WELL)
    assert (past["outcome"], past["target"]) == ("accepted", 1)


def test_savepoints_are_kept_with_manifests_and_old_ones_go(life: Life) -> None:
    taken = [told(life, f"savepoint {number}", ExitCode.WELL) for number in range(3)]
    assert [one["removed"] for one in taken[:2]] == [[], []]
    first = taken[0]["path"].rpartition("/")[2]
    if first in taken[2]["kept"]:  # a JobManager that came meanwhile went on from it
        assert (taken[2]["kept"][first], taken[2]["removed"]) == (BEGAN, [])
    else:
        assert taken[2]["removed"] == [first]
    assert all(one["manifest"]["files"] for one in taken)


def test_the_schedule_takes_a_savepoint_in_a_pod_of_its_own(story: Story, life: Life) -> None:
    said = story.pods.log("scheduled-*")
    assert "Complete" in life.notes["scheduled"], said
    assert "savepoint" in said


def test_a_version_that_would_lose_state_is_refused_and_the_job_runs_on(life: Life) -> None:
    told(life, "drops state", ExitCode.WRONG)
    errors = life.said["drops state"].errors
    assert "no operator for some of the state" in errors, errors
    assert life.notes["the same job runs"]


def test_an_image_that_cannot_be_pulled_is_refused_before_anything_is_touched(life: Life) -> None:
    told(life, "no such image", ExitCode.WRONG)
    assert "cannot be pulled" in life.said["no such image"].errors


def test_an_upgrade_whose_command_and_jobmanager_are_killed_is_finished_by_the_next(
    life: Life,
) -> None:
    past = told(life, "upgrade", ExitCode.WELL)
    assert past["outcome"] == "accepted"
    assert life.status["upgraded"]["image"] == versions.BETTER.image
    assert life.status["upgraded"]["checkpoints"]["restored"]["path"] == past["origin"]


def test_a_version_that_crashes_is_rolled_back_by_itself(life: Life) -> None:
    past = told(life, "crashes", ExitCode.ROLLED_BACK)
    assert past["outcome"] == "rolled back"
    assert "this version cannot do it" in past["why"]
    assert life.status["rolled back"]["image"] == versions.BETTER.image


def test_a_restart_changes_what_the_running_sink_does(life: Life) -> None:
    told(life, "restart", ExitCode.WELL)
    assert life.notes["plan before"] == {"FULL": True, "CERTIFICATE": False}
    assert life.notes["plan after"] == {"FULL": False, "CERTIFICATE": True}
    assert life.status["restarted"]["image"] == versions.BETTER.image


def test_a_restart_goes_on_when_an_api_server_is_there_again_that_hung_and_was_gone(
    life: Life,
) -> None:
    past = told(life, "restart without API server", ExitCode.WELL)
    assert past["outcome"] == "accepted"
    assert life.notes["plan as before"] == {"FULL": True, "CERTIFICATE": False}


def test_a_job_is_rescaled_down_and_up_in_place(life: Life) -> None:
    fewer, more = told(life, "fewer", ExitCode.WELL), told(life, "more", ExitCode.WELL)
    assert (fewer["before"], fewer["after"], fewer["taskmanagers"]) == (2, 1, 1)
    assert (more["before"], more["after"], more["taskmanagers"]) == (1, 2, 2)
    ids = {life.status[chapter]["job_id"] for chapter in ("restarted", "fewer", "more")}
    assert len(ids) == 1


def test_a_job_that_has_failed_for_good_says_so_and_is_recovered_from_its_newest_checkpoint(
    life: Life,
) -> None:
    failed = life.status["failed"]
    assert [one["id"] for one in failed["findings"]] == ["job-has-failed"]
    past = told(life, "recover", ExitCode.WELL)
    assert "/chk-" in past["origin"]


def test_the_history_tells_who_did_what_and_how_long_the_job_stood_still(
    life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    history = life.notes["history"]
    commands = [past["command"] for past in reversed(history)]
    assert commands[:1] == ["deploy"]
    assert commands[-2:] == ["recover", "restart"]
    assert {"upgrade", "restart"} < set(commands)
    accounts = {past["who"] for past in history}
    assert any(one.endswith(":flink-deployer") for one in accounts)
    lines = [
        f"  {past['command']}: {past['outcome']}, stood still {past['stood_still']} s\n"
        for past in reversed(history)
    ]
    lines.append(f"  by hand: stood still {life.notes['stood still by hand']:.1f} s\n")
    with capsys.disabled():
        sys.stdout.writelines(["\n", *lines])
