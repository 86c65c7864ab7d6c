# SPDX-License-Identifier: Apache-2.0
"""What a job's processes and its settings tell in its state: unknown is neither none nor well."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from flinksec_jobs.cli import status_screen
from flinksec_jobs.deploy import job_health, own_figures
from flinksec_jobs.runtime.rest import RestUnreachableError
from tests.pages import ROOT
from tests.unit.deploy.looked_at import DAY, OURS, TICKET, Api, Flink, job, recorded, seen


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_figures, "_PAUSE_SECONDS", 0.0)


def test_metrics_that_flink_fetches_late_are_asked_for_again() -> None:
    found = seen(flink=Flink(late=3))
    told = status_screen.as_dict(found)["processes"]
    assert told["keys"] == [{"id": "2026-11", "jobmanager": True, "taskmanagers": 2}]
    assert told["certificates"][0]["seconds_left"] == 30 * DAY
    assert told["logins"] == [
        {"section": "kerberos", "ticket_seconds_left": 3_000, "present": True, "kvno": 3}
    ]


def test_metrics_that_never_come_are_unknown_and_neither_none_nor_well() -> None:
    flink = Flink(late=10**6)
    found = seen(flink=flink)
    assert status_screen.as_dict(found)["processes"] is None
    text = "\n".join(status_screen.lines(found))
    assert "state key     unknown: Flink has no metrics of its processes yet" in text
    assert flink.asked < 30  # it gives up


@pytest.mark.parametrize(
    ("worker", "expected", "text"),
    [
        ({}, [], "2026-11 (of the TaskManagers unknown)"),
        (
            OURS | {"flinksec.key.2026-11.inUse": 0.0, "flinksec.key.2026-10.inUse": 1.0},
            ["keys-in-use-differ"],
            "2026-10 (2 TaskManagers); 2026-11 (the JobManager, 0 TaskManagers)",
        ),
        (
            OURS | {"flinksec.certificate.kafka_ca_certs.secondsLeft": 13 * DAY},
            ["certificate-in-use-ends"],
            "13 d left of kafka.ca_certs",
        ),
        (
            OURS | {"flinksec.certificate.kafka_ca_certs.secondsLeft": 2.5 * DAY},
            ["certificate-in-use"],
            "2 d 12 h left of kafka.ca_certs",
        ),
        (
            OURS | {"flinksec.certificate.kafka_ca_certs.readable": 0.0},
            ["certificate-in-use"],
            "30 d left",
        ),
        (OURS | {"flinksec.login.kerberos.kvno": 0.0}, ["login-in-use"], "key version 0"),
        (OURS | {"flinksec.login.kerberos.present": 0.0}, ["login-in-use"], "cannot be read"),
        (OURS | {TICKET: -5.0}, ["login-in-use"], "ticket 0 s left"),
    ],
    ids=["silent", "keys", "soon", "now", "unreadable", "version", "away", "ticket"],
)
def test_what_processes_tell_that_is_wrong_is_a_finding_whichever_of_them_tells_it(
    worker: Mapping[str, float], expected: list[str], text: str
) -> None:
    found = seen(flink=Flink(worker=worker))
    kinds = {"keys-in-use-differ", "certificate-in-use-ends", "certificate-in-use", "login-in-use"}
    assert [one.id for one in found.findings if one.id in kinds] == expected
    assert text in "\n".join(status_screen.lines(found))


def test_settings_that_were_changed_after_the_start_are_told_with_the_way_to_give_them() -> None:
    there = recorded()
    there["ConfigMap", "job-settings"]["data"]["settings.toml"] = "a = 'other'"
    found = seen(Api(recorded=there))
    assert "changed since: ConfigMap/job-settings" in "\n".join(status_screen.lines(found))
    (told,) = (one for one in found.findings if one.id == "settings-not-given")
    assert "flinksec restart" in told.fix


@pytest.mark.parametrize(
    ("api", "why"),
    [
        (Api(recorded={}), "nothing is recorded"),
        (Api(job(job_id="77" * 16)), "somebody else has started"),
    ],
)
def test_settings_that_are_not_recorded_are_unknown(api: Api, why: str) -> None:
    found = seen(api, RestUnreachableError("nobody"))
    told = status_screen.as_dict(found)["settings"]
    assert (told["hash"], told["revision"]) == ("", None)
    assert why in told["why_unknown"]
    assert f"settings      unknown: {why}" in "\n".join(status_screen.lines(found))


def test_thresholds_are_those_of_the_alerts() -> None:
    rules = (ROOT / "docker/kubernetes/components/monitoring/rules.yaml").read_text("utf-8")
    ends = re.findall(r"certificate_secondsLeft\"}\) < (\d+) \* 86400", rules)
    soon, now = job_health.SOON_SECONDS, job_health.NOW_SECONDS
    assert [int(days) * DAY for days in ends] == [soon, now]
