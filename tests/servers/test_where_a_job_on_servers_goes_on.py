# SPDX-License-Identifier: Apache-2.0
"""A job that is killed, stopped with a savepoint and started again writes each record once."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.runtime import running
from flinksec_jobs.sandbox import Sandbox
from tests.patience import PATIENCE
from tests.servers.conftest import Ended, StartedJob

NAME = "платежи"
JOB = """
    import os

    from flinksec_jobs import SecureJob, record

    @record
    class Payment:
        id: str

    with SecureJob(os.environ["NAME"]) as job:
        payments = job.from_kafka(os.environ["TOPIC"], Payment)
        payments.sink_to(job.to_hdfs("/data/payments"))
        payments.sink_to(job.to_kafka("paid"))
        if "IN_THE_BLOCK" in os.environ:
            job.env.execute_async()
"""


class Payments:
    """The job, started as its users do."""

    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        self.sandbox = sandbox
        self.directory = directory
        self.script = directory / "payments.py"
        self.script.write_text(textwrap.dedent(JOB))
        self.settings = directory / "settings.toml"
        sandbox.write_settings(self.settings)
        self.produced = 0

    def produce(self, number: int) -> None:
        numbers = range(self.produced, self.produced + number)
        self.sandbox.produce("payments", [f'0\tk\t{{"id":"{i}"}}' for i in numbers])
        self.produced += number

    def start(self, **variables: str) -> StartedJob:
        kept = {
            "FLINKSEC_STATE__DIRECTORY": str(self.directory / "state"),
            "FLINKSEC_STATE__CHECKPOINT_INTERVAL": "1 s",
        }
        return self.start_without_state(**(kept | variables))

    def start_without_state(self, **variables: str) -> StartedJob:
        logs = str(self.directory / "logs")
        usual = {"NAME": NAME, "TOPIC": "payments", "FLINKSEC_LOG_DIR": logs}
        return StartedJob(self.settings, usual | variables, self.script)

    def wait_for_checkpoints(self, started: StartedJob, number: int) -> None:
        def are_complete() -> bool:
            job = running.of_process(started.process.pid)
            return job is not None and self._completed(job) >= number

        self.wait_for(started, are_complete)

    def wait_for(self, started: StartedJob, done: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and started.process.poll() is None:
            if done():
                return
            time.sleep(0.3)
        started.kill()
        raise AssertionError(f"it does not come to it: {started.process.communicate()}")

    def written(self) -> dict[str, list[str]]:
        found = {
            "Kafka": self.sandbox.consume("paid"),
            "HDFS": list(self.sandbox.hdfs_lines("/data/payments")),
        }
        return {
            where: sorted((json.loads(line)["id"] for line in lines), key=int)
            for where, lines in found.items()
        }

    def each_once(self) -> dict[str, list[str]]:
        ids = [str(number) for number in range(self.produced)]
        return {"Kafka": ids, "HDFS": ids}

    @staticmethod
    def _completed(job: running.RunningJob) -> int:
        try:
            answer = job.connect().get(f"/jobs/{job.job_id}/checkpoints")
        except FlinkSecError:
            return 0
        return int(answer["counts"]["completed"])


def flinksec(*arguments: str) -> Any:
    command = [sys.executable, "-m", "flinksec_jobs", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def payments(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Payments:
    sandbox.create_topics({"payments": 1, "paid": 1, "others": 1})
    return Payments(sandbox, tmp_path_factory.mktemp("goes-on"))


def refused(ended: Ended) -> str:
    assert ended.code == 1, ended
    return ended.err


def test_a_job_killed_then_stopped_with_a_savepoint_writes_each_record_once(
    payments: Payments,
) -> None:
    payments.produce(300)
    killed = payments.start()
    payments.wait_for_checkpoints(killed, 2)
    killed.kill()
    killed.process.communicate()

    payments.produce(300)
    stopped = payments.start()
    payments.wait_for_checkpoints(stopped, 1)
    told = flinksec("stop", NAME, "--savepoint", "--json")
    ended = stopped.end(PATIENCE)
    assert ended.code == 0, ended.err
    assert f"job {NAME} goes on from the checkpoint" in ended.err
    assert told["savepoint"].startswith("sealed+file:")
    # As far as the job had read by then, in both places.
    written = payments.written()
    ids = payments.each_once()["Kafka"][: len(written["Kafka"])]
    assert written == {"Kafka": ids, "HDFS": ids}
    assert ids

    payments.produce(10)
    again = payments.start(IN_THE_BLOCK="")
    payments.wait_for(again, lambda: payments.written() == payments.each_once())
    os.kill(again.process.pid, signal.SIGINT)
    ended = again.end(PATIENCE)
    savepoint = told["savepoint"].removeprefix("sealed+file:")
    assert f"job {NAME} goes on from the savepoint {savepoint} " in ended.err
    assert payments.written() == payments.each_once()

    # Another job is not let in, nor another topic: Flink itself would read the old one under it.
    named = {"FLINKSEC_FLINK": json.dumps({"execution.state-recovery.path": told["savepoint"]})}
    stolen = refused(payments.start(NAME="日次", TOPIC="others", **named).end(PATIENCE))
    assert f"belongs to the job {NAME}, and not to 日次" in stolen
    elsewhere = {"FLINKSEC_STATE__DIRECTORY": str(payments.directory / "elsewhere")}
    renamed = refused(payments.start(TOPIC="others", **elsewhere, **named).end(PATIENCE))
    assert f'what the job {NAME} does not have: "reads Kafka topic payments"' in renamed


def test_a_job_that_would_never_commit_is_refused(payments: Payments) -> None:
    text = payments.settings.read_text()
    before, state = text.split("[state]\n")
    after = state.partition("\n[")
    payments.settings.write_text(before + after[1] + after[2])
    try:
        told = refused(payments.start_without_state().end(PATIENCE))
    finally:
        payments.settings.write_text(text)
    assert "makes no checkpoints, and without one nothing that it writes to the HDFS path" in told
    assert "state.directory" in told
