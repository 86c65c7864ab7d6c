# SPDX-License-Identifier: Apache-2.0
"""`flinksec doctor` on real servers: well where all is well, and each thing that is wrong by name.

All of them run in this process, so that those which need the same JVM share one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flinksec_jobs.cli import main
from flinksec_jobs.runtime import jvm, local_jvm
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sealed import KeyRing, SealedWriter
from tests.broken_settings import CANARY, CASES, Broken, Case, private, without_kdc
from tests.servers.secrets_search import keytab_keys

USED = ("--read-topic", "flights", "--write-topic", "delay-alerts", "--index", "delays",
        "--path", "/data/delays")  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def java(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The JVMs of these tests, one after the other, and none after them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLINKSEC_LOG_DIR", str(tmp_path_factory.mktemp("logs")))
        yield
        if local_jvm._current:
            local_jvm._current.pop().started.end()
            jvm.detach()


@pytest.fixture(scope="module")
def log(java: None) -> Path:
    from flinksec_jobs.runtime.local import log_directory

    return log_directory() / "doctor.log"


def diagnosis(settings: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """The exit code, the object, and all that was said."""
    done = CliRunner().invoke(
        main, ["doctor", "--json", "--settings", str(settings), *arguments], catch_exceptions=False
    )
    assert "Traceback" not in done.output
    return done.exit_code, json.loads(done.stdout), done.output


def findings(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [found for check in answer["checks"] for found in check["findings"]]


def test_all_is_well_with_the_sandbox_s_settings(sandbox: Sandbox) -> None:
    code, answer, said = diagnosis(sandbox.directory / "settings.toml", *USED)
    # The sandbox's Elasticsearch is that of its public artifacts, without the security of its own.
    assert [found["id"] for found in findings(answer)] == ["elasticsearch-rights-not-asked"]
    assert (code, answer["well"]) == (0, True)
    assert set(answer["counts"]) == {"ok", "not used"}
    told = {check["id"]: check for check in answer["checks"]}
    assert told["flink-section"]["result"] == "not used"
    assert "28 days left" in told["tls-endpoint"]["detail"]
    assert told["kerberos-key-version"]["detail"] == "version 1 at the KDC"
    assert "kafka/localhost@SANDBOX.LOCAL" in said
    assert told["hdfs-path"]["detail"] == "/data may be written"
    for secret in secrets_of(sandbox):
        assert secret not in said


def secrets_of(sandbox: Sandbox) -> list[str]:
    files = (path for path in (sandbox.directory / "secrets").rglob("*") if path.is_file())
    # A ticket cache among them is no text.
    texts = [path.read_text("utf-8", "surrogateescape") for path in files]
    keys = [key.hex() for key in keytab_keys(sandbox.keytab("flink").read_bytes())]
    assert len(texts) > 1
    assert keys
    return [*texts, *keys]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_what_the_errors_of_a_job_know_is_found(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    broken = case.make(sandbox, tmp_path)
    code, answer, said = diagnose(sandbox, broken, tmp_path, monkeypatch)
    assert code == (2 if case.is_unreadable else 1)
    assert answer["well"] is False
    assert case.setting in {named for found in findings(answer) for named in names_in(found)}
    assert [told for told in broken.mentions if told not in said] == []
    assert all(found["fix"] for found in findings(answer))
    assert CANARY not in said


def diagnose(
    sandbox: Sandbox, broken: Broken, home: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[int, dict[str, Any], str]:
    # In a file, as a JVM of another environment would be another JVM.
    settings = broken.write(sandbox, home)
    for name, value in broken.environment.items():
        monkeypatch.setenv(name, value)
    if hidden := broken.environment.get("PYTHONPATH"):
        monkeypatch.delitem(sys.modules, "flinksec_jobs_jre", raising=False)
        monkeypatch.syspath_prepend(hidden)
    return diagnosis(settings, *USED, *arguments)


def names_in(found: dict[str, Any]) -> set[str]:
    """The setting of a finding, and what its text begins with or looked at."""
    words = found["why"].replace(",", " ").replace(":", " ").split()
    return {str(found["where"].get("setting")), *words}


def test_a_kdc_that_does_not_answer_is_found(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = without_kdc(sandbox, tmp_path)
    _, answer, _ = diagnose(sandbox, broken, tmp_path, monkeypatch, "--only", "kerberos,clock,hdfs")
    (found,) = findings(answer)
    assert (found["id"], found["where"]["setting"]) == (
        "kdc-not-reached",
        "kerberos.krb5_conf",
    )
    results = {check["id"]: check["result"] for check in answer["checks"]}
    assert results["kerberos-keytab"] == "ok"
    assert {results["clock-kdc"], results["hdfs-connect"]} == {"not asked"}


@pytest.mark.parametrize(
    ("setting", "value", "check"),
    [
        ("kafka.kerberos_service_name", "broker", "kerberos-service"),
        ("kafka.bootstrap_servers", "no-such-host.invalid:9093", "dns-host"),
    ],
)  # fmt: skip
def test_what_a_job_would_be_told_otherwise_is_found_by_its_cause(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: str,
    check: str,
) -> None:
    broken = Broken({setting: value})
    _, answer, _ = diagnose(sandbox, broken, tmp_path, monkeypatch, "--only", "dns,kerberos")
    found = {one["id"]: [found["where"]["setting"] for found in one["findings"]]
             for one in answer["checks"] if one["findings"]}  # fmt: skip
    assert found[check] == [setting]


def test_the_keys_open_the_newest_checkpoint_of_each_job_or_are_named(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, other = tmp_path / "state", tmp_path / "other"
    for number in (7, 8):
        checkpoint = state / "flights" / "0a1b" / f"chk-{number}"
        checkpoint.mkdir(parents=True)
        with SealedWriter(checkpoint / "_metadata", KeyRing.open(sandbox.state_keys)) as file:
            file.write(bytes(100))
    other.mkdir()
    private(other / "new", bytes(range(32)))
    private(other / "primary", b"new")
    for keys in (sandbox.state_keys, other):
        broken = Broken({"state.directory": str(state), "state.keys": str(keys)})
        code, answer, _ = diagnose(sandbox, broken, tmp_path, monkeypatch, "--only", "state")
        told = {check["id"]: check for check in answer["checks"]}
        assert told["state-keys"]["result"] == "ok"
        if keys != other:
            assert (code, told["state-newest"]["detail"]) == (0, "flights: chk-8")
            continue
        (found,) = told["state-newest"]["findings"]
        assert (code, found["id"]) == (1, "checkpoint-not-opened")
        assert found["where"] == {"setting": "state.keys", "object": "the job flights"}
        assert "chk-8" in found["why"]


def test_rights_that_are_missing_are_named(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (case,) = [case for case in CASES if case.what == "a principal without rights"]
    broken = case.make(sandbox, tmp_path)
    _, answer, _ = diagnose(sandbox, broken, tmp_path, monkeypatch, "--only", "kafka,hdfs")
    told = {check["id"]: check["findings"] for check in answer["checks"]}
    assert told["kafka-connect"] == []
    assert told["kafka-topic"][0]["id"] == "kafka-not-authorized"
    assert told["hdfs-path"][0]["id"] == "hdfs-not-authorized"
    assert told["hdfs-path"][0]["where"]["setting"] == "kerberos.principal"
    assert "guest" in told["hdfs-path"][0]["why"]
