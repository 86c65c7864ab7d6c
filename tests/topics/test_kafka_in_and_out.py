# SPDX-License-Identifier: Apache-2.0
"""What is around the values of Kafka's records comes in and goes out, on a real broker.

One program runs all the jobs, so that one JVM does for them: see programs/kafka_in_and_out.py.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from typing import Any

import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.pages import ROOT, blocks, prose
from tests.patience import PATIENCE

PROGRAM = "tests.topics.programs.kafka_in_and_out"
FIRST = 1_700_000_000_000
TOPICS = {
    "mirror-a": 2,
    "mirror-b": 1,
    "copy-a": 2,
    "copy-b": 1,
    "ranged": 2,
    "pairs": 3,
    "fixed": 3,
    "times": 1,
    "pairs-back": 1,
    "ranged-back": 1,
    "changes": 1,
    "attempts": 1,
    "attempts-back": 1,
    "grows-a": 1,
    "grown": 1,
    "ahead": 1,
    "behind": 1,
    "aligned": 1,
    "idle": 2,
    "marks": 1,
    "returns": 1,
    "totals": 1,
    "orders-dead": 1,
    "orders": 1,
    "large-orders": 1,
    "expired": 1,
    "begun": 1,
    "retained": 1,
    "restored": 1,
}


RECIPES = re.findall(r"^\| .* \| `(\[?job\..*)` \|$", prose("docs/kafka.md"), re.MULTILINE)


@pytest.fixture(scope="module")
def came(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came out of the topics, by name."""
    home = tmp_path_factory.mktemp("in-and-out")
    sandbox.create_topics(TOPICS)
    settings = home / "settings.toml"
    sandbox.write_settings(settings)
    example = home / "large_orders.py"
    (block,) = [one for one in blocks("docs/kafka.md", "python") if "AROUND" in one.text]
    example.write_text(block.text)
    recipes = home / "recipes.json"
    recipes.write_text(json.dumps(RECIPES))
    with subprocess.Popen(
        [sys.executable, "-m", PROGRAM, settings, example, recipes, sandbox.keytab("kafka")],
        cwd=ROOT,
        env=os.environ
        | {
            "FLINKSEC_LOG_FILE": str(home / "logs" / "jobs.log"),
            "FLINKSEC_SETTINGS": str(settings),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None and program.stdin is not None
        grown: list[str] = []
        try:
            for line in program.stdout:
                if line == "GROW\n":
                    sandbox.create_topics({"grows-b": 1})
                    sandbox.produce("grows-b", ['5\t\t{"n": 7}'])
                    end = time.monotonic() + PATIENCE
                    while not (grown := sandbox.consume("grown")) and time.monotonic() < end:
                        time.sleep(1)
                    program.stdin.write("\n")
                    program.stdin.flush()
                if line.startswith("RESULTS "):
                    results: dict[str, Any] = json.loads(line.removeprefix("RESULTS "))
                    return results | {"grown": grown}
        finally:
            program.kill()
    pytest.fail(f"the program ended with {program.returncode}")


def test_a_topic_is_copied_with_all_that_is_around_its_values(came: dict[str, Any]) -> None:
    assert len(came["mirror"]) == 4
    assert came["copy"] == [
        [topic.replace("mirror", "copy"), *rest] for topic, *rest in came["mirror"]
    ]


def test_headers_keys_and_tombstones_are_bytes_of_any_kind(came: dict[str, Any]) -> None:
    by_time = {record[2] - FIRST: record[3:] for record in came["copy"]}
    assert by_time == {
        1: ["k1", '{"text":"one"}', [["raw", "\xff\x00"], ["trace", "t-1"]]],
        2: [None, '{"text":"two"}', []],
        3: ["\xfe\xff", '{"text":null}', [["empty", ""]]],
        4: ["k1", None, [["trace", "t-2"]]],
    }


def test_a_key_of_several_fields_is_written_and_read_back(came: dict[str, Any]) -> None:
    assert {(record[3], record[4]) for record in came["pairs"]} == {
        (f'{{"a":"x","b":{n}}}', f'{{"n":{n}}}') for n in range(6)
    }
    back = [json.loads(record[4]) for record in came["pairs-back"]]
    assert sorted(one["n"] for one in back) == list(range(6))
    assert all(one == {"a": "x", "b": one["n"], "n": one["n"]} for one in back)


def test_a_partitioner_spreads_records_or_keeps_them_together(came: dict[str, Any]) -> None:
    def partitions(name: str) -> list[int]:
        return sorted(record[1] for record in came[name])

    assert partitions("pairs") == [0, 0, 1, 1, 2, 2]
    assert partitions("fixed") == [0] * 6


def test_event_time_is_kafkas_or_what_a_function_says(came: dict[str, Any]) -> None:
    times = [json.loads(record[4]) for record in came["times"]]
    assert sorted(one["n"] for one in times if one["kind"] == "kafka") == [
        FIRST + n for n in range(4)
    ]
    assert sorted(one["n"] for one in times if one["kind"] == "function") == [0, 1000, 2000, 3000]


def test_a_source_of_a_pattern_begins_and_ends_at_offsets(came: dict[str, Any]) -> None:
    # Partition 0 holds 0 and 2, partition 1 holds 1 and 3.
    assert sorted(json.loads(record[4])["n"] for record in came["ranged-back"]) == [1, 2]


def test_a_partition_that_a_topic_does_not_have_is_no_place_to_begin_or_end(
    came: dict[str, Any],
) -> None:
    for name, argument in (("no partition", "start"), ("no partition to end", "stop")):
        begun = came["begun"][name]
        assert (
            f"{argument} names the partition 7 of the topic expired, which has one partition, 0"
            in begun["said"]
        )
        assert begun["read"] == []


@pytest.mark.parametrize(
    ("name", "offset"), [("expired", 1), ("beyond", 99), ("an expired group", 1)]
)
def test_a_job_does_not_begin_elsewhere_than_at_an_offset_that_is_not_there(
    came: dict[str, Any], name: str, offset: int
) -> None:
    begun = came["begun"][name]
    assert f"start is at the offset {offset} of expired-0" in begun["warned"]
    assert "which holds the offsets 3 to 4: a job without a checkpoint cannot" in begun["warned"]
    assert f"there is no record at offset {offset} of expired-0" in begun["said"]
    assert 'set kafka.on_lost_offsets = "earliest"' in begun["said"]
    assert begun["read"] == []


def test_a_job_goes_on_at_the_earliest_record_where_the_settings_say_so(
    came: dict[str, Any],
) -> None:
    begun = came["begun"]["expired, as chosen"]
    assert (begun["said"], begun["read"]) == ("ended well", [3, 4])
    assert "kafka-goes-on-without-records" in begun["warned"]


def test_a_source_begins_now_or_at_a_time_and_ends_at_one(came: dict[str, Any]) -> None:
    begun = came["begun"]
    assert (begun["from now on"]["said"], begun["from now on"]["read"]) == ("ended well", [])
    # Partition 0 holds 0 and 2, partition 1 holds 1 and 3, each a millisecond later.
    assert begun["between two times"]["read"] == [1, 2]


def test_a_group_without_offsets_is_no_end_and_begins_at_the_earliest(
    came: dict[str, Any],
) -> None:
    begun = came["begun"]
    assert "which has none of expired-0" in begun["no end"]["said"]
    assert begun["no end"]["read"] == []
    assert "which has none of expired-0: a job without" in begun["a new group"]["warned"]
    assert begun["a new group"]["read"] == [3, 4]
    assert (begun["a group"]["read"], begun["a group"]["warned"].count("offsets")) == ([4], 0)
    assert begun["up to a group"]["read"] == [3]


def test_a_job_whose_records_expired_while_it_was_stopped_with_a_savepoint_fails_by_name(
    came: dict[str, Any],
) -> None:
    restored = came["restored"]
    assert restored["stopped"] == {"said": "ended well", "written": [0, 1, 2]}
    again = restored["started again"]
    assert "there is no record at offset 3 of retained-0" in again["said"]
    assert 'set kafka.on_lost_offsets = "earliest"' in again["said"]
    assert again["written"] == [0, 1, 2]


def test_it_goes_on_at_the_earliest_record_that_is_left_where_the_settings_say_so(
    came: dict[str, Any],
) -> None:
    # And not from the beginning: the records before the savepoint are not written again.
    assert came["restored"]["as chosen"]["written"] == [0, 1, 2, 5]


def test_what_was_written_in_an_attempt_that_failed_is_not_read(came: dict[str, Any]) -> None:
    assert [json.loads(record[4])["n"] for record in came["attempts-back"]] == [0, 1, 2]


def test_a_row_that_deletes_is_a_tombstone_and_one_before_an_update_is_nothing(
    came: dict[str, Any],
) -> None:
    assert [
        (record[3], record[4] and json.loads(record[4])["n"]) for record in came["changes"]
    ] == [
        ("k", 1),
        ("k", 3),
        ("k", None),
    ]


def test_a_topic_that_is_made_while_the_job_runs_is_found(came: dict[str, Any]) -> None:
    assert came["grown"] == ['{"n":7}']


def test_a_source_waits_for_the_slowest_of_its_group(came: dict[str, Any]) -> None:
    aligned = came["aligned"]
    assert 10 <= aligned["while it waits"] < 60
    assert (aligned["afterwards"], aligned["records"]) == (200, 103)


def test_a_partition_that_brings_nothing_holds_event_time_back_until_it_is_idle(
    came: dict[str, Any],
) -> None:
    assert came["idle"]["1 s"] >= FIRST - 1
    assert came["idle"]["1 h"] == -1


def test_every_thread_finds_the_classes_of_a_connectors_jars(came: dict[str, Any]) -> None:
    assert came["threads"] == ["bootstrap.servers"] * 4


def test_the_job_of_the_page_does_what_it_says(came: dict[str, Any]) -> None:
    written = [(record[3], record[4]) for record in came["example"]]
    assert written == [("a", '{"total":200}'), ("c", None)]


def test_the_recipes_of_the_page_make_a_job_that_runs(came: dict[str, Any]) -> None:
    assert came["recipes"] == "13 recipes: RUNNING"


def test_what_does_not_fit_together_is_refused_with_the_argument(came: dict[str, Any]) -> None:
    refusals = came["refusals"]
    assert "a record has one key: say key_field, or key_fields" in refusals["a key twice"]
    assert (
        "the header:n of a Kafka record does not fit into the field 'n'"
        in refusals["a header of a number"]
    )
    assert (
        "'offset' is no metadata of a Kafka record; choose from topic, partition, timestamp"
        in refusals["an offset to write"]
    )
    assert (
        "tombstones = \"row\" leaves the field 'n' null"
        in refusals["a tombstone that leaves a field null"]
    )
    assert (
        "alignment='both' does not go with a function for event_time"
        in refusals["alignment by a function"]
    )
    assert "alignment='both' without event_time aligns nothing" in refusals["alignment of nothing"]
    assert "the pattern '(?P<name>x)'" in refusals["a pattern that Java does not read"]
    assert not any("at org.apache" in said for said in refusals.values())
