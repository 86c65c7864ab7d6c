# SPDX-License-Identifier: Apache-2.0
"""Kafka's own clients follow our references to secrets, which travel in their place."""

import os
import subprocess
from pathlib import Path

import pytest

from flinksec_jobs.runtime import artifacts
from flinksec_jobs.sandbox.layout import write_properties
from tests import toy_login
from tests.tables.conftest import FLINK, tool

SOURCE = Path(__file__).with_name("KafkaSecrets.java")
PASSWORD = "canary p ä$'{x};=#"
DIRECTORY = "with space"


@pytest.fixture
def asked(tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """What the clients and Flink's connector make of the properties of a job."""
    secrets = tmp_path / DIRECTORY
    secrets.mkdir()
    # As Kubernetes mounts a Secret: a link to a file in a directory that changes.
    (secrets / "..data").mkdir()
    (secrets / "..data/password").write_text(PASSWORD)
    (secrets / "..data/password").chmod(0o600)
    (secrets / "password").symlink_to("..data/password")
    by_toy = {"toy_user": "me", "toy_password": f"file:{secrets}/password"}
    [told] = toy_login.told(tmp_path, by_toy)
    write_properties(tmp_path / "given", told["properties"])
    jars = [*FLINK.glob("lib/*.jar"), *artifacts.jars("flink-kafka")]
    return subprocess.run(
        [
            *(tool("java"), "-Dlog4j2.level=INFO", "-cp", os.pathsep.join(map(str, jars))),
            *(str(SOURCE), str(tmp_path / "given")),
        ],
        check=True,
        capture_output=True,
        text=True,
    )


def test_kafkas_clients_read_the_password_where_they_run_and_the_graph_has_its_place(
    asked: subprocess.CompletedProcess[str], tmp_path: Path
) -> None:
    lines = asked.stdout.splitlines()
    told = dict(line[2:].split("\t", 1) for line in lines if line.startswith("> "))
    log = [line for line in lines if not line.startswith("> ")]
    graph = told.pop("graph")
    assert told == dict.fromkeys(("admin", "consumer", "producer"), f"me\t{PASSWORD}")
    # Once in the source, once in the sink.
    assert graph.count(f"${{directory:{tmp_path}/{DIRECTORY}:password}}") == 2
    assert "canary" not in graph
    assert "\tsasl.jaas.config = [hidden]" in log, "Kafka no longer logs its properties"
    assert "canary" not in f"{log}{asked.stderr}"
