# SPDX-License-Identifier: Apache-2.0
"""Kafka's own clients follow our references to secrets, which stand in the secrets' place."""

import os
import subprocess
from pathlib import Path

import pytest

from flinksec_jobs.runtime import artifacts
from flinksec_jobs.sandbox import kafka_broker
from flinksec_jobs.sandbox.layout import write_properties
from tests import toy_login
from tests.tables.conftest import tool

SOURCE = Path(__file__).with_name("KafkaSecrets.java")
PASSWORD = "canary p ä$'{x};=#"
DIRECTORY = "with space"


@pytest.fixture
def asked(tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """What the clients make of the properties that a job's settings mean for them."""
    secrets = tmp_path / DIRECTORY
    secrets.mkdir()
    # As Kubernetes mounts a Secret: a link to a file in a directory that changes.
    (secrets / "..data").mkdir()
    (secrets / "..data/password").write_text(PASSWORD)
    (secrets / "..data/password").chmod(0o600)
    (secrets / "password").symlink_to("..data/password")
    by_toy = {"toy_user": "me", "toy_password": f"file:{secrets}/password"}
    [told] = toy_login.told(tmp_path, by_toy)
    write_properties(tmp_path / "given", {"bootstrap.servers": "localhost:1", **told["plain"]})
    jars = os.pathsep.join(map(str, artifacts.jars(kafka_broker.JARS)))
    log = "-Dorg.slf4j.simpleLogger.defaultLogLevel=info"
    return subprocess.run(
        [tool("java"), log, "-cp", jars, str(SOURCE), str(tmp_path / "given")],
        check=True,
        capture_output=True,
        text=True,
    )


def test_kafkas_clients_read_the_password_where_they_run_and_log_none(
    asked: subprocess.CompletedProcess[str],
) -> None:
    lines = asked.stdout.splitlines()
    told = dict(line[2:].split("\t", 1) for line in lines if line.startswith("> "))
    assert told == dict.fromkeys(("admin", "consumer", "producer"), f"me\t{PASSWORD}")
    assert "\tsasl.jaas.config = [hidden]" in asked.stderr, "Kafka no longer logs its properties"
    assert "canary" not in asked.stderr
