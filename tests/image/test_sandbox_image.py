# SPDX-License-Identifier: Apache-2.0
"""The sandbox's servers in a restricted container of their own image."""

import json
import secrets
import subprocess
from collections.abc import Iterator

import pytest

from tests.image.containers import PATIENCE, RESTRICTED, SANDBOX_IMAGE, UNKNOWN_USER, podman

ROWS = 300
HOST = "servers.sandbox.svc.cluster.local"
ADDRESS = "127.0.0.1"


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    """Its name, when every server is ready; then it is ended by SIGTERM."""
    name = f"flinksec-sandbox-{secrets.token_hex(4)}"
    memory = [f"--tmpfs={path}:rw,size=1g,mode=1777" for path in ("/var/lib/flinksec", "/tmp")]
    # No network but its own loopback: what it needs is in it.
    own = ["--network=none", f"--add-host={HOST}:{ADDRESS}", f"--user={UNKNOWN_USER}:0"]
    command = [
        SANDBOX_IMAGE,
        "up",
        "--foreground",
        "--host",
        HOST,
        "--bind",
        "0.0.0.0",
        "--well-known-ports",
    ]
    with subprocess.Popen(
        [*("podman", "run", "--rm", f"--name={name}"), *own, *RESTRICTED, *memory, *command],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            said: list[str] = []
            while not (said and said[-1].startswith("settings for a job")):
                said.append(process.stderr.readline())
                assert said[-1], said
            yield name
            podman("kill", "--signal=TERM", name)
            assert process.wait(60) == 0
        finally:
            podman("rm", "--force", "--time=0", name, check=False)


def flinksec(container: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["podman", "exec", container, "/opt/flinksec/bin/flinksec", "sandbox", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)


def test_every_server_runs(container: str) -> None:
    found = flinksec(container, "status", "--json")
    assert found.returncode == 0
    names = [server["name"] for server in json.loads(found.stdout)["servers"]]
    assert names == ["kdc", "elasticsearch", "kafka", "hdfs"]


def test_flights_are_written_to_kafka_and_what_no_job_has_written_is_missed(
    container: str,
) -> None:
    filled = flinksec(container, "fill", "--rows", str(ROWS))
    assert filled.returncode == 0, filled.stderr
    figures = flinksec(container, "figures", "--rows", str(ROWS), "--json")
    assert figures.returncode == 1
    checks = {check["name"]: check for check in json.loads(figures.stdout)["checks"]}
    assert checks["Kafka in: flights"]["actual"] == ROWS
    assert checks["HDFS: rows"]["actual"] == 0


def test_what_a_job_needs_is_handed_over_with_the_name_of_the_service(container: str) -> None:
    done = flinksec(container, "hand-over", "/tmp/mounts")
    assert done.returncode == 0, done.stderr
    settings = podman("exec", container, "cat", "/tmp/mounts/job/settings.toml")
    assert f'bootstrap_servers = ["{HOST}:9093"]' in settings
    assert f'uri = "hdfs://{HOST}:8020"' in settings
    assert f'hosts = ["https://{HOST}:9200"]' in settings


def test_its_keys_are_made_at_start_and_are_no_part_of_the_image(container: str) -> None:
    keytabs = podman("exec", container, "ls", "/var/lib/flinksec/sandbox/keytabs")
    assert "flink.keytab" in keytabs.split()
    # As root, who sees every folder.
    fresh = (
        "run",
        "--rm",
        "--network=none",
        "--user=0",
        "--entrypoint=/usr/bin/find",
        SANDBOX_IMAGE,
    )
    assert podman(*fresh, "/", "-xdev", "-name", "*.keytab") == ""
