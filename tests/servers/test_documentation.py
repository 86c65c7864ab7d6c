# SPDX-License-Identifier: Apache-2.0
"""The examples of the README and of the page of the sandbox are run as they stand."""

import json
from pathlib import Path

from flinksec_jobs.demo import flights
from flinksec_jobs.sandbox import Sandbox
from tests.pages import blocks
from tests.patience import PATIENCE
from tests.servers.conftest import StartedJob


def test_the_job_of_the_readme_does_what_it_says(
    sandbox: Sandbox, flights_in_kafka: list[flights.Row], tmp_path: Path
) -> None:
    (block,) = blocks("README.md", "python")
    job = tmp_path / "late_flights.py"
    job.write_text(block.text)
    settings = tmp_path / "late_flights.toml"
    sandbox.write_settings(settings)
    started = StartedJob(settings, {"FLINKSEC_LOG_DIR": str(tmp_path / "logs")}, job)
    ended = started.end(PATIENCE)
    assert ended.code == 0, ended.err

    late = [row for row in flights_in_kafka if (flights.minutes(row, "dep_delay") or 0) > 15]
    client = sandbox.elasticsearch_client()
    client.indices.refresh(index="late-flights")
    assert client.count(index="late-flights")["count"] == len(late) > 100
    found = client.get(index="late-flights", id=flights.flight_id(late[0]))["_source"]
    assert found == {
        "id": flights.flight_id(late[0]),
        "dep_delay": flights.minutes(late[0], "dep_delay"),
    }
    lines = [json.loads(line) for line in sandbox.hdfs_lines("/data/late-flights")]
    assert len(lines) == len(flights_in_kafka)


def test_the_sandbox_of_its_page_does_what_it_says() -> None:
    (block,) = blocks("docs/sandbox.md", "python")
    exec(compile(block.text, block.id, "exec"), {})
