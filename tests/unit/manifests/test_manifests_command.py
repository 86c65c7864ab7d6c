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
    assert _check(text).exit_code == 0


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
    assert listed["pss-privileged"] == {
        "why": "a privileged container is root on its node",
        "fix": "remove privileged",
    }
    text = runner.invoke(main, ["manifests", "rules"]).stdout
    assert "image-digest: a tag can be moved" in text
