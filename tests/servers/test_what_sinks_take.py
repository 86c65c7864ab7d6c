# SPDX-License-Identifier: Apache-2.0
"""Records and documents that no job should stumble over, or should stop for, on real servers.

One program runs all the jobs, so that one JVM does for them: see sink_jobs.py.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from flinksec_jobs.sandbox import Sandbox
from tests.pages import blocks
from tests.patience import PATIENCE
from tests.unit.test_index_names import ILLEGAL, LEGAL

PROGRAM = Path(__file__).with_name("sink_jobs.py")
CANARY = "canary-of-a-document"
GOOD = 12
FIRST = 1_700_000_000_000  # 22:13:20; the next come ten and twenty minutes later


@dataclass
class Ran:
    """What the program's jobs came to, by name, and all that it and its JVM said."""

    results: dict[str, str]
    said: str
    logs: str


@pytest.fixture(scope="module")
def ran(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    home = tmp_path_factory.mktemp("sinks")
    topics = ("poison", "wrong-format", "twice", "texts", "timed", "deliveries", "late-deliveries")
    sandbox.create_topics(dict.fromkeys(topics, 1))
    sandbox.produce("wrong-format", [f"0\tk\t{CANARY} {n}" for n in range(200)])
    sandbox.produce(
        "timed",
        [f'{FIRST + n * 600_000}\tk\t{{"id": "{n}", "at": null, "s": null}}' for n in range(3)],
    )
    deliveries = ({"id": "late", "minutes_late": 20}, {"id": "soon", "minutes_late": 2})
    sandbox.produce("deliveries", [f"0\t\t{json.dumps(delivery)}" for delivery in deliveries])
    prepare_indices(sandbox.elasticsearch_client())
    settings = home / "settings.toml"
    sandbox.write_settings(settings)
    example = home / "example.py"
    example.write_text(example_of_sql())
    variables = {
        "FLINKSEC_LOG_FILE": str(home / "logs" / "jobs.log"),
        "FLINKSEC_SETTINGS": str(settings),
    }
    done = subprocess.run(
        [sys.executable, PROGRAM, settings, example, CANARY],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (results,) = re.findall(r"^RESULTS (.*)$", done.stdout, re.MULTILINE)
    logs = "".join(path.read_text() for path in (home / "logs").glob("*"))
    return Ran(json.loads(results), done.stdout + done.stderr, logs)


def prepare_indices(client: Elasticsearch) -> None:
    client.indices.create(index="numbers", mappings={"properties": {"s": {"type": "integer"}}})
    client.indices.create(index="closed")
    client.indices.close(index="closed")
    for name in ("unclear-1", "unclear-2"):
        client.indices.create(index=name, aliases={"unclear": {}})
    client.indices.put_index_template(
        name="streams", index_patterns=["stream-of-*"], data_stream={}, priority=500
    )
    client.indices.create(index="piped", settings={"index.default_pipeline": "no-such"})


def example_of_sql() -> str:
    (block,) = blocks("docs/sql.md", "python")
    return block.text


def found(sandbox: Sandbox, index: str) -> set[str]:
    client = sandbox.elasticsearch_client()
    client.indices.refresh(index=index)
    return {hit["_id"] for hit in client.search(index=index, size=100)["hits"]["hits"]}


def test_poison_between_good_records_is_left_out_and_nothing_else(
    sandbox: Sandbox, ran: Ran
) -> None:
    assert ran.results["well"] == "ended well"
    assert found(sandbox, "numbers") == {str(n) for n in range(GOOD)}
    assert 'Left out, as on_error = "skip" says' in ran.logs
    assert "field 's' does not fit its type integer in the mapping" in ran.logs
    assert "1 document for the Elasticsearch index numbers" in ran.said
    assert "11 records of the Kafka topic poison" in ran.said


def test_two_sinks_write_to_one_topic_exactly_once(sandbox: Sandbox, ran: Ran) -> None:
    ids = sorted(json.loads(line)["id"] for line in sandbox.consume("twice"))
    assert ids == sorted([*map(str, range(GOOD)), "refused"] * 2)


def test_reading_begins_at_the_time_that_start_names(sandbox: Sandbox, ran: Ran) -> None:
    assert found(sandbox, "since") == {"1", "2"}


def test_a_string_is_one_document_on_one_line_in_all_three_sinks(
    sandbox: Sandbox, ran: Ran
) -> None:
    assert found(sandbox, "texts") == {"7"}
    line = '{   "id": 7,   "s": "a" }'
    assert sandbox.consume("texts") == [line]
    assert list(sandbox.hdfs_lines("/data/texts")) == [line]


@pytest.mark.parametrize(
    ("name", "cause", "way_out"),
    [
        ("no such topic", "topic, or kerberos.principal: ", "the topic does not exist"),
        (
            "a list for an id",
            "id_field names 'tags', which is a list",
            "choose a field that is a str",
        ),
        (
            "a float for a key",
            "key_field names 'ratio', which is a float",
            "choose a field that is",
        ),
        ("a closed index", "does not take documents for index 'closed'", "index_closed_exception"),
        ("an alias without a write index", "for index 'unclear'", "set is_write_index"),
        ("a data stream with ids", "for index 'stream-of-test'", 'takes operation="create" only'),
        ("a missing pipeline", "for index 'piped'", "pipeline 'no-such' does not exist"),
        ("a topic of another format", "left out 100 in a row", "job.max_skipped_in_a_row"),
        ("a text in HDFS", "a string for the HDFS path /data/no-json cannot be written", "JSON"),
        ("a text in Kafka", "a record for the Kafka topic texts cannot be written", "JSON"),
        ("a text without the key", "cannot be written", "it has no key field 'no'"),
    ],
)
def test_what_would_lose_every_record_stops_the_job_with_the_way_out(
    ran: Ran, name: str, cause: str, way_out: str
) -> None:
    assert cause in ran.results[name]
    assert way_out in ran.results[name]


def test_nothing_of_a_document_is_in_any_message_or_log(ran: Ran) -> None:
    assert ran.logs
    assert CANARY not in ran.logs
    assert CANARY not in ran.said


def test_the_sql_of_the_guide_reads_and_writes_with_the_job_s_login(
    sandbox: Sandbox, ran: Ran
) -> None:
    assert [json.loads(line) for line in sandbox.consume("late-deliveries")] == [
        {"id": "late", "minutes_late": 20}
    ]


def test_the_names_that_elasticsearch_refuses_are_those_that_the_job_refuses(
    sandbox: Sandbox,
) -> None:
    client = sandbox.elasticsearch_client().options(ignore_status=[400])
    client.indices.create(index=LEGAL[0])  # as if another test had made it
    taken = {name: create_and_delete(client, name) for name in (*LEGAL, *ILLEGAL)}
    client.indices.delete(index=LEGAL[0])
    assert {name for name, is_taken in taken.items() if is_taken} == set(LEGAL)


def create_and_delete(client: Elasticsearch, name: str) -> bool:
    made = client.indices.create(index=name)
    if made.meta.status == 200:
        client.indices.delete(index=name)
        return True
    # Another test has an index of this name.
    return bool(made["error"]["type"] == "resource_already_exists_exception")
