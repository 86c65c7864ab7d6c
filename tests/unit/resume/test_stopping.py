# SPDX-License-Identifier: Apache-2.0
"""Stopping a local run: what is asked of Flink, and what its answers mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flinksec_jobs.cli import main
from flinksec_jobs.errors import ResumeError
from flinksec_jobs.resume import stopping
from flinksec_jobs.runtime import running
from flinksec_jobs.runtime.local_tls import ClientFiles
from flinksec_jobs.runtime.rest import RestRefusedError, RestUnreachableError

JOB_ID = "ab" * 16
SEALED = "sealed+file:/mnt/state/job"


@dataclass
class Flink:
    """Answers as Flink's REST server does.

    Attributes:
        default: ``execution.checkpointing.savepoint-dir``.
        operation: what comes of the savepoint.
        asked: what was sent.
        polls: how often the savepoint was asked for.
        ended: whether it answers no more.
    """

    default: str | None = SEALED
    operation: dict[str, Any] = field(default_factory=lambda: {"location": f"{SEALED}/savepoint-1"})
    asked: list[tuple[str, Any]] = field(default_factory=list)
    polls: int = 0
    ended: bool = False

    def get(self, path: str) -> Any:
        if path == "/jobmanager/config":
            key = "execution.checkpointing.savepoint-dir"
            return [{"key": key, "value": self.default}] if self.default else []
        if self.ended:
            raise RestUnreachableError("it does not answer")
        self.polls += 1
        if self.polls == 1:
            raise RestRefusedError("not known yet", 404)
        status = "IN_PROGRESS" if self.polls == 2 else "COMPLETED"
        return {"status": {"id": status}, "operation": self.operation}

    def post(self, path: str, body: Any) -> Any:
        self.asked.append((path, body))
        return {"request-id": body["triggerId"]}

    def patch(self, path: str) -> Any:
        self.asked.append((path, None))


def running_job(name: str = "job", job_id: str = JOB_ID, process: int = 7) -> running.RunningJob:
    files = ClientFiles(Path("/c"), Path("/k"))
    return running.RunningJob(name, job_id, process, "https://127.0.0.1:1", files, Path("/log"))


@pytest.fixture
def flink(monkeypatch: pytest.MonkeyPatch) -> Flink:
    made = Flink()
    monkeypatch.setattr(running.RunningJob, "connect", lambda _: made)
    monkeypatch.setattr(running, "jobs", list)
    monkeypatch.setattr(stopping, "_POLL_SECONDS", 0)
    return made


def stop(directory: str | None = None, *, in_clear: bool = False) -> str:
    return stopping.stop_with_savepoint(running_job(), directory, in_clear=in_clear, timeout=5)


@pytest.mark.parametrize(
    ("directory", "in_clear", "default", "target"),
    [
        (None, False, SEALED, SEALED),
        (None, False, "file:/mnt/state/job", "file:/mnt/state/job"),
        ("/backup", False, SEALED, "sealed+file:///backup"),
        ("sealed+file:///backup", False, SEALED, "sealed+file:///backup"),
        ("hdfs://n:1/b", False, SEALED, "sealed+hdfs://n:1/b"),
        ("/backup", True, SEALED, "file:///backup"),
        ("file:///backup", True, SEALED, "file:///backup"),
        ("/backup", False, "file:/mnt/state/job", "file:///backup"),
        ("/backup", True, None, "file:///backup"),
    ],
)
def test_a_savepoint_is_sealed_as_the_state_is_unless_it_is_asked_for_in_clear(
    flink: Flink, directory: str | None, in_clear: bool, default: str, target: str
) -> None:
    flink.default = default
    assert stop(directory, in_clear=in_clear) == f"{SEALED}/savepoint-1"
    ((path, body),) = flink.asked
    assert path == f"/jobs/{JOB_ID}/stop"
    assert (body["targetDirectory"], body["drain"]) == (target, False)
    assert len(body["triggerId"]) == 32


@pytest.mark.parametrize(
    ("directory", "in_clear", "default", "why"),
    [
        ("file:///backup", False, SEALED, "names a savepoint in clear"),
        ("sealed+file:///backup", True, SEALED, "--in-clear contradicts"),
        ("sealed+file:///backup", False, "file:/mnt", "the job's state is not sealed"),
        ("/backup", False, None, "the job's state is not sealed"),
        (None, False, None, "their settings have no|its settings have no"),
        (None, True, SEALED, "has no place in the job's own directory"),
    ],
)
def test_what_would_be_in_clear_unasked_or_has_no_place_is_refused(
    flink: Flink, directory: str | None, in_clear: bool, default: str | None, why: str
) -> None:
    flink.default = default
    with pytest.raises(ResumeError, match=why):
        stop(directory, in_clear=in_clear)
    assert flink.asked == []


def test_a_savepoint_that_failed_is_told_with_its_cause(flink: Flink) -> None:
    trace = "CompletionException: x\n\tat a.b\nCaused by: java.io.IOException: full"
    flink.operation = {"failure-cause": {"class": "x", "stack-trace": trace}}
    with pytest.raises(
        ResumeError, match=r"not stopped with a savepoint: java\.io\.IOException: full"
    ):
        stop()


def test_a_server_that_ended_with_its_job_leaves_the_savepoint_to_be_found(
    flink: Flink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = f"savepoint-{JOB_ID[:6]}"
    for name in (f"{run}-old", f"{run}-incomplete", "savepoint-000000-other"):
        (tmp_path / name).mkdir()
    (tmp_path / f"{run}-old" / "_metadata").touch()

    def end(_: str, body: Any) -> None:
        (tmp_path / f"{run}-new").mkdir()
        (tmp_path / f"{run}-new" / "_metadata").touch()
        flink.ended = True

    monkeypatch.setattr(flink, "post", end)
    assert stop(str(tmp_path)) == f"sealed+file:{tmp_path}/{run}-new"

    flink.ended = False
    monkeypatch.setattr(flink, "post", lambda *_: setattr(flink, "ended", True))
    with pytest.raises(ResumeError, match="has ended, and did not say with which savepoint"):
        stop(str(tmp_path))


def test_a_job_is_stopped_by_its_name_or_its_id(
    flink: Flink, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = [running_job("a"), running_job("b", "cd" * 16), running_job("b", "ef" * 16, 8)]
    monkeypatch.setattr(running, "jobs", lambda: there)
    none = CliRunner().invoke(main, ["stop", "c"])
    assert none.exit_code == 1
    assert "no job named c of this user runs on this machine" in none.output
    assert "running: a, b;" in none.output
    two = CliRunner().invoke(main, ["stop", "b", "--savepoint"])
    assert two.exit_code == 1
    assert f"{'cd' * 16} (process 7), {'ef' * 16} (process 8)" in two.output
    assert flink.asked == []

    monkeypatch.setattr(stopping, "_still_announced", lambda _: False)
    one = CliRunner().invoke(main, ["stop", "cd" * 16, "--savepoint", "--json"])
    assert one.exit_code == 0, one.output
    assert f'"savepoint": "{SEALED}/savepoint-1"' in one.output
    cancelled = CliRunner().invoke(main, ["stop", "a"])
    assert cancelled.output == "a was cancelled\n"
    assert flink.asked[-1] == (f"/jobs/{JOB_ID}?mode=cancel", None)
