# SPDX-License-Identifier: Apache-2.0
"""What is wrong ends a job before it is submitted, in one message that names the setting."""

import re
from pathlib import Path

import pytest

from flinksec_jobs.sandbox import Sandbox
from tests.broken_settings import CANARY, CASES, Case, without_kdc
from tests.patience import PATIENCE
from tests.servers.conftest import Ended, StartJob


def refusal(job_ended: Ended) -> str:
    """The error of a job that must not have been submitted."""
    assert job_ended.code == 1, job_ended.out + job_ended.err
    lines = [line for line in job_ended.err.splitlines() if not line.startswith("warning: ")]
    assert lines[0].startswith("error: "), job_ended.err
    assert any(line.startswith("hint: ") for line in lines), job_ended.err
    assert "Traceback" not in job_ended.err
    assert not re.search(r"^\s+at ", job_ended.err, re.MULTILINE)
    # Of several problems, each has a line of its own below the first.
    return "\n".join(lines[: next(i for i, line in enumerate(lines) if line.startswith("hint: "))])


def assert_not_submitted(logs: Path) -> None:
    said = "".join(path.read_text() for path in logs.glob("*")) if logs.exists() else ""
    assert "Starting Flink Mini Cluster" not in said


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_what_is_wrong_ends_a_job_before_it_is_submitted(
    sandbox: Sandbox, start_job: StartJob, tmp_path: Path, case: Case
) -> None:
    broken = case.make(sandbox, tmp_path)
    ended = start_job(broken.file, **broken.variables).end(PATIENCE)
    message = refusal(ended)
    assert case.setting in (ended.err if case.is_unreadable else message)
    assert [told for told in broken.mentions if told not in ended.err] == []
    assert CANARY not in ended.out + ended.err
    assert_not_submitted(tmp_path / "logs")


# Which Kafka's clients log in by themselves; Hadoop's client is not there.
OF_KAFKA_ALONE = """
from flinksec_jobs import SecureJob, record

@record
class Any:
    n: int

with SecureJob("of-kafka-alone") as job:
    job.from_kafka("any", Any, bounded=True).print()
"""


def test_a_kdc_that_is_away_is_not_taken_for_brokers_that_are(
    sandbox: Sandbox, start_job: StartJob, tmp_path: Path
) -> None:
    job = tmp_path / "of_kafka_alone.py"
    job.write_text(OF_KAFKA_ALONE)
    broken = without_kdc(sandbox, tmp_path)
    ended = start_job(job=job, **broken.variables).end(PATIENCE)
    message = refusal(ended)
    assert message.startswith("error: kerberos.krb5_conf: "), message
    assert "LoginException: no KDC answers (" in message
    assert "[kdc-not-reached]" in message
    assert "hint: check that a KDC that it names for the realm" in ended.err
    assert_not_submitted(tmp_path / "logs")
