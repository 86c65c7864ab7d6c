# SPDX-License-Identifier: Apache-2.0
"""The command line of deployments: what is read, what is printed, and how it exits."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from flinksec_jobs.cli.cluster_access import Access
from flinksec_jobs.deploy.job_version import Version
from flinksec_jobs.deploy.kube_answers import unreachable
from flinksec_jobs.deploy.kube_errors import KubeUnreachableError
from flinksec_jobs.deploy.savepoint_book import KeptSavepoint
from flinksec_jobs.deploy.take_savepoint import SavepointTaker, Taken
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.yaml_writing import yaml_text
from tests.unit.deploy.command_line import call, file_of
from tests.unit.deploy.fakes import Bench, version

NEW = "registry/job@sha256:new"


def test_a_deployment_from_the_first_start_to_the_stop(bench: Bench, tmp_path: Path) -> None:
    old, steady = file_of(version(), tmp_path), ("--steady", "6")
    done = call("deploy", old, *steady)
    assert (done.exit_code, "deploy to revision 1 by alice: accepted" in done.stdout) == (0, True)
    assert done.output.count("accepted") == 1, done.output
    again = call("deploy", old, *steady)
    assert (again.exit_code, again.stdout) == (0, "this version runs already: nothing to do\n")
    upgraded = call("upgrade", "-", "--json", *steady, stdin=yaml_text(version(NEW).objects))
    assert upgraded.exit_code == 0, upgraded.stderr
    told = json.loads(upgraded.stdout)
    assert (told["outcome"], told["image"], told["target"]) == ("accepted", NEW, 2)
    assert told["stood_still"] > 0
    assert "the job has ended with the savepoint" in upgraded.stderr
    stopped = call("stop", "--json")
    assert stopped.exit_code == 0, stopped.stderr
    assert json.loads(stopped.stdout)["outcome"] == "stopped"


def test_what_came_of_another_command_is_told_once_before_what_came_of_this_one(
    bench: Bench, tmp_path: Path
) -> None:
    call("deploy", file_of(version(), tmp_path), "--steady", "6")
    left = call("upgrade", file_of(version(NEW), tmp_path), "--no-wait", "--steady", "6")
    assert (left.exit_code, "flinksec resume" in left.stdout) == (0, True)
    third = call("upgrade", file_of(version("third"), tmp_path), "--steady", "6")
    assert third.exit_code == 0, third.output
    assert third.stderr.count("upgrade to revision 2 by alice: accepted") == 1
    assert third.output.count(": accepted") == 2
    assert "upgrade to revision 3 by alice: accepted" in third.stdout
    call("upgrade", file_of(version(NEW), tmp_path), "--no-wait", "--steady", "6")
    resumed = call("resume")
    assert resumed.output.count(": accepted") == 1
    assert "accepted" in resumed.stdout


def test_each_end_has_an_exit_code_of_its_own(bench: Bench, tmp_path: Path) -> None:
    call("deploy", file_of(version(), tmp_path), "--steady", "6")
    back = call("upgrade", file_of(version("crashes"), tmp_path), "--steady", "6")
    assert (back.exit_code, "rolled back" in back.stdout) == (4, True)
    refused = call("upgrade", file_of(version("drops"), tmp_path))
    assert (refused.exit_code, "the state of count" in refused.stderr) == (1, True)
    bench.world.stop_goes = "fails"
    runs_on = call("upgrade", file_of(version(NEW), tmp_path))
    assert (runs_on.exit_code, "the job runs on" in runs_on.stdout) == (1, True)


def test_a_command_that_loses_the_api_server_on_its_way_ends_with_unclear(
    bench: Bench, tmp_path: Path
) -> None:
    call("deploy", file_of(version(), tmp_path), "--steady", "6")
    new = file_of(version(NEW), tmp_path)
    faults = bench.world.faults
    faults.calls.clear()
    faults.at, faults.last = 60, 10**6
    faults.error = lambda _: KubeUnreachableError("the API server does not answer", hint="wait")
    gone = call("upgrade", new, "--steady", "6")
    assert gone.exit_code == 5, gone.output
    assert "hint: wait" in gone.stderr
    faults.stop()
    done = call("resume", "--steady", "6")
    assert (done.exit_code, "found upgrade to revision 2 by alice" in done.stderr) == (0, True)
    assert bench.running() == NEW


@pytest.mark.parametrize("command", [("resume",), ("stop",), ("savepoint",), ("rescale", "2")])
def test_a_command_that_never_reaches_the_api_server_ends_with_unclear_and_says_how_to_go_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr(Access, "flink", lambda *_: contextlib.nullcontext())
    faults = bench.world.faults
    faults.at, faults.last = 0, 10**6
    faults.error = lambda _: unreachable("connection refused")
    gone = call(*command)
    assert gone.exit_code == 5, gone.output
    assert "error: the API server does not answer: connection refused" in gone.stderr
    assert "hint: run the same command again" in gone.stderr


def test_a_dry_run_shows_what_would_change_and_changes_nothing(
    bench: Bench, tmp_path: Path
) -> None:
    call("deploy", file_of(version(), tmp_path), "--steady", "6")
    starts = len(bench.world.starts)
    shown = call("upgrade", file_of(version(NEW, "new"), tmp_path), "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert "ConfigMap/job-settings: changed" in shown.stdout
    assert "+  settings.toml: a = 'new'" in shown.stdout
    assert "Role/flink-jobmanager" not in shown.stdout
    assert len(bench.world.starts) == starts
    assert (
        json.loads(
            call(
                "upgrade", "-", "--dry-run", "--json", stdin=yaml_text(version(NEW).objects)
            ).stdout
        )["namespace"]
        == "flights"
    )


def test_a_recovery_shows_what_there_is_and_asks(bench: Bench, tmp_path: Path) -> None:
    call("deploy", file_of(version(), tmp_path), "--steady", "6")
    bench.rest()
    next(bench.world.flink_jobs()).image = "fails"
    bench.rest(5)
    no = call("recover", stdin="n\n")
    assert (no.exit_code, "Go on from sealed+file:///mnt/state/checkpoints" in no.stderr) == (
        1,
        True,
    )
    yes = call("recover", "--yes", "--steady", "6")
    assert (yes.exit_code, "accepted" in yes.stdout) == (0, True), yes.output


def test_a_savepoint_is_told_with_those_that_stay_and_why(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("deploy", file_of(version(), tmp_path), "--steady", "6")
    taken = Taken(
        KeptSavepoint("sealed+file:/s/savepoint-0-b", "0", 1.0, {}),
        adopted=False,
        removed=("savepoint-0-0",),
        kept={"savepoint-0-b": "it is the last good one", "savepoint-0-a": "the job needs it"},
        bytes=2048,
        seconds=1.0,
    )
    monkeypatch.setattr(SavepointTaker, "take", lambda *_: taken)
    monkeypatch.setattr(Access, "flink", lambda *_: contextlib.nullcontext())
    assert call("savepoint", "--keep", "2").stdout.splitlines() == [
        "sealed+file:/s/savepoint-0-b: 2 KiB, written in 1 s",
        "1 old savepoint removed: savepoint-0-0",
        "2 savepoints kept:",
        "  savepoint-0-b: it is the last good one",
        "  savepoint-0-a: the job needs it",
    ]
    assert json.loads(call("savepoint", "--keep=2", "--json").stdout)["kept"] == taken.kept


def test_manifests_with_a_problem_are_refused(tmp_path: Path) -> None:
    refused = call("deploy", file_of(version(), tmp_path))
    assert refused.exit_code == 1
    assert "problems in" in refused.stderr


def test_options_of_this_machine_are_refused_without_a_job() -> None:
    assert call("stop", "--savepoint").exit_code == 2


def test_a_first_deployment_makes_its_namespace(bench: Bench, tmp_path: Path) -> None:
    named = [
        one | {"metadata": one["metadata"] | {"namespace": "flights"}} for one in version().objects
    ]
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "flights"}}
    done = call("deploy", file_of(Version([space, *named]), tmp_path), "--steady", "6")
    assert done.exit_code == 0, done.output
    assert ("Namespace", "flights") in bench.world.objects


def test_the_error_of_a_missing_client_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from flinksec_jobs.deploy import kube_login

    monkeypatch.setitem(__import__("sys").modules, "kubernetes", None)
    with pytest.raises(FlinkSecError, match="kubernetes") as caught:
        kube_login.api_client()
    assert caught.value.hint == "pip install 'flinksec-jobs[kubernetes]'"
