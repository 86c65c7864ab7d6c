# SPDX-License-Identifier: Apache-2.0
"""The examples of the README and the guide are run as they stand."""

import json
import re
from pathlib import Path

import pytest

from flinksec_jobs.demo import flights
from flinksec_jobs.sandbox import Sandbox
from tests.servers.conftest import StartedJob

ROOT = Path(__file__).parents[2]


def python_blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def test_the_job_of_the_readme_does_what_it_says(
    sandbox: Sandbox, flights_in_kafka: list[flights.Row], tmp_path: Path
) -> None:
    (text,) = python_blocks(ROOT / "README.md")
    job = tmp_path / "late_flights.py"
    job.write_text(text)
    settings = tmp_path / "late_flights.toml"
    sandbox.write_settings(settings)
    started = StartedJob(settings, {"FLINKSEC_LOG_DIR": str(tmp_path / "logs")}, job)
    ended = started.end(300)
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


def test_the_sandbox_of_the_guide_does_what_it_says() -> None:
    (text,) = [block for block in python_blocks(ROOT / "docs/guide.md") if "Sandbox(" in block]
    exec(compile(text, "guide.md", "exec"), {})


@pytest.mark.parametrize("page", ["README.md", "docs/guide.md", "docs/threat-model.md"])
def test_every_link_to_a_file_leads_to_one(page: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)[^):]*\)", (ROOT / page).read_text())
    missing = [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]
    assert missing == []
