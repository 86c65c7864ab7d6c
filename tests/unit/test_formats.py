# SPDX-License-Identifier: Apache-2.0
"""A format is one file: readers and writers take it by its name, and nothing else has to change."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import SecureJob, formats, hdfs, kafka, registry
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.records import record
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.settings import HdfsSettings, Settings, load_settings

TOY = """
from flinksec_jobs.formats import FileForm, Format


def prepared(stream, writing):
    return ("prepared", stream, writing.row_type, writing.target)


FORMAT = Format(
    files=FileForm(".toy", builder=lambda uri, writing: uri, prepare=prepared),
    jars=("hadoop-client",),
)
"""


@record
class Event:
    id: str


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One file more among the formats, which only files can have."""
    (tmp_path / "toy.py").write_text(TOY)
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path)])
    yield
    sys.modules.pop("flinksec_jobs.formats.toy", None)
    vars(formats).pop("toy", None)


def settings() -> Settings:
    return load_settings(
        overrides={
            "kerberos": {"principal": "flink@EXAMPLE.COM", "keytab": "file:/etc/flink.keytab"},
            "kafka": {"bootstrap_servers": ["a:1"], "security_protocol": "SSL"},
            "hdfs": {"uri": "hdfs://name:8020"},
        },
        environ={},
    )


def test_the_formats_are_the_files_of_the_package() -> None:
    files = {path.stem for path in Path(formats.__path__[0]).glob("*.py")} - {"__init__"}
    assert set(registry.names(formats)) == set(formats.all_formats()) == files
    assert "json" in files


def test_each_format_does_something_and_names_jars_that_are_locked() -> None:
    for name, found in formats.all_formats().items():
        can = [found.files, found.kafka and (found.kafka.decoder or found.kafka.encoder)]
        assert any(can), name
        assert set(found.jars) <= set(artifacts.set_names()), name
        assert found.files is None or found.files.suffix.startswith("."), name


@pytest.mark.usefixtures("toy")
def test_a_format_of_one_new_file_is_written_to_hdfs_with_no_other_change() -> None:
    made = hdfs.sink(settings().need(HdfsSettings), "/flights", format="toy")
    stream: Any = "stream"
    prepared: Any = made._transformer._prepare(stream, "row type")
    assert prepared == ("prepared", "stream", "row type", "the HDFS path /flights")
    assert formats.for_files("toy").suffix == ".toy"


@pytest.mark.usefixtures("toy")
def test_the_jars_of_a_format_are_shipped_by_the_jobs_that_use_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(artifacts, "jars", lambda name: [Path(f"/{name}.jar")])
    assert hdfs.writing(settings(), "/p", "toy").jars() == [Path("/hadoop-client.jar")]
    assert hdfs.writing(settings(), "/p", "json").jars() == []
    assert [jar.name for jar in kafka.reading(settings(), "t", "json").jars()] == [
        "flink-kafka.jar"
    ]


@pytest.mark.usefixtures("toy")
def test_an_unknown_format_is_refused_by_the_list_of_those_that_can_do_it() -> None:
    listed = r"""format=.xml. is not one of "json", (.*, )?"toy\b"""
    with pytest.raises(SettingsError, match=listed):
        hdfs.sink(settings().need(HdfsSettings), "/flights", format="xml")
    with pytest.raises(SettingsError) as caught:
        kafka.source(settings(), "g", kafka.SourceOptions("t", Event, format="toy"))
    assert caught.value.message.startswith("format='toy' is not one of \"json\"")
    with pytest.raises(SettingsError, match="format='toy' is not one of \"json\""):
        kafka.sink(
            settings(),
            "t",
            key_field=None,
            format="toy",
            delivery="exactly_once",
            transactional_id_prefix=lambda: "p",
        )


def test_a_format_may_be_one_that_is_only_read(monkeypatch: pytest.MonkeyPatch) -> None:
    only_read = formats.Format(kafka=formats.KafkaForm(decoder=lambda _: "read"))
    known = {"json": formats.all_formats()["json"], "toy": only_read}
    monkeypatch.setattr(formats, "all_formats", lambda: known)
    reading = formats.Reading(Event, {}, "fail", "", 0)
    assert formats.kafka_decoder("toy")(reading) == "read"
    with pytest.raises(SettingsError, match="format='toy' is not one of \"json\""):
        formats.kafka_encoder("toy")


@pytest.mark.parametrize("name", ["from_kafka", "to_kafka", "to_hdfs"])
def test_whatever_reads_or_writes_records_takes_a_format(name: str) -> None:
    assert "format" in getattr(SecureJob, name).__annotations__
