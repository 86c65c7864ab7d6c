# SPDX-License-Identifier: Apache-2.0
"""SET says what [flink] may say, for one job, and nothing else."""

from __future__ import annotations

import pytest

from flinksec_jobs.errors import StatementError
from flinksec_jobs.settings import Settings, load_settings
from flinksec_jobs.sql import set_options
from flinksec_jobs.sql.statements import statements
from flinksec_jobs.sql.tokens import Text

SEALED = load_settings(overrides={"state": {"directory": "/s", "keys": "/k"}}, environ={})


def said(content: str) -> dict[str, str]:
    found = set_options.said(statements(Text("job.sql", content)))
    return {key: value for key, (value, _) in found.items()}


def refused(content: str, settings: Settings | None = None, *, built: bool = False) -> str:
    with pytest.raises(StatementError) as caught:
        found = set_options.said(statements(Text("job.sql", content)))
        set_options.name_of(found)
        set_options.check(found, settings or Settings(), built=built)
    return caught.value.message


def test_options_hold_for_the_whole_text() -> None:
    content = (
        "SET 'table.exec.state.ttl' = '1 h';\nSET 'sql-client.verbose' = 'true';\n"
        "SET 'execution.runtime-mode' = 'streaming'; CREATE VIEW a AS SELECT 1"
    )
    assert said(content) == {
        "table.exec.state.ttl": "1 h",
        "execution.runtime-mode": "streaming",
    }


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("SET", "job.sql:1:1: SET says no option and value"),
        ("SET a = b", "job.sql:1:1: SET says no option and value"),
        ("DROP TABLE a;\nSET 'a' = 'b'", "job.sql:2:1: SET 'a' stands behind DROP TABLE a"),
        ("SET 'a'='1'; SET 'a'='2'", "job.sql:1:14: SET 'a' says another value than job.sql:1:1"),
        ("SET 'table.exec.stat.ttl' = '1'", "is no option of Flink, did you mean table.exec.state"),
        ("SET 'pipeline.nam' = '1'", "is no option of Flink, did you mean pipeline.name?"),
        ("SET 'rest.bind-address' = '0.0.0.0'", "SET 'rest.bind-address'"),
        ("SET 'taskmanager.numberOfTaskSlots' = '9'", "SET 'taskmanager.numberOfTaskSlots'"),
        ("SET 'heartbeat.timeout' = '9'", "is an option of Flink's processes"),
        ("SET 'security.ssl.rest.enabled' = 'false'", "[cluster.tls]"),
        ("SET 's3.secret-key' = 'hunter2'", "holds a secret"),
        ("SET 'parallelism.default' = '2'", "use job.parallelism"),
        ("SET 'python.requirements' = 'x'", "cannot be set"),
        ("SET 'pipeline.name' = ' a'", "begins or ends with a blank"),
        ("SET 'pipeline.name' = ''", "has 0 characters"),
    ],
)
def test_what_flink_of_the_settings_may_not_say_is_refused(content: str, told: str) -> None:
    message = refused(content)
    assert message.startswith("job.sql:")
    assert told in message
    assert "hunter2" not in message


def test_sealed_state_stays_sealed() -> None:
    content = "SET 'execution.checkpointing.storage' = 'jobmanager'"
    assert "past the seal" in refused(content, SEALED)


def test_a_job_that_has_begun_takes_options_of_the_planner_only() -> None:
    content = "SET 'execution.runtime-mode' = 'batch'"
    assert "cannot be set when the job has begun" in refused(content, built=True)
    found = set_options.said(statements(Text("a", "SET 'table.exec.state.ttl' = '1 h'")))
    set_options.check(found, Settings(), built=True)


def test_the_name_of_a_job_is_taken_out() -> None:
    found = set_options.said(statements(Text("a", "SET 'pipeline.name' = 'late flights'")))
    assert set_options.name_of(found) == "late flights"
    assert found == {}
    assert set_options.name_of(found) is None
