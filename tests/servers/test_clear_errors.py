# SPDX-License-Identifier: Apache-2.0
"""What is wrong ends a job before it is submitted, in one message that names the setting."""

import os
import re
import shutil
import stat
from pathlib import Path

import pytest

from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sandbox.ports import free_ports
from tests.servers.conftest import Ended, StartJob

PATIENCE = 120


def refusal(job_ended: Ended) -> str:
    """The error of a job that must not have been submitted."""
    assert job_ended.code == 1, job_ended.out + job_ended.err
    lines = [line for line in job_ended.err.splitlines() if not line.startswith("warning: ")]
    assert lines[0].startswith("error: "), job_ended.err
    assert any(line.startswith("hint: ") for line in lines), job_ended.err
    assert "Traceback" not in job_ended.err
    assert not re.search(r"^\s+at ", job_ended.err, re.MULTILINE)
    return lines[0]


def assert_not_submitted(logs: Path) -> None:
    said = "".join(path.read_text() for path in logs.glob("*")) if logs.exists() else ""
    assert "Starting Flink Mini Cluster" not in said


def test_a_keytab_with_another_key_is_refused(
    sandbox: Sandbox, start_job: StartJob, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.keytab"
    wrong.write_bytes(with_other_keys(sandbox.keytab("flink").read_bytes()))
    wrong.chmod(0o600)
    job = start_job(FLINKSEC_KERBEROS__KEYTAB=f"file:{wrong}")
    message = refusal(job.end(PATIENCE))
    assert "kerberos.keytab" in message
    assert str(wrong) in message
    assert_not_submitted(tmp_path / "logs")


def with_other_keys(keytab: bytes) -> bytes:
    """The same principal with keys that the KDC does not know."""
    from tests.servers.secrets_search import keytab_keys

    for key in keytab_keys(keytab):
        keytab = keytab.replace(key, bytes(byte ^ 0x55 for byte in key))
    return keytab


def test_a_keytab_of_another_principal_is_refused(
    sandbox: Sandbox, start_job: StartJob, tmp_path: Path
) -> None:
    job = start_job(FLINKSEC_KERBEROS__KEYTAB=f"file:{sandbox.keytab('guest')}")
    message = refusal(job.end(PATIENCE))
    assert "kerberos.keytab" in message
    assert "flink@SANDBOX.LOCAL" in message
    assert_not_submitted(tmp_path / "logs")


def test_a_missing_keytab_is_named(start_job: StartJob, tmp_path: Path) -> None:
    job = start_job(FLINKSEC_KERBEROS__KEYTAB=f"file:{tmp_path}/none.keytab")
    message = refusal(job.end(PATIENCE))
    assert "kerberos.keytab" in message
    assert f"{tmp_path}/none.keytab" in message


def test_an_unreachable_broker_is_named(start_job: StartJob, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    job = start_job(FLINKSEC_KAFKA__BOOTSTRAP_SERVERS=f"localhost:{port}")
    message = refusal(job.end(PATIENCE))
    assert "kafka.bootstrap_servers" in message
    assert f"localhost:{port}" in message
    assert_not_submitted(tmp_path / "logs")


def test_a_kafka_behind_an_unknown_ca_is_refused(
    sandbox: Sandbox, start_job: StartJob, tmp_path: Path
) -> None:
    job = start_job(FLINKSEC_KAFKA__CA_CERTS=str(sandbox.rogue_ca_certs))
    assert "kafka.ca_certs" in refusal(job.end(PATIENCE))
    assert_not_submitted(tmp_path / "logs")


def test_an_elasticsearch_behind_an_unknown_ca_is_refused(
    sandbox: Sandbox, start_job: StartJob, tmp_path: Path
) -> None:
    job = start_job(FLINKSEC_ELASTICSEARCH__CA_CERTS=str(sandbox.rogue_ca_certs))
    assert "elasticsearch.ca_certs" in refusal(job.end(PATIENCE))
    assert_not_submitted(tmp_path / "logs")


def test_a_wrong_password_of_elasticsearch_is_refused_and_not_repeated(
    start_job: StartJob, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("not-the-password-of-anyone")
    password.chmod(0o600)
    job = start_job(FLINKSEC_ELASTICSEARCH__PASSWORD=f"file:{password}")
    ended = job.end(PATIENCE)
    assert "elasticsearch.password" in refusal(ended)
    assert "not-the-password-of-anyone" not in ended.out + ended.err


def test_a_namenode_that_is_not_there_is_named(start_job: StartJob, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    job = start_job(FLINKSEC_HDFS__URI=f"hdfs://localhost:{port}")
    message = refusal(job.end(PATIENCE))
    assert "hdfs.uri" in message
    assert f"localhost:{port}" in message
    assert_not_submitted(tmp_path / "logs")


def test_a_hadoop_protection_that_differs_from_the_servers_is_refused(
    start_job: StartJob, tmp_path: Path
) -> None:
    job = start_job(FLINKSEC_HDFS__RPC_PROTECTION="authentication")
    message = refusal(job.end(PATIENCE))
    assert "hdfs.rpc_protection" in message
    assert_not_submitted(tmp_path / "logs")


def test_a_principal_without_rights_is_refused(
    sandbox: Sandbox, start_job: StartJob, tmp_path: Path
) -> None:
    job = start_job(
        FLINKSEC_KERBEROS__KEYTAB=f"file:{sandbox.keytab('guest')}",
        FLINKSEC_KERBEROS__PRINCIPAL="guest@SANDBOX.LOCAL",
    )
    message = refusal(job.end(PATIENCE))
    assert "kerberos.principal" in message
    assert_not_submitted(tmp_path / "logs")


def test_an_unknown_setting_is_named_with_the_nearest_right_one(
    sandbox: Sandbox, start_job: StartJob, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    text = sandbox.settings_toml().replace("ca_certs", "ca_cert", 1)
    settings.write_text(text)
    ended = start_job(settings).end(PATIENCE)
    refusal(ended)
    assert "kafka.ca_cert" in ended.err
    assert "ca_certs" in ended.err
    assert str(settings) in ended.err


def test_a_key_ring_that_others_can_read_is_refused(
    sandbox: Sandbox, start_job: StartJob, tmp_path: Path
) -> None:
    ring = tmp_path / "ring"
    shutil.copytree(sandbox.state_keys, ring)
    for key in ring.iterdir():
        key.chmod(key.stat().st_mode | stat.S_IROTH)
    message = refusal(start_job(FLINKSEC_STATE__KEYS=str(ring)).end(PATIENCE))
    assert "state.keys" in message or str(ring) in message
    assert_not_submitted(tmp_path / "logs")


def test_a_missing_key_ring_is_named(start_job: StartJob, tmp_path: Path) -> None:
    message = refusal(start_job(FLINKSEC_STATE__KEYS=f"{tmp_path}/no-ring").end(PATIENCE))
    assert "state.keys" in message
    assert f"{tmp_path}/no-ring" in message


@pytest.mark.parametrize("java_home", ["/nonexistent", ""])
def test_without_a_java_the_places_looked_at_are_named(
    start_job: StartJob, tmp_path: Path, java_home: str
) -> None:
    # The wheel with a Java, if it is installed here, must not be found either.
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "flinksec_jobs_jre.py").write_text("raise ImportError")
    job = start_job(JAVA_HOME=java_home, PATH=str(tmp_path), PYTHONPATH=str(hidden))
    message = refusal(job.end(PATIENCE))
    assert "no usable Java (17 to 21) was found" in message
    assert "JAVA_HOME" in message
    assert "PATH" in message


def test_a_failure_within_the_job_names_its_cause_first(
    sandbox: Sandbox, start_job: StartJob, tmp_path: Path
) -> None:
    """A directory of checkpoints that cannot be written is found when the job starts."""
    blocked = tmp_path / "a-file"
    blocked.write_text("in the way")
    ended = start_job(FLINKSEC_STATE__DIRECTORY=str(blocked)).end(PATIENCE)
    message = refusal(ended)
    assert "state.directory" in message or str(blocked) in message
    assert os.environ.get("FLINKSEC_STATE__DIRECTORY") is None
