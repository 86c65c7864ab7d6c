# SPDX-License-Identifier: Apache-2.0
"""``flinksec manifests check``: output, exit codes, and skips with reasons."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flinksec_jobs.cli import main

CONFIG_MAP = "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: x\n"
SECRET = "kind: Secret\napiVersion: v1\nmetadata:\n  name: x\n"


def _check(text: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["manifests", "check", *options], text)


def test_without_findings_it_exits_with_0() -> None:
    result = _check(CONFIG_MAP)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no problems in 1 objects\n"


def test_a_finding_has_an_id_a_place_a_reason_and_a_way_out() -> None:
    result = _check(SECRET + "data:\n  key: aGk=\n")
    assert result.exit_code == 1
    told, hint = result.stdout.splitlines()
    assert told == (
        "problem: default/Secret/x: data: the value of a Secret stands in the manifests, and "
        "wherever these are kept [secret-object]"
    )
    assert hint.startswith("  hint: create Secrets beside the manifests")
    assert result.stderr == "1 problem in 1 objects\n"


def test_no_secret_value_is_printed() -> None:
    data = "data:\n  db.password: hunter2\n  url: https://me:hunter2@example.com\n"
    pod = (
        "---\n{kind: Pod, apiVersion: v1, metadata: {name: p}, spec: {containers: [{name: c, "
        "args: [-Dx.password=hunter2], env: [{name: A_TOKEN, value: hunter2}]}]}}\n"
    )
    result = _check(CONFIG_MAP + data + pod, "--json")
    ids = {found["id"] for found in json.loads(result.stdout)["findings"]}
    assert {"secret-in-config-map", "secret-in-arguments", "secret-value-in-env"} <= ids
    assert "hunter2" not in result.output


def test_json_has_every_finding() -> None:
    result = _check(SECRET + "stringData:\n  key: hi\n", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "objects": 1,
        "not_looked_at": 0,
        "files_unread": 0,
        "skipped": [],
        "findings": [
            {
                "id": "secret-object",
                "severity": "problem",
                "where": {"object": "default/Secret/x", "field": "stringData"},
                "why": "the value of a Secret stands in the manifests, and wherever these are kept",
                "fix": "create Secrets beside the manifests: docs/kubernetes.md lists them",
            }
        ],
    }


def test_files_are_one_deployment(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(CONFIG_MAP)
    (tmp_path / "b.yaml").write_text(CONFIG_MAP)
    files = [str(tmp_path / name) for name in ("a.yaml", "b.yaml")]
    result = CliRunner().invoke(main, ["manifests", "check", *files])
    assert result.exit_code == 1
    assert result.stdout.startswith("problem: default/ConfigMap/x")
    assert "[shape-duplicate]" in result.stdout


def test_nothing_to_check_is_an_error() -> None:
    result = _check("---\n---\n")
    assert result.exit_code == 1
    assert "there is no Kubernetes object to check" in result.stderr


def _skip(rule: str, reason: str) -> str:
    return f"  annotations:\n    skip.flinksec.org/{rule}: '{reason}'\n"


def test_a_rule_is_skipped_for_a_reason() -> None:
    text = SECRET + _skip("secret-object", "an example without value") + "data:\n  key: aGk=\n"
    result = _check(text)
    assert result.exit_code == 0
    assert result.stderr == "no problems in 1 objects; 1 skipped by annotations\n"
    told, reason = result.stdout.splitlines()
    assert told.startswith("skipped: default/Secret/x: data: the value of a Secret stands")
    assert reason == "  reason: an example without value"


def test_what_is_skipped_is_in_the_json_with_its_reason() -> None:
    text = SECRET + _skip("secret-object", "an example without value") + "data:\n  key: aGk=\n"
    (skipped,) = json.loads(_check(text, "--json").stdout)["skipped"]
    assert (skipped["id"], skipped["reason"]) == ("secret-object", "an example without value")


@pytest.mark.parametrize("api", ["ours/v1", "v1"])
def test_a_skip_counts_for_its_own_object_and_no_other_of_that_name(api: str) -> None:
    other = f"kind: Secret\napiVersion: {api}\nmetadata:\n  name: x\n"
    other += _skip("secret-object", "an example without value")
    for documents in (
        [SECRET + "data:\n  key: aGk=\n", other],
        [other, SECRET + "data:\n  a: b\n"],
    ):
        told = json.loads(_check("---\n".join(documents), "--json").stdout)
        assert "secret-object" in {one["id"] for one in told["findings"]}
        assert told["skipped"] == []


def test_skips_do_not_count_for_who_does_not_trust_the_manifests() -> None:
    text = SECRET + _skip("secret-object", "an example without value") + "data:\n  key: aGk=\n"
    result = _check(text, "--no-skip")
    assert result.exit_code == 1
    assert "[secret-object]" in result.stdout
    assert "skipped" not in result.output


def test_warnings_are_cut_and_fail_only_when_asked() -> None:
    pod = "{kind: Pod, apiVersion: v1, metadata: {name: p}, spec: {containers: [{name: c}]}}"
    everything = json.loads(_check(pod, "--json").stdout)["findings"]
    problems = json.loads(_check(pod, "--json", "--severity", "problem").stdout)["findings"]
    assert {one["severity"] for one in everything} == {"problem", "warning"}
    assert problems == [one for one in everything if one["severity"] == "problem"]
    drain = "{kind: PodDisruptionBudget, apiVersion: policy/v1, metadata: {name: b}, spec: {}}"
    assert "[pdb-nothing]" in _check(drain).stdout
    assert [_check(drain).exit_code, _check(drain, "--strict").exit_code] == [0, 1]


def test_a_file_that_cannot_be_read_hides_nothing_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(SECRET + "data:\n  key: aGk=\n")
    (tmp_path / "twice.yaml").write_text("kind: Secret\nkind: Secret\n")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    names = ("twice.yaml", "good.yaml", "binary.yaml", "nowhere.yaml")
    files = [str(tmp_path / name) for name in names]
    result = CliRunner().invoke(main, ["manifests", "check", "--json", *files])
    assert result.exit_code == 3
    told = json.loads(result.stdout)
    assert told["files_unread"] == 3
    unread = [one for one in told["findings"] if one["id"] == "manifest-unread"]
    assert {Path(one["where"]["file"]).name for one in unread} == set(names) - {"good.yaml"}
    assert "line 2: found duplicate key" in unread[-1]["why"] + unread[0]["why"] + unread[1]["why"]
    assert [one["id"] for one in told["findings"] if one["id"] == "secret-object"]


@pytest.mark.parametrize("version", ["networking.k8s.io/v1beta1", "extensions/v1beta1", "ours/v1"])
def test_a_kind_of_another_version_or_group_is_counted_and_judged_by_no_other_rule(
    version: str,
) -> None:
    result = _check(
        f"{{kind: Ingress, apiVersion: {version}, metadata: {{name: _i, namespace: a}}, "
        "spec: {rules: [{http: {paths: [{backend: {serviceName: s}}]}}]}}",
        "--json",
    )
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["not_looked_at"] == 1
    assert [one["id"] for one in told["findings"]] == ["shape-unknown-kind"]


@pytest.mark.parametrize(
    ("rule", "reason", "why"),
    [
        ("secret-object", "", "a rule is skipped without a reason"),
        ("secret-object", "todo", "a rule is skipped without a reason"),
        ("secret-objekt", "an example without value", "there is no rule secret-objekt"),
        ("image-digest", "it is built here", "image-digest finds nothing here"),
    ],
)
def test_a_skip_that_explains_nothing_is_a_finding(rule: str, reason: str, why: str) -> None:
    result = _check(SECRET + _skip(rule, reason) + "data:\n  key: aGk=\n", "--json")
    found = [one["why"] for one in json.loads(result.stdout)["findings"] if one["id"] == "skip"]
    assert found == [why]


def test_the_rules_are_listed_with_reason_and_way_out() -> None:
    runner = CliRunner()
    listed = json.loads(runner.invoke(main, ["manifests", "rules", "--json"]).stdout)
    assert listed["image-digest"]["severity"] == "warning"
    assert listed["pss-privileged"] == {
        "severity": "problem",
        "why": "a privileged container is root on its node",
        "fix": "remove privileged",
    }
    text = runner.invoke(main, ["manifests", "rules"]).stdout
    assert "image-digest (warning): a tag can be moved" in text
