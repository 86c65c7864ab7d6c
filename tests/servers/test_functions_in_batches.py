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
HANGING = PROGRAM.with_name("hanging_functions.py")
KEYS = 7


@pytest.fixture(scope="module")
def came(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the jobs gave."""
    directory = tmp_path_factory.mktemp("batches")
    examples = [
        *blocks("docs/performance.md", "python"),
        *blocks("docs/first-job.md", "python")[1:],
    ]
    for number, example in enumerate(examples):
        (directory / f"example{number}.py").write_text(example.text)
    ended = subprocess.run(
        [sys.executable, PROGRAM, directory],
        cwd=directory,
        env=os.environ
        | {
            "XDG_STATE_HOME": str(directory),
            "FLINKSEC_LOG_FILE": str(directory / "jobs.log"),
        },
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
    require_same(came["compared"])


def require_same(compared: dict[str, Any]) -> None:
    """Compare what came of both ways, by kind and key."""
    plain, fast = compared["plain"], compared["fast"]
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


def test_the_examples_of_the_documentation_print_their_totals(came: dict[str, Any]) -> None:
    assert came["documented"] == [
        "[('ann', 120), ('bob', 40), ('ann', 125)]\n",
        "('south', 1)\n",
        "['ann']\n",
    ]


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
    program = PROGRAM.with_name("ends_and_fallbacks.py")
    line = line_of('raise ValueError("seven")', program)
    said = came["endings"]["raises"]
    assert re.search(
        r"ValueError: seven\n +caused by KeyError: 'the cause'\n +in record \d+ of a batch of \d+\n"
        rf" +at {re.escape(str(program))}:{line}, in broken",
        said,
    ), said
    assert "should be an int but is a str" in came["endings"]["wrong type"]


def test_a_function_that_cannot_be_closed_either_tells_why_it_failed(came: dict[str, Any]) -> None:
    require_first_failures(came["endings"])


def require_first_failures(endings: dict[str, str]) -> None:
    """Failures of closing, which come after them, are in the log."""
    assert "ValueError: seven" in endings["closes badly"]
    assert "FileNotFoundError: [Errno 2]" in endings["opens and closes badly"]
    assert re.search(r"ends_and_fallbacks.py:\d+, in open", endings["opens and closes badly"])


def test_a_type_or_class_of_the_program_goes_along(came: dict[str, Any]) -> None:
    require_shared(came["shared"])


def require_shared(shared: dict[str, list[int]]) -> None:
    """Compare with what PyFlink gives."""
    assert shared == {
        "reduced": [1, 2, 4, 6, 9],
        "kept": [1, 2, 4, 6, 9],
        "wrapped": [1, 2, 3, 4, 5],
    }


def test_a_state_is_declared_in_open_and_holds_what_its_type_says(came: dict[str, Any]) -> None:
    assert "LateState asks for the state 'late' outside of open()" in came["endings"]["late state"]
    assert "the state 'number' should be an int but is a str" in came["endings"]["wrong state"]


def test_what_cannot_run_in_batches_runs_as_before_and_one_line_says_why(
    came: dict[str, Any],
) -> None:
    of_table, said = came["fallbacks"]["said"]
    assert of_table.endswith("as PyFlink runs it: its output has the type of a table's stream")
    assert re.fullmatch(
        r"fast\(\): .*<lambda> \(.*ends_and_fallbacks.py:\d+\) runs record by record, as PyFlink "
        r"runs it: its output type has a type that is neither a row of known types nor pickled",
        said,
    ), said
    assert came["fallbacks"]["values"] == [[1, 1], [2, 2], [3, 3]]


def test_whole_batches_give_what_pyflink_s_own_way_does_from_records_of_their_class(
    came: dict[str, Any],
) -> None:
    plain, whole = came["whole"]["plain"], came["whole"]["whole"]
    kinds = ("map", "keyed map", "sums", "large", "halves", "reduce")
    assert plain.keys() == {f"{kind} u{user}" for kind in kinds for user in range(5)}
    assert whole.keys() == plain.keys()
    for key, lines in plain.items():
        if key.startswith(("map", "keyed map", "reduce")):
            assert whole[key] == lines, key  # with the time of each
            continue
        assert [line.split(" ", 1)[1] for line in whole[key]] == [
            line.split(" ", 1)[1] for line in lines
        ]
        if not key.startswith("large"):  # whose time PyFlink's own way loses
            for mine, theirs in zip(whole[key], lines, strict=True):
                # that of the last record of its key in the batch
                assert int(mine.split(" ")[0]) >= int(theirs.split(" ")[0])


def test_a_function_of_whole_batches_that_is_wrong_is_told_with_what_it_returned(
    came: dict[str, Any],
) -> None:
    endings = came["whole endings"]
    assert re.search(
        r"ends failed: the function one_less \(.*\) returned \d results for \d records\n"
        r"  hint: return exactly one for each record",
        endings["count"],
    ), endings["count"]
    assert re.search(
        r"ValueError: some of them\n"
        r"  in (one of \d records|record 1) of a batch of \d\n  at .*, in fails",
        endings["raises"],
    ), endings["raises"]
    assert re.search(
        r"the function one_wrong \(.*\) should be an int but is a str\n.*\n"
        r"  in record \d of a batch of \d\n",
        endings["wrong type"],
    ), endings["wrong type"]
    assert "returned a list instead of its results and the new state" in endings["no state"]
    assert "takes records of Item (name: str, weights: list)" in endings["other record"]
    assert endings["no keys"].startswith("process_batches got a stream without keys")


def test_arrow_data_gives_what_lists_of_records_give(came: dict[str, Any]) -> None:
    ways = came["whole arrow"]
    assert len(ways["records"]) == 60
    assert ways["arrow"] == ways["records"]


def test_whole_batches_that_cannot_be_are_batches_of_one_and_one_line_says_why(
    came: dict[str, Any],
) -> None:
    (said,) = came["whole fallbacks"]["said"]
    assert re.fullmatch(
        r"fast\(\): pairs \(.*\) runs record by record, as PyFlink runs it: its output type .*",
        said,
    )
    assert came["whole fallbacks"]["values"] == [[1, 1], [2, 1], [3, 1]]


@pytest.mark.parametrize("kind", ["hashmap", "rocksdb", "unaligned"])
def test_a_job_that_fails_goes_on_from_its_checkpoint_with_exact_sums(
    kind: str, came: dict[str, Any]
) -> None:
    require_exact(came[kind])


def require_exact(restored: dict[str, Any]) -> None:
    """Compare the last sums of each key with those of all numbers."""
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


def test_checkpoints_that_are_not_aligned_hold_the_records_that_are_under_way(
    came: dict[str, Any],
) -> None:
    assert came["unaligned"]["in flight"] > 0
    assert came["hashmap"]["in flight"] == 0


@pytest.mark.parametrize("most", ["3", "1000"])
def test_a_record_with_which_a_guarded_function_fails_harms_no_other_record_of_its_batch(
    most: str, came: dict[str, Any]
) -> None:
    plain, fast = came["guarded"][most]["plain"], came["guarded"][most]["fast"]
    assert fast == plain
    told = [
        int(text.split()[0])
        for key, texts in fast.items()
        if "fails" in key
        for text in texts
        if "timer" not in text
    ]
    assert sorted(told) == [n for n in range(1, 200) if n % 5]
    timers = [text for texts in fast.values() for text in texts if text.startswith("timer")]
    assert len(timers) == 199  # also those of the records that failed


def test_what_a_guarded_function_fails_with_is_never_lost_silently(came: dict[str, Any]) -> None:
    assert came["collected"].keys() == {"plain", "fast", "processes"}
    for said in came["collected"].values():
        assert "nothing takes that, as the job runs past its SecureJob" in said, said


@pytest.mark.parametrize("way", ["plain", "fast"])
@pytest.mark.parametrize("renewed", [False, True])
def test_a_state_lives_as_long_as_it_may_after_the_last_write_or_read(
    way: str, renewed: bool, came: dict[str, Any]
) -> None:
    lines = [line.split(" ", 2) for line in came["expiring"][f"{way} {renewed}"]]
    count, last, certain = 0, float("-inf"), 0
    for at, writes, found in lines:
        age = float(at) - last
        values = json.loads(found)
        if abs(age - 1) > 0.3:  # of a time to live of a second
            certain += 1
            assert values == [count if age < 1 else 0] * 3, (lines, at)
        count = values[0] + int(writes)
        if int(writes) or (renewed and values[0]):
            last = float(at)
    assert certain > 0


def line_of(text: str, program: Path = HANGING) -> int:
    return 1 + next(n for n, line in enumerate(program.read_text().splitlines()) if text in line)


def test_a_function_that_takes_too_long_fails_the_job_with_the_line_where_it_was(
    came: dict[str, Any],
) -> None:
    for what, name, text in (
        ("spins too long", "spin", "number = 7"),
        ("waits too long", "wait_outside", "time.sleep(100_000)"),
    ):
        said = came["hanging"][what]
        assert re.search(
            rf"{name} \(.*\) has not returned for \d+ s \(python.function_timeout", said
        )
        assert re.search(r"in record \d+ of a batch of \d+", said), said
        (line,) = map(int, re.findall(rf":(\d+), in {name}", said))
        assert abs(line - line_of(text)) <= 2, said
    assert came["hanging"]["slow"] == "ended well"


def test_a_function_that_lets_no_other_run_fails_the_job_all_the_same(
    came: dict[str, Any],
) -> None:
    said = came["hanging"]["keeps the lock"]
    assert re.search(r"failed: keep_the_lock \(.*\) has not returned for \d+ s", said), said
    assert "it keeps the lock of Python outside of Python code" in said


def test_cancelling_ends_a_job_whose_function_does_not_return_within_seconds(
    came: dict[str, Any],
) -> None:
    spins, waits = came["hanging"]["spins"], came["hanging"]["waits"]
    # Flink by itself would end the whole process after 180 s.
    assert spins["seconds"] < 90
    assert waits["seconds"] < 90
    assert spins["left"] == []
    assert len(waits["left"]) == 1
    log = waits["log"]
    assert re.search(r"has not returned for 10 s\n +at .*wait_outside.*hanging_functions.py", log)
    assert "cannot be interrupted, and is left behind" in log
