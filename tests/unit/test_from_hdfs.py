# SPDX-License-Identifier: Apache-2.0
"""What `from_hdfs` refuses before any JVM is there."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import SecureJob, hdfs, record
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.settings import load_settings


@record
class Event:
    n: int
    at: datetime


def job(**overrides: Any) -> SecureJob:
    given = {
        "hdfs.uri": "hdfs://nn:8020",
        "hdfs.namenode_principal": "hdfs/_HOST@EXAMPLE.COM",
        "kerberos.principal": "flink@EXAMPLE.COM",
        "kerberos.keytab": "file:/k",
        "kafka.bootstrap_servers": ["k:1"],
    }
    return SecureJob("j", settings=load_settings(overrides=given | overrides, environ={}))


@pytest.mark.parametrize(
    ("path", "arguments", "said"),
    [
        ("data", {}, r"from_hdfs\('data'\): the path is not absolute"),
        ("/a:b", {}, r"from_hdfs\('/a:b'\): HDFS takes no colon"),
        ("/d", {"watch": "soon"}, "watch='soon' is not a duration"),
        ("/d", {"watch": "0 s"}, "watch='0 s' is no time between two looks"),
        ("/d", {"format": "protobuf"}, "format is 'protobuf'|format='protobuf'"),
        ("/d", {"event_time": "kafka-timestamp"}, "files have no such time"),
        ("/d", {"on_error": "dead_letter"}, "have no topic job.dead_letters"),
    ],
)
def test_what_cannot_be_read_is_refused_where_it_is_written(
    path: str, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        job().from_hdfs(path, Event, **arguments)


def test_files_of_avro_hold_their_schema_so_one_of_ones_own_is_refused(tmp_path: Path) -> None:
    from flinksec_jobs.formats import Reading
    from flinksec_jobs.formats.avro import Avro

    (tmp_path / "a.avsc").write_text("{}")
    with pytest.raises(SettingsError, match="each of them holds its own"):
        Avro(schema_file=tmp_path / "a.avsc").file_reader(
            Reading(load_settings(environ={}), (), Event)
        )


def test_without_a_section_of_hdfs_nothing_is_read() -> None:
    with pytest.raises(SettingsError, match="hdfs"):
        SecureJob("j", settings=load_settings(environ={})).from_hdfs("/d", Event)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Cannot create file /d/.part. Name node is in safe mode.", "hdfs-safe-mode"),
        ("The DiskSpace quota of /d is exceeded: quota = 1024 B", "hdfs-quota-exceeded"),
        ("The NameSpace quota (directories and files) of /d is exceeded", "hdfs-quota-exceeded"),
        ("could only be written to 0 of the 1 minReplication nodes.", "hdfs-no-datanode"),
        ("Permission denied: user=flink, access=WRITE", "hdfs-not-authorized"),
    ],
)
def test_a_job_that_hdfs_fails_is_told_what_to_do(said: str, kind: str) -> None:
    explain = hdfs.client(job().settings).explain
    told = explain(JobError(f"the job j failed: {said}"))
    assert told is not None
    assert [found.id for found in told.findings] == [kind]
    assert explain(JobError("the job j failed: Connection refused by the broker")) is None
