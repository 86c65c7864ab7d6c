# SPDX-License-Identifier: Apache-2.0
"""The one shape of what is wrong."""

import json

import pytest

from flinksec_jobs import findings
from flinksec_jobs.cli import findings_output
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.findings import Kind, Where, refuse

_ENDED = Kind("certificate-expired", "problem", "a certificate has ended")
_SOON = Kind("certificate-ends-soon", "warning", "a certificate ends within days")
_FYI = Kind("hadoop-option-unused", "note", "an option is not taken")
_WHERE = Where(setting="kafka.ca_certs", file="/etc/ca.pem", origin="job.toml")


def test_a_place_is_told_with_what_is_known_of_it() -> None:
    assert str(_WHERE) == "kafka.ca_certs /etc/ca.pem (set by job.toml)"
    assert str(Where(object="apps/Deployment/jm", field="spec.replicas")) == (
        "apps/Deployment/jm: spec.replicas"
    )
    assert str(Where(file="config.yaml", field="rest.port")) == "config.yaml: rest.port"
    assert str(Where()) == ""
    assert _WHERE.as_dict() == {
        "setting": "kafka.ca_certs",
        "file": "/etc/ca.pem",
        "origin": "job.toml",
    }


def test_a_finding_says_where_and_why_and_the_place_once() -> None:
    told = _ENDED.at(_WHERE, "the certificate CN=a has ended", fix="have it renewed")
    assert str(told) == (
        "kafka.ca_certs /etc/ca.pem (set by job.toml): the certificate CN=a has ended"
    )
    named = _ENDED.at(_WHERE, "kafka.ca_certs /etc/ca.pem is empty", fix="fill it")
    assert str(named) == "kafka.ca_certs /etc/ca.pem is empty (set by job.toml)"
    opened = _ENDED.at(_WHERE, "/etc/ca.pem holds no certificate", fix="fill it")
    assert str(opened) == "kafka.ca_certs /etc/ca.pem holds no certificate (set by job.toml)"
    alone = _ENDED.at(Where(file="/etc/ca.pem"), "/etc/ca.pem holds no certificate", fix="fill it")
    assert str(alone) == "/etc/ca.pem holds no certificate"
    assert str(_ENDED.at(Where(), "nothing is there", fix="make it")) == "nothing is there"


def test_programs_get_the_same_five_fields_of_every_finding() -> None:
    told = _SOON.at(_WHERE, "ends on 2027-01-01", fix="have it renewed")
    assert json.loads(json.dumps(told.as_dict())) == {
        "id": "certificate-ends-soon",
        "severity": "warning",
        "where": {"setting": "kafka.ca_certs", "file": "/etc/ca.pem", "origin": "job.toml"},
        "why": "ends on 2027-01-01",
        "fix": "have it renewed",
    }


def test_the_worst_comes_first_and_then_the_order_of_places() -> None:
    noted = _FYI.at(Where(setting="a"), "x", fix="f")
    warned = _SOON.at(Where(setting="a"), "x", fix="f")
    second = _ENDED.at(Where(setting="b"), "x", fix="f")
    first = _ENDED.at(Where(setting="a", file="z"), "x", fix="f")
    assert sorted([noted, warned, second, first]) == [first, second, warned, noted]


def test_an_exception_becomes_a_finding_with_its_message_and_hint() -> None:
    told = _ENDED.of(SettingsError("it is empty", hint="fill it"), _WHERE)
    assert (told.why, told.fix, told.severity) == ("it is empty", "fill it", "problem")
    assert _ENDED.of(SettingsError("it is empty"), _WHERE, fix="see the log").fix == "see the log"
    assert _ENDED.of(SettingsError("it is empty"), _WHERE).fix


def test_a_start_refuses_all_problems_in_one_message_each_with_its_fix() -> None:
    found = [
        _ENDED.at(Where(setting="b"), "has ended", fix="renew it"),
        _SOON.at(Where(setting="c"), "ends", fix="renew it"),
        _ENDED.at(Where(setting="a"), "has ended", fix="buy one"),
    ]
    with pytest.raises(SettingsError) as raised:
        refuse(found)
    assert raised.value.message == (
        "2 settings cannot be used:\n"
        "  a: has ended [certificate-expired]: buy one\n"
        "  b: has ended [certificate-expired]: renew it"
    )
    assert [one.where.setting for one in raised.value.findings] == ["a", "b"]


def test_a_single_problem_is_the_message_and_its_fix_the_hint() -> None:
    found = _ENDED.at(Where(object="Kafka"), "has ended", fix="renew it")
    with pytest.raises(JobError) as raised:
        refuse([found], error=JobError)
    assert raised.value.message == "Kafka: has ended [certificate-expired]"
    assert raised.value.hint == "renew it"
    assert raised.value.findings == (found,)


def test_what_is_no_problem_is_given_back_to_be_shown() -> None:
    noted = _FYI.at(Where(setting="a"), "x", fix="f")
    warned = _SOON.at(Where(setting="b"), "x", fix="f")
    assert refuse([noted, warned]) == [warned, noted]
    assert SettingsError("x").findings == ()


def test_an_id_is_declared_once_and_in_kebab_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "KINDS", {})
    declared = findings.warning("some-thing", "something is odd")
    assert {"some-thing": declared} == findings.KINDS
    assert declared.severity == "warning"
    with pytest.raises(ValueError, match="some-thing is declared twice"):
        findings.problem("some-thing", "something else")
    with pytest.raises(ValueError, match="Some_Thing is not in kebab-case"):
        findings.note("Some_Thing", "something")


def test_people_see_severity_place_reason_id_and_hint(capsys: pytest.CaptureFixture[str]) -> None:
    found = [
        _SOON.at(Where(setting="a"), "ends\x1b soon", fix="renew it"),
        _ENDED.at(Where(setting="b"), "has ended", fix="buy one"),
    ]
    findings_output.show(found)
    assert capsys.readouterr().out == (
        "problem: b: has ended [certificate-expired]\n"
        "  hint: buy one\n"
        "warning: a: ends\\x1b soon [certificate-ends-soon]\n"
        "  hint: renew it\n"
    )
    findings_output.show(found[:1], err=True)
    assert capsys.readouterr().err.startswith("warning: a: ends")


def test_findings_are_counted_and_only_problems_make_a_command_fail() -> None:
    bad = _ENDED.at(Where(), "x", fix="f")
    odd = _SOON.at(Where(), "x", fix="f")
    assert findings_output.counted([bad, odd, odd]) == "1 problem, 2 warnings"
    assert findings_output.counted([]) == "no problems"
    assert findings_output.exit_code([odd]) == 0
    assert findings_output.exit_code([odd, bad]) == 1
    assert [one["id"] for one in findings_output.as_dicts([odd, bad])] == [
        "certificate-expired",
        "certificate-ends-soon",
    ]
