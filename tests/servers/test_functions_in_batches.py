# SPDX-License-Identifier: Apache-2.0
"""Functions in batches do what PyFlink's own way does, in jobs of one process without servers."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pages import blocks
from tests.patience import PATIENCE

PROGRAM = Path(__file__).parent / "programs" / "functions_in_batches.py"
KEYS = 7


@pytest.fixture(scope="module")
def came(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the jobs gave."""
    directory = tmp_path_factory.mktemp("batches")
    (example,) = blocks("docs/performance.md", "python")
    (directory / "example.py").write_text(example.text)
    ended = subprocess.run(
        [sys.executable, PROGRAM, directory],
        cwd=directory,
        env=os.environ | {"XDG_STATE_HOME": str(directory)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads((directory / "came.json").read_text())
    return found


def test_states_timers_side_outputs_and_contexts_are_the_same_by_key_and_in_order(
    came: dict[str, Any],
) -> None:
    plain, fast = came["compared"]["plain"], came["compared"]["fast"]
    kinds = {key.rsplit(" ", 1)[0] for key in plain}
    assert kinds == {
        *("states", "small", "ticks", "unkeyed", "flat", "filter", "pickled", "keyed"),
        *("large", "texts", "more texts"),
    }
    for key in plain.keys() | fast.keys():
        if not key.startswith("ticks"):
            assert fast.get(key) == plain.get(key), key
    assert sum("timer" in line for lines in fast.values() for line in lines) > 50


def test_keys_that_no_longer_stay_in_python_have_their_states_from_the_backend(
    came: dict[str, Any],
) -> None:
    rows = came["many keys"]
    assert len(rows) == 24_000
    sums: dict[int, int] = {}
    for user, amount, total in sorted(rows, key=lambda row: row[1]):
        sums[user] = sums.get(user, 0) + amount
        assert total == sums[user]


def test_the_example_of_the_documentation_prints_its_totals(came: dict[str, Any]) -> None:
    assert came["documented"] == "[('ann', 120), ('bob', 40), ('ann', 125)]\n"


def test_timers_of_the_machine_s_time_fire_unless_they_are_deleted(came: dict[str, Any]) -> None:
    for way in came["compared"].values():
        ticks = {key: set(lines) for key, lines in way.items() if key.startswith("ticks")}
        assert "ticks u1" not in ticks
        assert {"ticks u0", "ticks u2", "ticks u3", "ticks u4"} <= ticks.keys()
        assert {text.split("\t")[1] for texts in ticks.values() for text in texts} == {
            "PROCESSING_TIME True False"
        }


def test_a_record_that_nothing_follows_does_not_wait(came: dict[str, Any]) -> None:
    assert came["lone"] < 50  # nothing follows for 60 s, and 90 s it might wait for others


def test_an_error_has_its_cause_its_record_and_the_user_s_line(came: dict[str, Any]) -> None:
    lines = PROGRAM.read_text().splitlines()
    line = 1 + next(n for n, text in enumerate(lines) if 'raise ValueError("seven")' in text)
    said = came["endings"]["raises"]
    assert re.search(
        r"ValueError: seven\n +caused by KeyError: 'the cause'\n +in record \d+ of a batch of \d+\n"
        rf" +at {re.escape(str(PROGRAM))}:{line}, in broken",
        said,
    ), said
    assert "should be an int but is a str" in came["endings"]["wrong type"]


def test_a_state_is_declared_in_open_and_holds_what_its_type_says(came: dict[str, Any]) -> None:
    assert "LateState asks for the state 'late' outside of open()" in came["endings"]["late state"]
    assert "the state 'number' should be an int but is a str" in came["endings"]["wrong state"]


def test_what_cannot_run_in_batches_runs_as_before_and_one_line_says_why(
    came: dict[str, Any],
) -> None:
    (said,) = came["fallbacks"]["said"]
    assert re.fullmatch(
        r"fast\(\): .*<lambda> \(.*functions_in_batches.py:\d+\) runs record by record, as PyFlink "
        r"runs it: its output type has a type that is neither a row of known types nor pickled",
        said,
    ), said
    assert came["fallbacks"]["values"] == [[1, 1], [2, 2], [3, 3]]


@pytest.mark.parametrize("backend", ["hashmap", "rocksdb"])
def test_a_job_that_fails_goes_on_from_its_checkpoint_with_exact_sums(
    backend: str, came: dict[str, Any]
) -> None:
    restored = came[backend]
    assert restored["broken"]
    last = dict.fromkeys(range(KEYS), (0, 0))
    for line in restored["lines"]:
        key, count, total = map(int, line.split())
        last[key] = max(last[key], (count, total))
    numbers = range(1, restored["count"] + 1)
    assert last == {
        key: (len(of_key), sum(of_key))
        for key in range(KEYS)
        if (of_key := [n for n in numbers if n % KEYS == key])
    }
