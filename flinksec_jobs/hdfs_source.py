# SPDX-License-Identifier: Apache-2.0
"""Files on HDFS as a source: Flink's own, with records decoded in the JVM."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flinksec_jobs import bad_records, formats, hdfs, records, refusals
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.kafka import watermarks
from flinksec_jobs.runtime import artifacts, jvm
from flinksec_jobs.settings import HdfsSettings, duration
from flinksec_jobs.uses import Question

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings
    from flinksec_jobs.uses import Use

_MISSING = problem("hdfs-path-missing", "a path of HDFS that a job reads is not there")
_MILLISECOND = timedelta(milliseconds=1)
_LONGEST_WATCH = timedelta(days=365)


@dataclass(frozen=True)
class Files:
    """What a job says about files that it reads; see ``SecureJob.from_hdfs``.

    Attributes:
        path: of a directory, or of one file.
        record: the record class.
        format: of the files.
        watch: how often to look for new files; None to end with those that are there.
        event_time: where the time of a record stands; None for nowhere.
        on_error: what becomes of a record that cannot be decoded.
        max_skipped_in_a_row: so many may be left out one after the other.
        letters: whether the source gives rows and letters.
    """

    path: str
    record: type
    format: formats.Format
    watch: timedelta | None = None
    event_time: watermarks.EventTime | None = None
    on_error: bad_records.OnError = "fail"
    max_skipped_in_a_row: int = 100
    letters: bool = False


def interval(watch: str | timedelta | None) -> timedelta | None:
    """Return how often to look for new files.

    Raises:
        SettingsError: it is no time between two looks.
    """
    if watch is None:
        return None
    try:
        found = duration(watch)
    except SettingsError as error:
        raise SettingsError(f"watch={watch!r} is not a duration", hint=error.hint) from error
    if not _MILLISECOND <= found <= _LONGEST_WATCH:
        raise SettingsError(
            f"watch={watch!r} is no time between two looks for new files",
            hint='give one from a millisecond to a year, such as watch="10 s", or leave it out',
        )
    return found


def check_time(event_time: object) -> None:
    """Refuse the time of what is no file.

    Raises:
        SettingsError: it is that of a Kafka record.
    """
    if event_time == watermarks.KAFKA_TIMESTAMP:
        raise SettingsError(
            f'event_time="{watermarks.KAFKA_TIMESTAMP}" in from_hdfs: files have no such time',
            hint="name a field that holds the time, or give a function of the row",
        )


def reading(settings: Settings, files: Files) -> Use:
    """Return what a job needs that reads files."""
    jar_sets = formats.jars_of_files(files.format)
    return replace(
        hdfs.client(settings),
        name=f"reads HDFS path {files.path}{hdfs.of_cluster(settings)}",
        jars=lambda: [jar for name in jar_sets for jar in artifacts.jars(name)],
        questions=(question(settings, files.path),),
    )


def question(settings: Settings, *paths: str) -> Question:
    """Return the question whether what a job reads is there, and its principal may look into it."""
    named = hdfs.of_cluster(settings)

    def asked(about: Sequence[str]) -> Iterable[Finding]:
        with settings.spelling.told():
            return list(ask(settings.need(HdfsSettings), about))

    return Question(
        id=f"hdfs-paths-read{named.replace(' ', '-')}",
        label=f"HDFS{named} has the paths to read, and lets the job look into them",
        setting=settings.spelling.setting("hdfs.uri"),
        ask=asked,
        about=paths,
    )


def ask(settings: HdfsSettings, paths: Sequence[str]) -> Iterable[Finding]:
    """List, as the job's principal, the directories that the job reads.

    Raises:
        JobError: the NameNode cannot be reached or refuses us.
    """
    flink = jvm.view().org.apache.flink.core.fs
    for path in paths:
        location = flink.Path(settings.uri + path)
        try:
            with jvm.translated(path):
                system = location.getFileSystem()
                is_there = system.exists(location)
                if is_there:
                    system.listStatus(location)
                    hdfs.require_key(system, path)
        except JobError as error:
            raise refusals.explained(
                error,
                f"HDFS at {settings.uri} cannot be read.",
                refusals.HDFS,
                otherwise=f"from_hdfs({path!r}), or hdfs.uri",
            ) from error
        if not is_there:
            yield _MISSING.at(
                Where(object=f"{settings.uri}{path}"),
                f"from_hdfs({path!r}): HDFS has no such path",
                fix="correct the path, or make the directory",
            )


def source(settings: Settings, files: Files) -> Any:
    """Return the Java source of rows, or of rows and letters.

    Raises:
        SettingsError: an argument is none of what it takes.
        JobError: the format has no form for a field.
    """
    bad_records.check_on_error(files.on_error)
    about = formats.Reading(settings, (), files.record)
    uri = settings.need(HdfsSettings).uri + files.path
    said = jvm.view().org.flinksec.files.reading.FileReading.of(
        uri, records.shape_text(files.record)
    )
    said.watch(0 if files.watch is None else files.watch // _MILLISECOND)
    said.onError(files.on_error, files.max_skipped_in_a_row)
    said.eventTime(files.event_time.field if files.event_time else "")
    if files.letters:
        said.letters()
    return said.build(files.format.file_reader(about))
