# SPDX-License-Identifier: Apache-2.0
"""ConfigMaps of ours and kubeconfigs that somebody has edited: each is an error with a way out."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.cli.cluster_access import Access
from flinksec_jobs.deploy import kube_login
from flinksec_jobs.deploy.kept_json import KeptError, unpacked
from flinksec_jobs.deploy.kube_login import api_client
from flinksec_jobs.deploy.namespaces import default_namespace
from flinksec_jobs.errors import FlinkSecError
from tests.unit.deploy.command_line import call, file_of
from tests.unit.deploy.fakes import Bench, FakeFlink, version

NEW = "registry/job@sha256:new"
PAST = {"id": 1, "command": 2, "who": 3, "started": "x", "ended": None, "outcome": "magic"}
OPERATION = {"id": "x", "command": "upgrade", "who": "w", "started": 1.0, "source": "one"}
RECORDS: dict[str, dict[str, str]] = {
    "garbage": {"current": "}{"},
    "another shape": {"current": "[]", "history": "{}"},
    "numbers": {"current": "5"},
    "of a newer version": {"current": json.dumps({"revision": 1, "job_id": "a", "mood": 1})},
    "other types": {"current": json.dumps({"revision": "one", "job_id": 5})},
    "a past of other types": {"history": json.dumps([PAST])},
    "an operation of other types": {
        "operation": json.dumps(OPERATION),
        "phase-01-stopping": '{"at": 1}',
    },
    "no operation": {"operation": "null", "phase-01-stopping": "null"},
    "no phase": {"operation": json.dumps(OPERATION | {"source": 1})},
    "an unknown phase": {"operation": "{}", "phase-01-nonsense": '{"at": 1}'},
    "deep": {"current": "[" * 100_000},
    "a huge number": {"history": "9" * 5000},
}
COMMANDS = (
    ("history",),
    ("resume",),
    ("stop",),
    ("rollback",),
    ("restart",),
    ("recover", "--yes"),
    ("savepoint",),
)


@pytest.mark.parametrize("data", RECORDS.values(), ids=RECORDS)
def test_a_record_that_was_edited_stops_every_command_with_a_way_out(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: dict[str, str]
) -> None:
    flink = contextlib.nullcontext(FakeFlink(bench.world))
    monkeypatch.setattr(Access, "flink", lambda _: flink)
    call("deploy", file_of(version(), tmp_path), "--steady", "6")
    before = bench.job_id()
    bench.world.objects["ConfigMap", "flinksec-record"]["data"] = data
    new = file_of(version(NEW), tmp_path)
    for command in (*COMMANDS, ("upgrade", new), ("deploy", new)):
        done = call(*command)
        assert isinstance(done.exception, SystemExit), (command, done.exception)
        assert done.exit_code == 1, (command, done.output)
        assert "is not understood" in done.stderr, (command, done.stderr)
        assert "kubectl" in done.stderr
    assert bench.job_id() == before
    # The way out that is told.
    del bench.world.objects["ConfigMap", "flinksec-record"]
    again = call("deploy", file_of(version(), tmp_path), "--steady", "6")
    assert (again.exit_code, "is recorded now" in again.stdout) == (0, True), again.output
    assert call("upgrade", file_of(version(NEW), tmp_path), "--steady", "6").exit_code == 0
    assert bench.running() == NEW


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"about": "}{"}},
        {"data": {}},
        {"data": {"about": "[]"}},
        {"binaryData": {}},
        {"binaryData": {"objects.json.gz": "!"}},
        {"binaryData": {"objects.json.gz": base64.b64encode(b"no gzip").decode()}},
        {"binaryData": {"objects.json.gz": base64.b64encode(gzip.compress(b"[5]")).decode()}},
    ],
    ids=lambda one: str(one)[:40],
)
def test_a_revision_that_was_edited_can_be_recorded_anew(
    bench: Bench, tmp_path: Path, change: dict[str, Any]
) -> None:
    old, new = file_of(version(), tmp_path), tmp_path / "new.yaml"
    call("deploy", old, "--steady", "6")
    bench.world.objects["ConfigMap", "flinksec-revision-1"].update(change)
    text = Path(old).read_text()
    new.write_text(Path(file_of(version(NEW), tmp_path)).read_text())
    Path(old).write_text(text)
    done = call("upgrade", str(new))
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit), done.exception
    assert "`kubectl delete configmap flinksec-re" in done.stderr
    for name in ("flinksec-record", "flinksec-revision-1"):
        del bench.world.objects["ConfigMap", name]
    assert "is recorded now" in call("deploy", old, "--steady", "6").stdout
    assert call("upgrade", str(new), "--steady", "6").exit_code == 0


def test_what_unpacks_to_more_than_any_version_is_refused() -> None:
    with pytest.raises(KeptError, match="larger than any version"):
        unpacked(gzip.compress(bytes(65 << 20)))
    with pytest.raises(KeptError, match="cut short"):
        unpacked(gzip.compress(b"abc")[:-6])


GOOD = """\
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: x}}]
contexts: [{name: c, context: {cluster: c, user: u, namespace: flights}}]
current-context: c
"""


@pytest.mark.parametrize(
    "text",
    [
        *("{", "5", "[]", "hello", "", "\0\1", "a: &a [*a]"),
        GOOD.replace("contexts: [", "contexts: [5, "),
        GOOD.replace("current-context: c", "current-context: gone"),
        GOOD.replace("user: {token: x}", "user: null"),
        GOOD.replace("token: x", "client-certificate: /gone, client-key: /gone"),
        GOOD.replace('{server: "https://127.0.0.1:1"}', "{}"),
        GOOD.replace("https", "http"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_an_error_and_no_token_goes_out_in_clear(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
    monkeypatch.setattr(kube_login, "in_pod", lambda: False)
    with pytest.raises(FlinkSecError) as caught:
        api_client()
    assert caught.value.hint
    with contextlib.suppress(FlinkSecError):  # and nothing else
        default_namespace()
    path.write_text(GOOD)
    assert api_client().configuration.host == "https://127.0.0.1:1"
    with pytest.raises(FlinkSecError, match="no login"):
        api_client("another")
