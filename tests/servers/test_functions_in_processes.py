# SPDX-License-Identifier: Apache-2.0
"""Functions in batches that have processes of their own do what they do inside of the JVM.

What goes wrong in such a process is told, and it never outlives its task.
"""

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE
from tests.servers.test_functions_in_batches import (
    require_exact,
    require_first_failures,
    require_same,
    require_shared,
)

PROGRAMS = Path(__file__).parent / "programs"


def came_of(program: str, directory: Path, *arguments: str, **variables: str) -> dict[str, Any]:
    """What a program gave."""
    variables |= {
        "XDG_STATE_HOME": str(directory),
        "FLINKSEC_LOG_FILE": str(directory / "jobs.log"),
    }
    ended = subprocess.run(
        [sys.executable, PROGRAMS / program, directory, *arguments],
        cwd=directory,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads((directory / "came.json").read_text())
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("processes")


@pytest.fixture(scope="module")
def came(place: Path) -> dict[str, Any]:
    """What became of processes."""
    return came_of("own_processes.py", place)


@pytest.fixture(scope="module")
def same(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What functions gave that run in batches elsewhere in the tests."""
    return came_of(
        "functions_in_batches.py",
        tmp_path_factory.mktemp("same"),
        *("compared", "many keys", "endings", "shared", "guarded", "expiring", "whole", "rocksdb"),
        FLINKSEC_PYTHON__BATCH_EXECUTION_MODE="process",
    )


def test_functions_made_at_random_give_the_same_in_every_way(tmp_path: Path) -> None:
    seed = random.SystemRandom().getrandbits(32)
    came = came_of("random_functions.py", tmp_path, str(seed), "8")
    plain = came.pop("plain")
    assert sum(map(len, plain.values())) > 500
    for way, gave in came.items():
        for key in plain.keys() | gave.keys():
            assert gave.get(key) == plain.get(key), f"{way}, seed {seed}, function {key}"


def test_states_timers_side_outputs_and_contexts_are_the_same(same: dict[str, Any]) -> None:
    require_same(same["compared"])
    assert same["guarded"]["3"]["fast"] == same["guarded"]["3"]["plain"]
    assert len(same["many keys"]) == 24_000
    whole = same["whole"]
    assert whole["plain"]["reduce u1"] == whole["whole"]["reduce u1"]


def test_an_error_has_its_cause_its_record_and_the_user_s_line(same: dict[str, Any]) -> None:
    assert re.search(
        r"ValueError: seven\n +caused by KeyError: 'the cause'\n +in record \d+ of a batch of \d+\n"
        r" +at .*ends_and_fallbacks.py:\d+, in broken",
        same["endings"]["raises"],
    )
    assert "the state 'number' should be an int but is a str" in same["endings"]["wrong state"]


def test_a_function_that_cannot_be_closed_either_tells_why_it_failed(same: dict[str, Any]) -> None:
    require_first_failures(same["endings"])


def test_a_type_or_class_of_the_program_goes_along(same: dict[str, Any]) -> None:
    require_shared(same["shared"])


def test_a_state_lives_as_long_as_it_may(same: dict[str, Any]) -> None:
    for renewed in (False, True):
        found = [line.split(" ", 2)[2] for line in same["expiring"][f"fast {renewed}"]]
        assert {len(json.loads(each)) for each in found} == {3}


def test_a_job_goes_on_from_its_checkpoint_with_exact_sums(same: dict[str, Any]) -> None:
    require_exact(same["rocksdb"])


def test_a_process_that_is_killed_in_mid_batch_is_started_anew_with_exact_sums(
    came: dict[str, Any],
) -> None:
    assert came["killed in mid-batch"]["killed"] > 0
    require_exact(came["killed in mid-batch"])


@pytest.mark.parametrize(
    ("what", "how"),
    [
        ("killed", r"was ended by signal 9 \(SIGKILL\), as the machine or container does when"),
        ("exits", "has ended with code 3; its last lines are in the log"),
        ("crashes", "was ended by signal 11"),
    ],
)
def test_a_process_that_dies_fails_the_job_with_how(
    what: str, how: str, came: dict[str, Any]
) -> None:
    assert re.search(rf"the process \d+ of {what} \(.*\) {how}", came[what]), came[what]


def test_a_process_that_grows_is_ended_with_the_setting_that_says_so(
    came: dict[str, Any],
) -> None:
    assert re.search(
        r"the process \d+ of grows \(.*\) has \d+ MiB of memory, more than the 256 MiB of "
        "python.process_memory, and was ended",
        came["grows"],
    ), came["grows"]


def test_what_a_function_prints_is_in_the_log_and_never_among_its_results(
    came: dict[str, Any], place: Path
) -> None:
    assert came["writes"] == "ended well"
    log = (place / "jobs.log").read_text()
    assert re.search(r"writes \(.*\) \(process \d+\): printed by 19\n", log)
    assert re.search(r"writes \(.*\) \(process \d+\): written by a function\n", log)


def test_a_function_that_takes_too_long_is_interrupted_or_its_process_killed(
    came: dict[str, Any],
) -> None:
    for what, name in (
        ("spins", "spin"),
        ("waits", "wait_outside"),
        ("keeps the lock", "keep_the_lock"),
    ):
        assert re.search(
            rf"{name} \(.*\) has not returned for \d+ s \(python.function_timeout", came[what]
        ), came[what]
    assert re.search(r"in record \d+ of a batch of \d+", came["waits"]), came["waits"]
    assert "it keeps the lock of Python outside of Python code" in came["keeps the lock"]


def test_cancelling_ends_a_process_whose_function_does_not_return_within_seconds(
    came: dict[str, Any],
) -> None:
    # Flink by itself would end the whole process of the JVM after 180 s.
    assert all(each["seconds"] < 90 for each in came["cancelled"])


def test_each_parallel_instance_has_a_process_that_shows_nothing_of_its_function(
    came: dict[str, Any],
) -> None:
    seen = came["seen"]
    assert len(seen["pids"]) == 2
    assert all(
        command.endswith("-P -m flinksec_jobs.functions.own_process ")
        for command in seen["commands"]
    )
    assert seen["hidden"] is False
