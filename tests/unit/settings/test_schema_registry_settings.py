# SPDX-License-Identifier: Apache-2.0
"""The section of the schema registry: what it accepts and refuses, and which choices are weak."""

from typing import Any

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.settings import SchemaRegistrySettings, Settings, load_settings
from flinksec_jobs.settings.weak import weaknesses

SECRET = {"username": "flink", "password": "file:/etc/password"}


def loaded(**given: Any) -> Settings:
    registry = {"urls": "https://registry:8081"} | given
    return load_settings(overrides={"schema_registry": registry}, environ={})


def test_the_short_way_checks_everything_and_registers_nothing() -> None:
    settings = loaded(**SECRET).need(SchemaRegistrySettings)
    assert (settings.verification, settings.auto_register) == ("full", False)
    assert settings.subject_naming == "topic_name"
    assert weaknesses(loaded(**SECRET)) == []


def test_a_registry_may_have_several_addresses_and_a_path() -> None:
    settings = loaded(urls="https://a:1/apis/ccompat/v7/, https://b:2")
    assert settings.need(SchemaRegistrySettings).urls == (
        "https://a:1/apis/ccompat/v7",
        "https://b:2",
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"urls": "http://registry:8081"}, "names http://"),
        ({"urls": "https://me:secret@registry"}, "must not contain credentials"),
        ({"username": "flink"}, "password is missing|password .*is missing"),
        (SECRET | {"token": "file:/token"}, "excludes username and password"),
        ({"client_cert": "/a.pem"}, "client_key"),
        ({"verification": "fingerprint"}, "fingerprint"),
        ({"fingerprint": "ab" * 32}, "has no effect"),
        ({"subject_naming": "TopicNameStrategy"}, "topic_name"),
    ],
)
def test_what_does_not_go_together_is_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        loaded(**given)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"urls": "http://a:1", "verification": "none"}, "schema-registry-not-encrypted"),
        ({"verification": "none"}, "schema-registry-unchecked"),
        ({"verification": "certificate"}, "schema-registry-any-host-name"),
        ({"auto_register": True}, "schemas-registered-by-the-job"),
    ],
)
def test_each_weak_choice_is_announced(given: dict[str, Any], kind: str) -> None:
    assert [found.id for found in weaknesses(loaded(**SECRET, **given))] == [kind]


def test_a_job_without_a_login_is_announced() -> None:
    assert [found.id for found in weaknesses(loaded())] == ["schema-registry-anonymous"]


def test_a_job_that_needs_the_section_is_told_its_name() -> None:
    with pytest.raises(SettingsError, match=r"no section \[schema_registry\]"):
        load_settings(overrides={"job.max_skipped_in_a_row": 1}, environ={}).need(
            SchemaRegistrySettings
        )
