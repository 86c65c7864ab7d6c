# SPDX-License-Identifier: Apache-2.0
"""The layout of logs as JSON, in whatever configuration of logs there is."""

import json
import logging
import re

import pytest

from flinksec_jobs.cluster import json_logs
from flinksec_jobs.cluster.logging_problems import logging_problems
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.monitoring.json_lines import announce_in_json
from tests.pages import text

SHIPPED = "docker/kubernetes/base/log4j-console.properties"


def test_only_the_layout_changes() -> None:
    before = text(SHIPPED)
    after = json_logs.with_json(before, SHIPPED)
    kept = [line for line in before.splitlines() if not line.startswith("appender.console.layout.")]
    assert after.splitlines()[: len(kept)] == kept
    assert logging_problems(after) == []
    assert "PatternLayout" not in after


def test_the_template_is_json_with_the_job_s_id_and_failures_told_once() -> None:
    after = json_logs.with_json(text(SHIPPED), SHIPPED)
    (template,) = re.findall(r"(?m)^appender\.console\.layout\.eventTemplate = (.*)$", after)
    fields = json.loads(template)
    assert fields["job_id"] == {"$resolver": "mdc", "key": "flink-job-id"}
    assert fields["failure"]["pattern"] == "%failure"


def test_a_configuration_without_that_appender_is_refused() -> None:
    with pytest.raises(SettingsError, match="mine has no appender called console") as caught:
        json_logs.with_json("rootLogger.level = INFO\n", "mine")
    assert "cluster.logs" in str(caught.value)


def test_what_python_says_has_the_same_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("flinksec_jobs.tests.json")
    announce_in_json(logger)
    announce_in_json(logger)
    logger.warning('two\nlines with "%s"', "quotes")
    (line,) = capsys.readouterr().err.splitlines()
    found = json.loads(line)
    assert found["message"] == 'two\nlines with "quotes"'
    assert found["level"] == "WARN"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["timestamp"])
    template = json_logs._FIELDS
    assert set(found) <= set(template)
