# SPDX-License-Identifier: Apache-2.0
"""What comes of a check: whatever keeps it from looking is a problem, and nothing is hidden."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flinksec_jobs.doctor import examination
from flinksec_jobs.doctor.checks import Answer, Check, NotAskedError, carry_out, setting_in
from flinksec_jobs.doctor.examination import CATEGORIES, Category, examine
from flinksec_jobs.doctor.patient import Patient
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.findings import Kind, Where
from flinksec_jobs.settings import Settings

PROBLEM = Kind("it-is-broken", "problem", "something is broken")
WARNING = Kind("it-wears-out", "warning", "something wears out")
NOTE = Kind("it-is-old", "note", "something is old")
WHERE = Where(setting="kafka.ca_certs")


def raising(error: Exception) -> Check:
    def ask() -> Answer:
        raise error

    return Check("kafka-connect", "Kafka", ask, PROBLEM, setting="kafka.bootstrap_servers")


@pytest.mark.parametrize(
    ("kinds", "result"),
    [((), "ok"), ((NOTE,), "ok"), ((NOTE, WARNING), "warning"), ((WARNING, PROBLEM), "problem")],
)
def test_the_worst_finding_makes_the_result(kinds: tuple[Kind, ...], result: str) -> None:
    found = [kind.at(WHERE, "so it is", fix="mend it") for kind in kinds]
    checked = carry_out(Check("java-jvm", "Java", lambda: Answer("17", found), PROBLEM), set())
    assert (checked.result, checked.detail, list(checked.findings)) == (result, "17", found)
    assert checked.category == "java"


def test_an_error_is_a_finding_that_names_the_setting_of_its_message() -> None:
    failed: set[str] = set()
    error = JobError("kafka.ca_certs: Kafka at a:1 cannot be used.", hint="name the CA")
    checked = carry_out(raising(error), failed)
    (found,) = checked.findings
    assert (found.id, found.where.setting, found.fix) == (
        PROBLEM.id,
        "kafka.ca_certs",
        "name the CA",
    )
    assert (checked.result, failed) == ("problem", {"kafka-connect"})


def test_an_error_that_names_no_setting_is_about_the_one_of_the_check() -> None:
    (found,) = carry_out(raising(JobError("odd")), set()).findings
    assert found.where.setting == "kafka.bootstrap_servers"


def test_the_findings_of_an_error_are_those_of_the_check() -> None:
    found = PROBLEM.at(WHERE, "so it is", fix="mend it")
    error = SettingsError("one thing", findings=[found])
    assert carry_out(raising(error), set()).findings == (found,)


def test_a_check_that_breaks_is_a_problem_and_repeats_nothing_of_what_it_held() -> None:
    broken = ValueError("canary-of-a-secret")
    checked = carry_out(raising(broken), set())
    (found,) = checked.findings
    assert (checked.result, found.id, checked.broken) == ("problem", "could-not-look", broken)
    assert "canary" not in str(checked.as_dict())
    assert "ValueError" in found.why


def test_a_check_is_not_asked_after_one_without_which_it_makes_no_sense() -> None:
    failed = {"files-kafka"}
    check = Check("kafka-connect", "Kafka", Answer, PROBLEM, after=("files-kafka",))
    checked = carry_out(check, failed)
    assert (checked.result, checked.detail) == ("not asked", "files-kafka failed")
    assert "kafka-connect" in failed


@pytest.mark.parametrize(
    ("message", "setting"),
    [
        ("kerberos.keytab (file:/a) is empty", "kerberos.keytab"),
        ("topic, or kerberos.principal: no", "kerberos.principal"),
        ("a.b.c of localhost.localdomain", None),
    ],
)
def test_a_setting_is_found_in_a_message(message: str, setting: str | None) -> None:
    assert setting_in(message) == setting


def test_what_several_checks_need_is_looked_at_once_and_told_once() -> None:
    patient, asked = Patient(Settings()), []

    def look() -> None:
        asked.append(1)
        raise JobError("it does not start")

    with pytest.raises(JobError):
        patient.once("the start of the JVM", look)
    with pytest.raises(NotAskedError) as caught:
        patient.once("the start of the JVM", look)
    assert caught.value.because == "the start of the JVM failed"
    assert asked == [1]


def test_categories_come_in_their_order_and_those_without_a_section_are_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(_: Patient) -> Iterator[Check]:
        raise NotAskedError("the settings have no section [hdfs]")
        yield

    def present(_: Patient) -> Iterator[Check]:
        yield Check("java-jvm", "Java", Answer, PROBLEM)

    categories = {"java": Category("Java", present), "hdfs": Category("HDFS", absent)}
    monkeypatch.setattr(examination, "CATEGORIES", categories)
    done = examine(Patient(Settings()), only=["hdfs", "java"])
    assert [(one.category, one.result) for one in done] == [("java", "ok"), ("hdfs", "not used")]
    assert done[1].detail == "the settings have no section [hdfs]"
    assert [one.id for one in examine(Patient(Settings()), only=["java"])] == ["java-jvm"]


def test_every_server_of_the_settings_is_a_category() -> None:
    assert {"kafka", "elasticsearch", "hdfs", "state"} < set(CATEGORIES)
