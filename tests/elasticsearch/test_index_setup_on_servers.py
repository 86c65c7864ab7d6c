# SPDX-License-Identifier: Apache-2.0
"""A real Elasticsearch 8 gets what files plan, from jobs and from the command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.elasticsearch.setup_life import check_life, check_no_lifecycles
from tests.patience import PATIENCE


def test_what_files_plan_is_made_compared_and_changed(sandbox: Sandbox, tmp_path: Path) -> None:
    with sandbox.elasticsearch_client() as client:
        check_life(client, tmp_path, makes_streams=False)
        check_no_lifecycles(client, tmp_path, "these servers have no lifecycles")


@pytest.fixture
def command(sandbox: Sandbox, tmp_path: Path) -> list[str]:
    files = tmp_path / "setup"
    files.mkdir()
    (files / "index.of-command.json").write_text('{"settings": {"number_of_replicas": 0}}')
    settings = tmp_path / "settings.toml"
    sandbox.write_settings(settings)
    before = "[elasticsearch]\n"
    text = settings.read_text()
    assert text.count(before) == 1
    settings.write_text(text.replace(before, f'{before}setup = "{files}"\n'))
    return [sys.executable, "-m", "flinksec_jobs", "elasticsearch", "--settings", str(settings)]


def test_the_command_makes_and_compares_by_the_client_of_the_jobs(
    command: list[str], tmp_path: Path
) -> None:
    def told(verb: str) -> tuple[int, dict[str, object]]:
        words = [*command[:4], verb, *command[4:], "--json"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)["setup"][0]

    assert told("apply") == (0, {"kind": "index", "name": "of-command", "done": "created"})
    (tmp_path / "setup" / "index.of-command.json").write_text('{"mappings": {"dynamic": "strict"}}')
    code, found = told("diff")
    assert code == 1
    assert found["state"] == "different"
    assert found["differences"] == [{"path": "mappings.dynamic", "file": "strict"}]
