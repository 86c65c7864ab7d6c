# SPDX-License-Identifier: Apache-2.0
"""A format is one file: readers and writers take it by its name, and nothing else has to change."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs import SecureJob, formats, hdfs, registry
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.file_layout import Layout
from flinksec_jobs.formats.json import Json
from flinksec_jobs.kafka import source, topics
from flinksec_jobs.records import record
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.settings import Settings, load_settings

TOY = """
from dataclasses import dataclass

from flinksec_jobs.formats import FileForm, Format


def prepared(stream, writing):
    return ("prepared", stream, writing.row_type, writing.target)


@dataclass(frozen=True)
class Toy(Format):
    jars = ("hadoop-client",)
    needed: str = ""

    def files(self):
        return FileForm(".toy", writer=lambda writing: "written", prepare=prepared)


FORMAT = Toy
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
        can = {part for part in ("decoder", "encoder", "files") if formats.can(found, part)}
        assert can, name
        assert set(found.jars) <= set(artifacts.set_names()), name
        if "files" in can:
            assert formats.for_files(name).files().suffix.startswith("."), name


@pytest.mark.usefixtures("toy")
def test_a_format_of_one_new_file_is_written_to_hdfs_with_no_other_change() -> None:
    made = hdfs.sink(settings(), "/flights", Layout("toy"))
    stream: Any = "stream"
    prepared: Any = made._transformer._prepare(stream, "row type")
    assert prepared == ("prepared", "stream", "row type", "the HDFS path /flights")
    assert formats.for_files("toy").files().suffix == ".toy"
    assert formats.for_files("toy").name == "toy"


@pytest.mark.usefixtures("toy")
def test_the_jars_of_a_format_are_shipped_by_the_jobs_that_use_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(artifacts, "jars", lambda name: [Path(f"/{name}.jar")])
    assert hdfs.writing(settings(), "/p", Layout("toy")).jars() == [Path("/hadoop-client.jar")]
    assert hdfs.writing(settings(), "/p", Layout()).jars() == []
    options = source.SourceOptions(topics.chosen("t"), Event, Json())
    [use] = source.uses(settings(), options, "group")
    assert [jar.name for jar in use.jars()] == ["flink-kafka.jar"]


@pytest.mark.usefixtures("toy")
def test_an_unknown_format_is_refused_by_the_list_of_those_that_can_do_it() -> None:
    listed = r"""format=.xml. is not one of (.*, )?"json", (.*, )?"toy\b"""
    with pytest.raises(SettingsError, match=listed):
        hdfs.sink(settings(), "/flights", Layout("xml"))
    job = SecureJob("j", settings=settings())
    for refused in (
        lambda: job.from_kafka("t", Event, format="toy"),
        lambda: job.from_kafka("t", Event, format=formats.all_formats()["toy"]()),
        lambda: job.to_kafka("t", format="toy"),
    ):
        with pytest.raises(SettingsError) as caught:
            refused()
        assert "'toy' is not one of \"" in caught.value.message
        assert caught.value.message.startswith("format=")
    with pytest.raises(SettingsError, match="key_format='toy' is not one of"):
        job.to_kafka("t", key_fields=["id"], key_format="toy")


def test_a_format_may_be_one_that_is_only_read(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class OnlyRead(formats.Format):
        def decoder(self, reading: formats.Reading) -> Any:
            return "read"

    known = {"json": Json, "toy": OnlyRead}
    monkeypatch.setattr(formats, "all_formats", lambda: known)
    assert isinstance(formats.to_read("toy"), OnlyRead)
    with pytest.raises(SettingsError, match="format='toy' is not one of \"json\""):
        formats.to_write("toy")


def test_a_format_that_needs_options_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Needy(formats.Format):
        schema: str

        def decoder(self, reading: formats.Reading) -> Any:
            return "read"

    monkeypatch.setattr(formats, "all_formats", lambda: {"needy": Needy})
    with pytest.raises(SettingsError, match="format='needy' cannot do without options") as caught:
        formats.to_read("needy")
    assert "Needy(…)" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["from_kafka", "to_kafka", "from_hdfs", "to_hdfs"])
def test_whatever_reads_or_writes_records_takes_a_format(name: str) -> None:
    assert "format" in getattr(SecureJob, name).__annotations__
