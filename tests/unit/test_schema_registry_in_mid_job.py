# SPDX-License-Identifier: Apache-2.0
"""What the client of the schema registry says in mid-job, in terms of settings."""

from __future__ import annotations

import pytest

from flinksec_jobs import Settings, load_settings, schema_registry
from flinksec_jobs.errors import JobError


@pytest.fixture
def settings() -> Settings:
    return load_settings(overrides={"schema_registry.urls": ["https://registry.example.com"]})


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        (
            "schema_registry.urls: no answer from https://r (status 503)",
            "schema-registry-not-reached",
        ),
        (
            "https://r refuses the credentials (status 401): schema_registry.token (/t)",
            "schema-registry-login-refused",
        ),
    ],
)
def test_a_registry_that_fails_a_job_is_told_by_the_setting(
    settings: Settings, said: str, finding: str
) -> None:
    told = schema_registry.client(settings).explain(JobError(f"the job x failed: {said}"))
    assert told is not None
    assert [one.id for one in told.findings] == [finding]
    assert "the schema registry fails the running job: the job x failed: " in told.message


def test_a_bad_record_is_no_fault_of_the_registry(settings: Settings) -> None:
    bad = JobError("the job x failed: the schema registry has no schema of the id 7")
    assert schema_registry.client(settings).explain(bad) is None
