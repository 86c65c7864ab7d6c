# SPDX-License-Identifier: Apache-2.0
"""What is named to a diagnosis is judged as a job would judge it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from flinksec_jobs import hdfs_source, refusals
from flinksec_jobs.doctor import rights, server_checks
from flinksec_jobs.doctor.checks import Answer, Checked, carry_out
from flinksec_jobs.doctor.patient import Patient
from flinksec_jobs.doctor.servers import SERVERS
from flinksec_jobs.doctor.wanted import Wanted
from flinksec_jobs.findings import Finding, Where
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.settings import (
    ElasticsearchSettings,
    HdfsSettings,
    KafkaSettings,
    KerberosSettings,
    Settings,
)
from flinksec_jobs.uses import Question

SETTINGS = Settings(
    kerberos=KerberosSettings(principal="f@R", keytab=SecretFile(Path("/k"))),
    elasticsearch=ElasticsearchSettings(hosts=("https://a:9200",)),
    hdfs=HdfsSettings(uri="hdfs://n:8020", namenode_principal="nn/n@R"),
)


def looked_at(section: str, wanted: Wanted, monkeypatch: pytest.MonkeyPatch) -> Checked:
    """Return what comes of one item, of a server that lets the job in and knows everything."""
    server = next(one for one in SERVERS if one.section == section)
    monkeypatch.setattr(Patient, "jvm", lambda _: None)
    monkeypatch.setattr(Patient, "hadoop_login", lambda _: None)
    willing = replace(
        server,
        question=lambda _, *about: Question(section, section, f"{section}.x", lambda _: (), about),
        rights=lambda *_: Answer(),
    )
    _, item = server_checks.checks(willing, Patient(SETTINGS, wanted))
    return carry_out(item, set())


def test_an_index_that_no_job_could_name_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = looked_at("elasticsearch", Wanted(indices=["LATE"]), monkeypatch).findings
    assert (found.id, found.where.object) == ("index-name-invalid", "index LATE")
    assert found.why == "to_elasticsearch('LATE'): the name of an index must be lowercase"
    assert looked_at("elasticsearch", Wanted(indices=["late"]), monkeypatch).result == "ok"


def test_paths_that_a_job_reads_are_looked_for_and_looked_into(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Sequence[str]] = []

    def ask(_: HdfsSettings, paths: Sequence[str]) -> Iterable[Finding]:
        asked.append(paths)
        yield refusals.HDFS_FORBIDDEN.at(Where(object=paths[0]), "no right", fix="ask for it")

    monkeypatch.setattr(hdfs_source, "ask", ask)
    wanted = Wanted(read_paths=["/old", "/new"])
    checked = looked_at("hdfs", wanted, monkeypatch)
    assert asked == [("/old", "/new")]
    assert [found.id for found in checked.findings] == ["hdfs-not-authorized"]
    (found,) = looked_at("hdfs", Wanted(read_paths=["old"]), monkeypatch).findings
    assert found.fix == "write /old"


def test_a_path_that_no_job_could_name_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = looked_at("hdfs", Wanted(paths=["flights"]), monkeypatch).findings
    assert (found.id, found.where.object) == ("hdfs-path-invalid", "path flights")
    assert found.fix == "write /flights"
    assert looked_at("hdfs", Wanted(paths=["/flights"]), monkeypatch).result == "ok"


def test_a_pattern_is_told_from_a_topic_and_has_a_cluster_too() -> None:
    wanted = Wanted(reads=["a", "b@east", "/a-.*/", "/a@b|.*/@east"], writes=["a", "c"])
    here, east = wanted.of_cluster(None), wanted.of_cluster("east")
    assert (here.topics, here.patterns) == (["a", "c"], ["a-.*"])
    assert (east.topics, east.patterns) == (["b"], ["a@b|.*"])
    assert wanted.unknown_clusters([None]) == ["b@east", "/a@b|.*/@east"]


def test_the_topics_of_a_pattern_are_asked_for_as_a_job_asks() -> None:
    kafka = KafkaSettings(bootstrap_servers=("a:1",))
    settings = SETTINGS.model_copy(update={"kafka": kafka})
    found = list(rights.of_others(settings, Wanted(reads=["/a-.*/"], job="j")))
    assert [about for _, _, about in found] == ["pattern a-.*", "group j"]
