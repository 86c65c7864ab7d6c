# SPDX-License-Identifier: Apache-2.0
"""The options of the format Avro, and what a job is asked to have for it."""

from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import formats, schema_registry
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.formats.avro import Avro
from flinksec_jobs.settings import SchemaRegistrySettings, Settings, load_settings

REGISTRY = {"schema_registry.urls": "https://registry:8081"}


def settings(**more: Any) -> Settings:
    return load_settings(overrides=REGISTRY | more, environ={})


@pytest.mark.parametrize(
    ("given", "registered"),
    [
        ({}, True),
        ({"schema_file": "a.avsc"}, False),
        ({"schema_file": Path("a.avsc"), "registry": True}, True),
    ],
)
def test_a_schema_file_alone_has_no_registry(given: dict[str, Any], registered: bool) -> None:
    assert Avro(**given).is_registered is registered
    assert formats.to_read(Avro(**given)).name == "avro"


@pytest.mark.parametrize(
    "given",
    [
        {"schema_file": "a.avsc", "registry": True, "use_latest": True},
        {"schema_file": "a.avsc", "subject": "orders"},
        {"registry": False, "subject_naming": "record_name"},
        {"registry": False, "use_latest": True},
    ],
)
def test_options_that_contradict_each_other_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"^Avro\("):
        Avro(**given)


@pytest.mark.parametrize(
    ("format", "part", "subject"),
    [
        (Avro(), "value", "{topic}-value"),
        (Avro(), "key", "{topic}-key"),
        (Avro(subject_naming="record_name"), "value", "{}"),
        (Avro(subject_naming="topic_record_name"), "key", "{topic}-{}"),
        (Avro(subject="orders"), "key", "orders"),
    ],
)
def test_subjects_are_named_as_confluents_strategies_name_them(
    format: Avro,  # noqa: A002
    part: str,
    subject: str,
) -> None:
    assert format._subjects(settings().need(SchemaRegistrySettings), part) == subject


def test_the_settings_choose_a_naming_and_the_format_another() -> None:
    chosen = settings(**{"schema_registry.subject_naming": "record_name"})
    registry = chosen.need(SchemaRegistrySettings)
    assert Avro()._subjects(registry, "value") == "{}"
    assert Avro(subject_naming="topic_name")._subjects(registry, "value") == "{topic}-value"


def test_each_use_of_a_registry_asks_a_question_of_its_own() -> None:
    (reads,) = Avro().uses(settings(), ("a", "b"), "read")
    (writes,) = Avro().uses(settings(), ("a",), "write")
    ids = [question.id for use in (reads, writes) for question in use.questions]
    assert len(set(ids)) == 2
    assert Avro(schema_file="a.avsc").uses(settings(), ("a",), "read") == ()
    with pytest.raises(SettingsError, match="schema_registry"):
        Avro().uses(load_settings(environ={}), ("a",), "read")


def test_a_job_does_not_ask_what_an_earlier_one_with_the_same_format_made() -> None:
    class Made:
        def problem(self) -> str:
            raise AssertionError("the JVM of an earlier job")

    shared = Avro()
    shared.uses(settings(), ("a",), "write")
    shared._made["write", ("a",)].append(Made())
    (again,) = shared.uses(settings(), ("a",), "write")
    (question,) = again.questions
    assert list(question.ask(question.about)) == []


def test_the_jvm_is_told_paths_of_secrets_only() -> None:
    given = {
        "schema_registry.username": "flink",
        "schema_registry.password": "file:/etc/password",
        "schema_registry.retry_timeout": "2 s",
    }
    registry = settings(**given).need(SchemaRegistrySettings)
    assert schema_registry.options(registry) == {
        "urls": "https://registry:8081",
        "verification": "full",
        "min_tls_version": "TLSv1.2",
        "connect_timeout": "5000",
        "response_timeout": "60000",
        "keep_alive": "60000",
        "username": "flink",
        "password": "/etc/password",
        "retry_timeout": "2000",
    }


def test_a_subject_without_a_schema_is_a_warning_and_a_problem_an_error() -> None:
    (found,) = schema_registry.answered(lambda: ("", ["orders-value"]))
    assert (found.id, found.severity) == ("subject-without-schema", "warning")
    with pytest.raises(JobError, match=r"\[schema-incompatible\]"):
        schema_registry.answered(lambda: ("the newest schema of s cannot be read: x", []))
