# SPDX-License-Identifier: Apache-2.0
"""What Elasticsearch itself makes of each operation of the sink, in one job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from elasticsearch import Elasticsearch

from flinksec_jobs.cli import main
from flinksec_jobs.sandbox import Sandbox
from tests.pages import blocks
from tests.patience import PATIENCE
from tests.servers.conftest import StartedJob

PROGRAM = Path(__file__).parent / "programs" / "documents.py"
CANARY = "canary-of-documents"
# What the job itself makes before its first document.
PLANNED = {
    "index.counted": {"mappings": {"properties": {"note": {"type": "integer"}}}},
    "index-template.documents": {
        "index_patterns": ["stream-of-documents"],
        "data_stream": {},
        "priority": 501,
    },
}


@pytest.fixture(scope="module")
def ran(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[Elasticsearch, str]:
    """A client, and all that was logged."""
    home = tmp_path_factory.mktemp("documents")
    sandbox.create_topics({"refused-documents": 1})
    client = sandbox.elasticsearch_client()
    client.indices.create(
        index="counted-too", mappings={"properties": {"note": {"type": "integer"}}}
    )
    whole = {"whole": {"mapping": {"type": "keyword"}}}  # matches nothing by itself
    client.indices.create(index="templated", mappings={"dynamic_templates": [whole]})
    client.indices.create(index="behind-1", aliases={"aliased": {}})
    client.ingest.put_pipeline(id="nothing", processors=[])  # the sandbox has no processors
    planned = home / "setup"
    planned.mkdir()
    for name, body in PLANNED.items():
        (planned / f"{name}.json").write_text(json.dumps(body))
    settings = home / "settings.toml"
    sandbox.write_settings(settings)
    done = subprocess.run(
        [sys.executable, PROGRAM, settings, CANARY],
        env=os.environ
        | {"FLINKSEC_LOG_DIR": str(home / "logs"), "FLINKSEC_ELASTICSEARCH__SETUP": str(planned)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    client.indices.refresh(index="*")
    return client, done.stderr + "".join(log.read_text() for log in (home / "logs").iterdir())


def notes(client: Elasticsearch, index: str) -> dict[str, Any]:
    found = client.search(index=index, size=100)["hits"]["hits"]
    return {hit["_id"]: hit["_source"].get("note") for hit in found}


def test_what_files_plan_is_there_before_the_first_document(
    ran: tuple[Elasticsearch, str],
) -> None:
    client, _ = ran
    found = client.indices.get_mapping(index="counted")["counted"]["mappings"]["properties"]
    assert found["note"] == {"type": "integer"}
    assert client.indices.exists_index_template(name="documents")


def test_each_record_names_its_index_and_several_fields_its_id(
    ran: tuple[Elasticsearch, str],
) -> None:
    client, _ = ran
    assert notes(client, "days-2026.03.01-lh") == {"LH:1": "a"}
    assert notes(client, "days-*") == {"LH:1": "a", "LH:2": "b"}  # "l:h" can be in no name
    found = client.get(index="days-2026.03.02-lh", id="LH:2", routing="b")
    assert found["_routing"] == "b"


def test_operations_come_to_what_they_say_in_their_order(ran: tuple[Elasticsearch, str]) -> None:
    client, _ = ran
    assert notes(client, "operated") == {"2": "changed", "3": "first"}
    assert "op" not in client.get(index="operated", id="3")["_source"]


def test_a_changelog_leaves_the_documents_of_the_rows_that_are_left(
    ran: tuple[Elasticsearch, str],
) -> None:
    client, _ = ran
    assert notes(client, "changes") == {"1": "changed", "4": "b"}
    assert client.get(index="changes", id="1")["_version"] == 2  # replaced, and never away


def test_the_newest_version_stays(ran: tuple[Elasticsearch, str]) -> None:
    client, _ = ran
    assert notes(client, "versions") == {"1": "new"}


def test_a_pipeline_an_alias_and_a_data_stream_take_documents(
    ran: tuple[Elasticsearch, str],
) -> None:
    client, _ = ran
    assert client.get(index="behind-1", id="1")["_source"]["note"] == "x"
    assert client.count(index="stream-of-documents")["count"] == 1


def test_a_refused_document_is_a_dead_letter_and_nowhere_else(
    ran: tuple[Elasticsearch, str], sandbox: Sandbox
) -> None:
    client, logs = ran
    assert notes(client, "counted") == {"1": "1"}
    (letter,) = sandbox.consume("refused-documents")
    assert json.loads(letter)["note"] == CANARY
    assert "document_parsing_exception" in logs
    assert CANARY not in logs


def test_an_index_keeps_dead_letters_with_their_reason_and_document(
    ran: tuple[Elasticsearch, str],
) -> None:
    client, logs = ran
    assert notes(client, "counted-too") == {"1": "1"}
    (hit,) = client.search(index="kept-letters")["hits"]["hits"]
    letter = hit["_source"]
    assert json.loads(letter["document"])["note"] == CANARY
    told = {name: letter[name] for name in ("job", "stage", "index")}
    assert told == {"job": "documents", "stage": "refused", "index": "counted-too"}
    assert "field 'note' does not fit its type integer" in letter["reason"]
    assert CANARY not in letter["reason"]
    assert "A dead letter for the Elasticsearch index kept-letters" in logs


def test_the_command_tells_the_letters_of_an_index_without_their_content(
    ran: tuple[Elasticsearch, str], sandbox: Sandbox
) -> None:
    settings = ["--settings", str(sandbox.directory / "settings.toml")]

    def told(command: str, *more: str) -> str:
        asked = ["dead-letters", command, "--index", "kept-letters", *settings, *more]
        done = CliRunner().invoke(main, asked)
        assert done.exit_code == 0, done.output
        return done.output

    listed = told("ls")
    assert "1 letter of 1 cause in kept-letters" in listed
    assert "1 x Elasticsearch at https://localhost" in listed
    assert CANARY not in listed + told("show")
    assert CANARY in told("show", "--content")
    missing = ["dead-letters", "ls", "--index", "no-letters", *settings]
    assert "there is no index no-letters" in CliRunner().invoke(main, missing).output


def test_a_field_is_mapped_by_the_dynamic_template_that_the_job_names(
    ran: tuple[Elasticsearch, str],
) -> None:
    client, _ = ran
    mapping = client.indices.get_mapping(index="templated")["templated"]["mappings"]
    assert mapping["properties"]["note"] == {"type": "keyword"}
    assert mapping["properties"]["airline"]["type"] == "text"


def test_updates_of_a_function_leave_what_they_do_not_name_as_it_is(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    example = next(one for one in blocks("docs/elasticsearch.md", "python") if "paid" in one.text)
    job = tmp_path / "orders.py"
    job.write_text(example.text)
    settings = tmp_path / "orders.toml"
    sandbox.write_settings(settings)
    sandbox.create_topics({"orders": 1})
    told = [
        {"kind": "placed", "id": "é1", "cents": 1250},
        {"kind": "placed", "id": "2", "cents": 99},
        {"kind": "paid", "id": "é1"},
        {"kind": "cancelled", "id": "2"},
    ]
    sandbox.produce("orders", [f"0\t\t{json.dumps(one)}" for one in told])
    ended = StartedJob(settings, {"FLINKSEC_LOG_DIR": str(tmp_path / "logs")}, job).end(PATIENCE)
    assert ended.code == 0, ended.err
    client = sandbox.elasticsearch_client()
    client.indices.refresh(index="orders")
    found = {hit["_id"]: hit["_source"] for hit in client.search(index="orders")["hits"]["hits"]}
    assert found == {"é1": {"id": "é1", "cents": 1250, "paid": True}}
