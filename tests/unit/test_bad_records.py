# SPDX-License-Identifier: Apache-2.0
"""One vocabulary for bad records: Python's words are those of the Java side."""

import dataclasses
import inspect
import re
from pathlib import Path
from typing import get_args

import pytest

from flinksec_jobs import SecureJob, bad_records, load_settings
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.records import guard
from flinksec_jobs.settings.job_itself import JobSettings

_JAVA = (
    Path(__file__).parents[2] / "connectors/secure-connectors/src/main/java/org/flinksec/badrecords"
)


def java(name: str) -> str:
    """A class's source without its comments."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", (_JAVA / f"{name}.java").read_text(), flags=re.DOTALL)


def constants(enum: str) -> tuple[str, ...]:
    body = java(enum).partition(f"enum {enum} {{")[2].partition(";")[0]
    return tuple(word.lower() for word in re.findall(r"^\s*([A-Z_]+)\b", body, re.MULTILINE))


def components(record: str, source: str) -> list[str]:
    found = re.search(rf"record {record}\((.*?)\)", source, re.DOTALL)
    assert found is not None
    return [part.split()[-1] for part in found[1].split(",")]


def fields(shape: type) -> list[str]:
    return [field.name for field in dataclasses.fields(shape)]


def test_java_takes_the_words_of_on_error_that_python_takes() -> None:
    assert constants("OnBadRecord") == get_args(bad_records.OnError)
    assert 'ARGUMENT = "on_error"' in java("OnBadRecord")


def test_java_tells_the_same_stages() -> None:
    assert constants("Stage") == get_args(bad_records.Stage)


def test_a_bad_record_has_the_same_shape_on_both_sides() -> None:
    assert components("BadRecord", java("BadRecord")) == fields(bad_records.BadRecord)
    origins = java("Origin")
    assert components("Kafka", origins) == fields(bad_records.KafkaOrigin)
    assert components("Document", origins) == fields(bad_records.DocumentOrigin)
    assert components("Element", origins) == fields(bad_records.ElementOrigin)
    assert components("Target", origins) == fields(bad_records.TargetOrigin)
    assert components("File", origins) == fields(bad_records.FileOrigin)


def test_java_counts_where_python_looks_and_brakes_as_the_setting_does() -> None:
    assert f'"{bad_records.SKIPPED}"' in java("SkipTally")
    assert f'"{bad_records.LETTERS}"' in java("SkipTally")
    assert f"DEFAULT = {JobSettings().max_skipped_in_a_row};" in java("SkipBrake")
    assert 'SETTING = "job.max_skipped_in_a_row"' in java("SkipBrake")
    assert guard.SETTING == "job.max_skipped_in_a_row"
    assert 'SETTING = "job.max_dead_letters"' in java("DeadLetterQuota")
    assert 'WINDOW = "job.dead_letter_window"' in java("DeadLetterQuota")
    assert {"max_dead_letters", "dead_letter_window"} <= set(JobSettings.model_fields)


@pytest.mark.parametrize(
    ("method", "default"),
    [
        (SecureJob.from_kafka, None),
        (SecureJob.from_hdfs, None),
        (SecureJob.to_kafka, None),
        (SecureJob.to_elasticsearch, None),
    ],
)
def test_whatever_meets_bad_records_takes_on_error_and_fails_by_itself(
    method: object, default: str | None
) -> None:
    argument = inspect.signature(method).parameters["on_error"]  # type: ignore[arg-type]
    assert argument.default == default
    job = SecureJob("j", settings=load_settings(environ={}))
    assert job._on_error(None) == "fail"


def test_a_choice_that_does_not_exist_is_refused_by_the_list_of_all() -> None:
    with pytest.raises(SettingsError) as caught:
        bad_records.check_on_error("ignore")
    assert caught.value.message == (
        'on_error=\'ignore\' is not one of "fail", "skip", "dead_letter"'
    )
