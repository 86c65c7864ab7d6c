# SPDX-License-Identifier: Apache-2.0
"""A bad record is kept, whole and once, wherever in a job it turns out to be bad."""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.pages import blocks
from tests.patience import PATIENCE
from tests.servers.conftest import StartJob

PROGRAMS = Path(__file__).parent / "programs"
CANARY = "canary-of-letters-"
HALF = 1000
TRACED = ("thread", "batches", "own", "whole")
MODES = (*TRACED, "process")
OTHERS = ("all-quota", "dead-other", "deliveries", "prices", "prices-dead")
OURS = "__flinksec.letter"
CONNECT = "__connect.errors."

Letter = tuple[int, str | None, str | None, list[list[str | None]], dict[str, str]]


@pytest.fixture(scope="module")
def came(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of each job, and ``logs``, all that was logged."""
    home = tmp_path_factory.mktemp("letters")
    topics = [f"{name}-{mode}" for mode in MODES for name in ("all", "good", "dead")]
    sandbox.create_topics(dict.fromkeys([*topics, *OTHERS], 1))
    settings = home / "settings.toml"
    sandbox.write_settings(settings)
    example = home / "prices.py"
    (block,) = blocks("docs/dead-letters.md", "python")
    example.write_text(block.text)
    ran = subprocess.run(
        [sys.executable, PROGRAMS / "dead_letters.py", settings, CANARY, example],
        check=False,
        env=os.environ
        | {
            "FLINKSEC_LOG_FILE": str(home / "logs" / "jobs.log"),
            "FLINKSEC_SETTINGS": str(settings),
            "FLINKSEC_STATE__CHECKPOINT_INTERVAL": "1 s",  # a job ends with one
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    results = [line for line in ran.stdout.splitlines() if line.startswith("RESULTS ")]
    assert results, ran.stderr[-4000:]
    found: dict[str, Any] = json.loads(results[0].removeprefix("RESULTS "))
    found["logs"] = ran.stderr + "".join(log.read_text() for log in (home / "logs").iterdir())
    return found


def taken_apart(letter: list[Any]) -> Letter:
    """A letter's timestamp, key, value, own headers, and what ours say."""
    timestamp, key, value, headers = letter
    begins = max(place for place, (name, _) in enumerate(headers) if name == OURS)
    ours = dict(headers[begins:])
    assert ours["__flinksec.letter"] == "1"
    return timestamp, key, value, headers[:begins], ours


def letters(came: dict[str, Any], mode: str, stage: str, *, holds: str) -> list[Letter]:
    found = [taken_apart(letter) for letter in came[mode]["dead"]]
    return [
        one
        for one in found
        if one[4][f"{CONNECT}stage"] == stage and one[4]["__flinksec.holds"] == holds
    ]


@pytest.mark.parametrize("mode", MODES)
def test_what_cannot_be_decoded_is_kept_byte_for_byte(came: dict[str, Any], mode: str) -> None:
    kept = letters(came, mode, "VALUE_CONVERTER", holds="record")
    assert [list(one[:4]) for one in kept] == [came[mode]["all"][place] for place in (1, 3)]
    for (*_, ours), offset in zip(kept, (1, 3), strict=True):
        assert ours[f"{CONNECT}topic"] == f"all-{mode}"
        assert ours[f"{CONNECT}partition"] == "0"
        assert ours[f"{CONNECT}offset"] == str(offset)
        assert ours[f"{CONNECT}connector.name"] == f"flink-letters-{mode}"
        assert ours[f"{CONNECT}exception.class.name"] == "org.flinksec.json.JsonDecodingException"


@pytest.mark.parametrize("mode", TRACED)
def test_a_function_that_raises_keeps_the_record_that_its_element_was_made_of(
    came: dict[str, Any], mode: str
) -> None:
    ((*record, ours),) = letters(came, mode, "TRANSFORMATION", holds="record")
    assert record == came[mode]["all"][2]
    assert ours[f"{CONNECT}offset"] == "2"
    name = "InvertAll" if mode == "whole" else "Invert"
    assert ours[f"{CONNECT}class.name"] == f"__main__.{name}"
    assert ours[f"{CONNECT}exception.class.name"] == "ValueError"
    assert ours[f"{CONNECT}exception.message"].startswith("ValueError in map (")
    assert ours[f"{CONNECT}exception.stacktrace"].splitlines()[-1] == "ValueError"


@pytest.mark.parametrize(
    ("mode", "elements"), [*((mode, [6]) for mode in TRACED), ("process", [2, 5])]
)
def test_where_the_record_is_not_known_a_function_keeps_its_element(
    came: dict[str, Any], mode: str, elements: list[int]
) -> None:
    kept = letters(came, mode, "TRANSFORMATION", holds="element")
    values = sorted(value for _, _, value, _, _ in kept if value is not None)
    assert [json.loads(value) for value in values] == [
        json.loads(came[mode]["all"][place][2]) for place in elements
    ]
    assert all(f"{CONNECT}topic" not in ours for *_, ours in kept)


@pytest.mark.parametrize("mode", TRACED)
def test_what_cannot_be_written_or_is_too_large_is_kept(came: dict[str, Any], mode: str) -> None:
    kept = letters(came, mode, "KAFKA_PRODUCE", holds="record")
    assert [list(one[:4]) for one in kept] == [came[mode]["all"][place] for place in (4, 5)]
    assert [ours["__flinksec.target"] for *_, ours in kept] == [f"good-{mode}"] * 2
    assert [ours[f"{CONNECT}exception.class.name"] for *_, ours in kept] == [
        "org.flinksec.kafka.UnwritableRecordException",
        "org.apache.kafka.common.errors.RecordTooLargeException",
    ]


def test_where_the_record_is_not_known_what_cannot_be_written_is_kept_as_it_was_to_be(
    came: dict[str, Any],
) -> None:
    ((*_, value, _, ours),) = letters(came, "process", "KAFKA_PRODUCE", holds="element")
    assert json.loads(value or "") == {"id": f"{CANARY}4", "inverse": "NaN"}
    assert ours["__flinksec.target"] == "good-process"


@pytest.mark.parametrize("mode", MODES)
def test_good_records_go_on(came: dict[str, Any], mode: str) -> None:
    good = [json.loads(value)["id"] for _, key, value, _ in came[mode]["good"] if key is not None]
    assert good == [f"{CANARY}0", f"{CANARY}6"]


def test_no_header_and_no_log_has_anything_of_a_record(came: dict[str, Any]) -> None:
    for mode in MODES:
        for letter in came[mode]["dead"]:
            assert CANARY not in json.dumps(taken_apart(letter)[4])
    assert "A dead letter for the Kafka topic dead-thread" in came["logs"]
    assert CANARY not in came["logs"]


def test_a_full_quota_fails_the_job_and_nothing_starts_it_again(came: dict[str, Any]) -> None:
    assert "3 dead letters in 3600 s are as many as the job may have" in came["too many"]
    assert "job.max_dead_letters" in came["too many"]
    assert "The failure is not recoverable" in came["logs"]


def test_a_function_that_fails_with_everything_is_the_jobs_fault(came: dict[str, Any]) -> None:
    assert "has failed with 2 elements in a row (job.max_skipped_in_a_row)" in came["in a row"]


def test_without_a_guard_an_error_in_a_batch_has_its_line_and_its_record_in_kafka(
    came: dict[str, Any],
) -> None:
    program = PROGRAMS / "dead_letters.py"
    lines = program.read_text().splitlines()
    line = 1 + next(n for n, text in enumerate(lines) if 'Inverse("", 1 / reading.n)' in text)
    said = came["unguarded"]
    assert re.search(
        r"in record \d+ of a batch of \d+, the Kafka record at topic all-thread, partition 0, "
        rf"offset 2\n +at {re.escape(str(program))}:{line}, in inverted",
        said,
    ), said


def test_the_example_of_the_documentation_keeps_what_it_cannot_use(came: dict[str, Any]) -> None:
    good, *bad = came["example"]
    assert good[1:3] == ["a", '{"id":"a","cents_per_gram":1.5}']
    assert sorted(value for _, _, value, _ in bad) == ["{", '{"id":"b","grams":0,"cents":1}']


def test_a_guard_that_guards_nothing_is_refused(came: dict[str, Any]) -> None:
    assert "guards nothing" in came["nowhere"]


def test_a_letter_that_no_topic_takes_fails_the_job(came: dict[str, Any]) -> None:
    assert "a dead letter is too large for the topic dead-other" in came["too large"]
    assert "max.message.bytes" in came["too large"]


def made(number: int) -> str:
    text = json.dumps({"id": f"r{number}", "n": {5: 0, 7: -1}.get(number % 10, number + 1)})
    return f"[{number}" if number % 10 == 3 else text


def test_letters_are_there_once_though_the_job_is_killed_again_and_again(
    sandbox: Sandbox, start_job: StartJob
) -> None:
    sandbox.create_topics({"letters-in": 2, "letters-out": 1, "letters-dead": 1})
    variables = {
        "FLINKSEC_JOB__DEAD_LETTERS": "letters-dead",
        "FLINKSEC_JOB__MAX_DEAD_LETTERS": "0",
        "FLINKSEC_STATE__CHECKPOINT_INTERVAL": "1 s",
    }
    program = PROGRAMS / "dead_letters_killed.py"
    for half in (0, 1):
        numbers = range(half * HALF, (half + 1) * HALF)
        sandbox.produce("letters-in", (f"\t\t{made(number)}" for number in numbers))
        job = start_job(job=program, **variables)
        good, letters_of_all = (1, 1) if not half else (2 * HALF * 7 // 10, 2 * HALF * 3 // 10)
        end = time.monotonic() + PATIENCE
        while (
            len(sandbox.consume("letters-out")) < good
            or len(sandbox.consume("letters-dead")) < letters_of_all
        ):
            assert job.process.poll() is None, job.process.communicate()
            assert time.monotonic() < end
            time.sleep(1)  # each look is a JVM of its own
        job.kill()
    bad = Counter(made(number) for number in range(2 * HALF) if number % 10 in {3, 5, 7})
    assert Counter(sandbox.consume("letters-dead")) == bad
    assert len(sandbox.consume("letters-out")) == 2 * HALF * 7 // 10
