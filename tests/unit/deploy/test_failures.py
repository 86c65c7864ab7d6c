# SPDX-License-Identifier: Apache-2.0
"""How the commands on a deployment fail: one object for programs, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.cli import deploy_session
from flinksec_jobs.cli.cluster_access import Access
from flinksec_jobs.deploy import kube_login
from flinksec_jobs.deploy.commands import Commands
from flinksec_jobs.deploy.job_version import version_of
from flinksec_jobs.deploy.kube_answers import unreachable
from flinksec_jobs.deploy.kube_errors import KubeError
from flinksec_jobs.deploy.lease import SECONDS
from flinksec_jobs.errors import DeployError
from flinksec_jobs.flink_rest.client_files import client_files
from tests.unit.deploy.command_line import call, file_of
from tests.unit.deploy.fakes import Bench, version
from tests.unit.deploy.test_edited_by_hand import GOOD

LEASE = ("Lease", "flinksec-deploy")


@pytest.mark.parametrize(
    "command",
    [["deploy", "/gone"], ["upgrade", "/gone"], ["rollback"], ["restart"], ["recover"], ["status"]],
)
def test_a_command_that_fails_prints_one_object(bench: Bench, command: list[str]) -> None:
    done = call(*command, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["ok"], told["exit_code"]) == (1, False, 1), done.output
    assert f"error: {told['error']['message']}" in done.stderr
    assert told["error"].keys() == {"message", "hint", "findings"}


@pytest.mark.parametrize("command", [["resume"], ["stop"], ["savepoint"], ["rescale", "2"]])
def test_a_command_whose_end_is_not_known_prints_one_object(
    bench: Bench, command: list[str]
) -> None:
    faults = bench.world.faults
    faults.at, faults.last = 0, 10**6
    faults.error = lambda _: unreachable("connection refused")
    done = call(*command, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["ok"], told["exit_code"]) == (5, False, 5), done.output


def test_a_command_that_ends_well_says_so(bench: Bench, tmp_path: Path) -> None:
    done = call("deploy", file_of(version(), tmp_path), "--json", "--steady", "6")
    told = json.loads(done.stdout)
    assert (told["ok"], told["exit_code"], told["outcome"]) == (True, 0, "accepted")


def test_a_job_that_has_failed_for_good_is_no_good_end_of_resume(
    bench: Bench, tmp_path: Path
) -> None:
    assert call("deploy", file_of(version("fails"), tmp_path), "--steady", "6").exit_code == 5
    done = call("resume", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["ok"], told["exit_code"]) == (5, False, 5), done.output
    assert "flinksec recover" in told["why"]


def test_a_recovery_that_nobody_confirms_is_refused_with_one_object(
    bench: Bench, tmp_path: Path
) -> None:
    call("deploy", file_of(version(), tmp_path), "--steady", "6")
    next(bench.world.flink_jobs()).image = "fails"
    bench.rest(5)
    done = call("recover", "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["exit_code"]) == (1, 1)
    assert told["error"]["hint"] == "--yes confirms it"


def test_what_is_left_of_a_job_that_has_failed_for_good_is_stopped(
    bench: Bench, tmp_path: Path
) -> None:
    call("deploy", file_of(version(), tmp_path), "--steady", "6")
    next(bench.world.flink_jobs()).image = "fails"
    bench.rest(5)
    assert bench.world.workers
    done = call("stop")
    assert done.exit_code == 0
    assert "flinksec recover" in done.output
    bench.rest(5)
    assert not bench.world.workers
    done = call("recover", "--yes", "--steady", "6")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_certificate_that_is_missing_is_seen_before_anything_is_touched(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    monkeypatch.setattr(deploy_session, "client_files", client_files)
    done = call("deploy", file_of(version(), tmp_path), "--client", str(tmp_path), *more)
    assert done.exit_code == 1
    assert "client certificate for Flink's REST" in done.stderr
    assert "certs/cli" in done.stderr
    assert bench.world.objects == {}


def test_the_lease_is_given_back_when_flink_cannot_be_reached(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise DeployError("it went wrong")

    monkeypatch.setattr(deploy_session, "reach", fails)
    assert call("deploy", file_of(version(), tmp_path)).exit_code == 1
    assert bench.world.objects[LEASE]["spec"]["holderIdentity"] == ""


@pytest.mark.parametrize("command", [["savepoint"], ["rescale", "2"], ["stop"]])
def test_flink_is_asked_for_no_change_by_a_command_that_hung_until_another_had_its_lease(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    bench.commands().deploy(version())

    def wake_up(*given: Any, **named: Any) -> None:
        ask = named.get("before_change") or given[-1]
        ask()
        bench.world.objects[LEASE]["spec"]["holderIdentity"] = "bob"
        bench.world.sleep(SECONDS + 1)
        ask()

    monkeypatch.setattr(Access, "flink", wake_up)
    monkeypatch.setattr(deploy_session, "reach", wake_up)
    done = call(*command)
    assert done.exit_code == 1
    assert "another may be at work now: bob" in done.stderr


@pytest.mark.parametrize("command", [["savepoint"], ["rescale", "2"]])
def test_sigterm_gives_back_the_lease_of_commands_that_are_no_operation(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    bench.commands().deploy(version())
    holders = []

    def terminate(*_: object) -> None:
        holders.append(bench.world.objects[LEASE]["spec"]["holderIdentity"])
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Access, "flink", terminate)
    assert call(*command).exit_code == 143
    assert f"(process {os.getpid()})" in holders[0]
    assert bench.world.objects[LEASE]["spec"]["holderIdentity"] == ""


@pytest.mark.parametrize(
    ("sent", "code", "said"),
    [(signal.SIGTERM, 143, "it was ended by SIGTERM"), (signal.SIGINT, 130, "it was interrupted")],
)
def test_a_command_that_is_ended_by_a_signal_prints_one_object(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals, code: int, said: str
) -> None:
    handler = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(Commands, "finish", lambda _: os.kill(os.getpid(), sent))
    try:
        done = call("resume", "--json")
    finally:
        signal.signal(signal.SIGINT, handler)  # which a command that was interrupted ignores
    told = json.loads(done.stdout)
    assert (done.exit_code, told["ok"], told["exit_code"]) == (code, False, code)
    assert told["error"]["message"] == said


def test_what_goes_on_until_it_is_interrupted_prints_no_failure_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handler = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(Access, "api", lambda *_: os.kill(os.getpid(), signal.SIGINT))
    try:
        done = call("status", "--watch", "5", "--json")
    finally:
        signal.signal(signal.SIGINT, handler)
    assert (done.exit_code, done.stdout) == (130, "")


def test_sigterm_gives_back_the_lease(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(Commands, "finish", lambda _: os.kill(os.getpid(), signal.SIGTERM))
    assert call("resume").exit_code == 143
    assert bench.world.objects[LEASE]["spec"]["holderIdentity"] == ""
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ConfigMap", "flinksec-record"),
        ("ConfigMap", "flinksec-revision-7"),
        ("ConfigMap", "flinksec-savepoints"),
        ("Lease", "flinksec-deploy"),
        ("Job", "flink-check"),
    ],
)
def test_objects_of_the_commands_own_are_refused(kind: str, name: str) -> None:
    own = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
    with pytest.raises(DeployError, match=f"commands' own.*{kind}/{name}"):
        version_of([*version().objects, own])


PLUGIN = (
    "exec: {apiVersion: client.authentication.k8s.io/v1, command: false, interactiveMode: Never}"
)


@pytest.mark.parametrize(
    ("user", "said"),
    [
        (PLUGIN.replace("false", "'false'"), "no login for the API server: exec: "),
        (PLUGIN.replace("false", "/gone"), "no login for the API server"),
        ("username: a, password: b", "a username and a password"),
        ("{}", "neither a token nor a certificate"),
    ],
)
def test_a_login_that_would_be_nobodys_is_refused_by_name(
    user: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(GOOD.replace("{token: x}", user if user == "{}" else f"{{{user}}}"))
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    monkeypatch.setattr(kube_login, "in_pod", lambda: False)
    with pytest.raises(KubeError, match=said):
        kube_login.api_client()
    assert "ERROR:root" not in capfd.readouterr().err


def test_a_kubeconfig_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("{{{{ nope")
    monkeypatch.setenv("KUBECONFIG", str(path))
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    monkeypatch.setattr(kube_login, "in_pod", lambda: False)
    with pytest.raises(DeployError, match=str(path)):
        Access(None, None, None).api()
