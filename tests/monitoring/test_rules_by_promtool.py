# SPDX-License-Identifier: Apache-2.0
"""The rules for alerts, judged by Prometheus' own tool: when each fires, and when not yet."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.parsing import yaml_documents
from flinksec_jobs.yaml_writing import yaml_text
from tests.monitoring.prometheus import rules
from tests.pages import text

ALERTS: list[dict[str, Any]] = [rule for group in rules()["groups"] for rule in group["rules"]]
(_TOLD,) = yaml_documents((Path(__file__).parent / "rules_test.yaml").read_text())
CASES: list[dict[str, Any]] = _TOLD["tests"]
# Those of promtool's clock and of values that it computes with are not compared.
_MARK = "told"


def promtool(*arguments: str | Path) -> str:
    program = shutil.which("promtool")
    assert program, "there is no promtool: apt-get install prometheus"
    done = subprocess.run(
        [program, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def rule_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules as a file of Prometheus, whose annotations are the same for each value."""
    spec = rules()
    for group in spec["groups"]:
        for rule in group["rules"]:
            rule["annotations"] = {"mark": _MARK}
    file = tmp_path_factory.mktemp("promtool") / "rules.yaml"
    file.write_text(yaml_text([spec]))
    return file


def test_prometheus_takes_the_rules(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(yaml_text([rules()]))
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", file)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"].replace(" ", "-"))
def test_an_alert_fires_when_it_should(rule_file: Path, case: dict[str, Any]) -> None:
    severities = {rule["alert"]: rule["labels"]["severity"] for rule in ALERTS}
    for asked in case["alert_rule_test"]:
        for expected in asked["exp_alerts"]:
            expected["exp_labels"]["severity"] = severities[asked["alertname"]]
            expected["exp_annotations"] = {"mark": _MARK}
    name = case["name"].replace(" ", "-")
    file = rule_file.with_name(f"{name}.yaml")
    asked = {"rule_files": [rule_file.name], "evaluation_interval": "1m", "tests": [case]}
    file.write_text(yaml_text([asked]))
    promtool("test", "rules", file)


def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    told = {case["name"] for case in CASES}
    names = [rule["alert"] for rule in ALERTS]
    assert told == {f"{name} {how}" for name in names for how in ("fires", "is silent")}
    assert len(set(names)) == len(names)
    for case in CASES:
        expected = case["alert_rule_test"][0]["exp_alerts"]
        assert bool(expected) == case["name"].endswith(" fires")


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_is_how_bad_and_where_to_read_on(rule: dict[str, Any]) -> None:
    name = rule["alert"]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    assert rule["annotations"]["runbook"] == f"docs/runbooks.md#{name.lower()}"
    page = text("docs/runbooks.md")
    assert f"\n## {name}\n" in page
    _, _, section = page.partition(f"\n## {name}\n")
    for part in ("Means", "Look", "Do"):
        assert f"**{part}**" in section.partition("\n## ")[0], f"{name} lacks {part}"


def test_each_page_is_about_an_alert_that_there_is() -> None:
    headings = re.findall(r"^## (Flink\w+)$", text("docs/runbooks.md"), re.MULTILINE)
    assert headings == [rule["alert"] for rule in ALERTS]
