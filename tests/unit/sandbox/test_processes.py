# SPDX-License-Identifier: Apache-2.0
"""A server is known to be ready, or known to have died, and never left behind. Shells stand in."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.sandbox.processes import Server, ServerRecord, stop, tail
from tests.patience import PATIENCE


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[Server]]:
    started: list[Server] = []
    yield started
    stop([server.record for server in started], at_once=True)


def start(
    servers: list[Server], tmp_path: Path, script: str, *, detached: bool = False
) -> tuple[Server, list[tuple[str, float]]]:
    told: list[tuple[str, float]] = []
    server = Server(
        "kafka",
        ["sh", "-c", script],
        tmp_path / "kafka.log",
        detached=detached,
        ready=lambda name, seconds: told.append((name, seconds)),
    )
    servers.append(server)
    return server, told


def test_a_server_is_ready_when_it_says_so(servers: list[Server], tmp_path: Path) -> None:
    script = "echo noise; echo READY kdc 250; echo READY kafka 1500; cat"
    server, told = start(servers, tmp_path, script)
    server.wait_ready("kdc", 10)
    server.wait_ready("kafka", 10)
    assert told == [("kdc", 0.25), ("kafka", 1.5)]


def test_a_server_that_dies_is_told_with_the_end_of_its_log(
    servers: list[Server], tmp_path: Path
) -> None:
    script = "echo 'the disk is full' >&2; printf '\\tat java.lang.Object\\n' >&2; exit 3"
    server, _ = start(servers, tmp_path, script)
    with pytest.raises(SandboxError) as died:
        server.wait_ready("kafka", 10)
    assert died.value.message == (
        "the sandbox's kafka ended with exit code 3 before it was ready; its log ends with:\n"
        "  the disk is full"
    )
    assert str(tmp_path / "kafka.log") in str(died.value.hint)


def test_a_server_that_is_too_slow_is_told(servers: list[Server], tmp_path: Path) -> None:
    server, _ = start(servers, tmp_path, "echo waiting >&2; cat")
    with pytest.raises(SandboxError, match="was not ready after 0 s"):
        server.wait_ready("kafka", 0.2)


def ended(record: ServerRecord) -> bool:
    end = time.monotonic() + PATIENCE
    while record.process():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_a_server_ends_when_its_input_is_closed(servers: list[Server], tmp_path: Path) -> None:
    server, _ = start(servers, tmp_path, "cat")
    assert server.record.process()
    server.close_input()
    assert ended(server.record)


def test_a_server_that_does_not_listen_is_killed(servers: list[Server], tmp_path: Path) -> None:
    server, _ = start(servers, tmp_path, "echo READY kafka 1; exec sleep 100")
    server.wait_ready("kafka", 10)
    stop([server.record], at_once=True)
    assert server.record.process() is None


def test_a_process_that_got_the_number_of_a_dead_one_is_not_taken_for_it(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "100"]) as other:
        stop([ServerRecord("kafka", other.pid, 12345.0)], at_once=True)
        assert other.poll() is None
        other.kill()


def test_the_files_of_a_server_are_for_its_user_alone(
    servers: list[Server], tmp_path: Path
) -> None:
    server, _ = start(servers, tmp_path, f"touch {tmp_path}/made; echo READY kafka 1; cat")
    server.wait_ready("kafka", 10)
    assert (tmp_path / "made").stat().st_mode & 0o077 == 0


def test_a_server_finds_the_programs_of_the_system_without_a_path(
    servers: list[Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent" + os.pathsep + os.defpath)
    server, _ = start(servers, tmp_path, "command -v bash >&2; echo READY kafka 1; cat")
    server.wait_ready("kafka", 10)
    assert tail(tmp_path / "kafka.log").strip().endswith("/bash")
