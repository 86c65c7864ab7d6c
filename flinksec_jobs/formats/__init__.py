# SPDX-License-Identifier: Apache-2.0
"""Forms that records have outside of Flink, a file each.

A format is a module of this package that holds a subclass of `Format` called ``FORMAT``; its name
is the file's, and its options are its fields. Where a job names a format
(``from_kafka(…, format="json")``) it may give the name, or an instance with options of its own; an
error lists those that can do what is asked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from flinksec_jobs import choices, registry
from flinksec_jobs.errors import SettingsError

if TYPE_CHECKING:
    from pyflink.datastream import DataStream

    from flinksec_jobs.settings import Settings
    from flinksec_jobs.uses import Use


@dataclass(frozen=True)
class Reading:
    """What bytes a format is to read.

    Attributes:
        settings: of the job.
        topics: that the records are in; none if they are given by a pattern.
        record: the record class of the rows.
        part: of a Kafka record.
        fields: those of the record class that the part holds; empty for all that nothing else
            fills.
        metadata: fields that the format itself fills from around the record: field to source, of
            those that begin with its ``metadata_prefix``.
    """

    settings: Settings
    topics: tuple[str, ...]
    record: type
    part: Literal["value", "key"] = "value"
    fields: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Writing:
    """What a format is to write.

    Attributes:
        row_type: the Java type of the stream's rows; None for a stream of strings.
        target: what it writes to, for messages: ``the HDFS path /flights``.
        settings: of the job; None for files.
        topic: that the records go to; empty for files.
        part: of a Kafka record.
        fields: those of the rows that the part holds; empty for all that go nowhere else.
        compression: of files, one of those that their form has.
        roll_size: after how many bytes a file ends; 0 for no such limit.
    """

    row_type: Any
    target: str
    settings: Settings | None = None
    topic: str = ""
    part: Literal["value", "key"] = "value"
    fields: tuple[str, ...] = ()
    compression: str = "none"
    roll_size: int = 0


@dataclass(frozen=True)
class Compression:
    """A way to compress files.

    Attributes:
        suffix: that it adds to their names, with its dot.
        jars: sets of third-party jars that it needs.
    """

    suffix: str = ""
    jars: tuple[str, ...] = ()


LINES: Mapping[str, Compression] = {
    "none": Compression(),
    "gzip": Compression(".gz"),
    "zstd": Compression(".zst", ("zstd",)),
}
"""How files of lines are compressed, as a whole."""


@dataclass(frozen=True)
class FileForm:
    """A format as files.

    Attributes:
        suffix: of their names, with its dot.
        writer: makes the Java ``BulkWriter.Factory`` of one file; where files are and end is not
            its business.
        compressions: by their names, with the default first.
        prepare: changes the stream before it; by default nothing.
        merger: makes the Java ``BulkWriter.Factory`` of one file that holds the rows of several,
            whose paths it is given; None if small files of it cannot be merged.
        columns: makes the Java ``FileColumns`` of files that say which columns they have; None for
            others.
    """

    suffix: str
    writer: Callable[[Writing], Any]
    compressions: Mapping[str, Compression] = field(default_factory=lambda: LINES)
    prepare: Callable[[DataStream, Writing], DataStream] = lambda stream, _: stream
    merger: Callable[[Writing], Any] | None = None
    columns: Callable[[Writing], Any] | None = None


@dataclass(frozen=True)
class Format:
    """A form of records. What it does not override is what it cannot do.

    Attributes:
        jars: sets of third-party jars that it needs, see `flinksec_jobs.runtime.artifacts`.
        metadata_prefix: of the sources of metadata that it knows itself; empty for none.
        of_changes: whether its rows have kinds: one may say that another is no longer there.
    """

    jars: ClassVar[tuple[str, ...]] = ()
    metadata_prefix: ClassVar[str] = ""
    of_changes: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """Its name: that of its file."""
        return type(self).__module__.rpartition(".")[2]

    def decoder(self, reading: Reading) -> Any:
        """Return the Java ``RowDecoder.Factory`` for values, or keys, of Kafka's records."""
        raise NotImplementedError

    def in_a_table(self) -> Format:
        """Return it as a table reads it, which minds the kinds of rows as functions do not.

        Raises:
            SettingsError: its options make no table.
        """
        return self

    def encoder(self, writing: Writing) -> Any:
        """Return the Java ``RowEncoder.Factory`` for values, or keys, of Kafka's records."""
        raise NotImplementedError

    def files(self) -> FileForm:
        """Return how it is written to files."""
        raise NotImplementedError

    def file_reader(self, reading: Reading) -> Any:
        """Return the Java ``RecordFiles`` that reads its files."""
        raise NotImplementedError

    def uses(
        self,
        settings: Settings,  # noqa: ARG002
        topics: tuple[str, ...],  # noqa: ARG002
        way: Literal["read", "write"],  # noqa: ARG002
    ) -> tuple[Use, ...]:
        """Return what a job needs for it besides its jars: servers, files."""
        return ()


_PARTS = ("decoder", "encoder", "files", "file_reader")


def all_formats() -> dict[str, type[Format]]:
    """Return every format by its name."""
    package = sys.modules[__name__]
    return {
        name: cast(type[Format], registry.module(package, name).FORMAT)
        for name in registry.names(package)
    }


def can(kind: type[Format], part: str) -> bool:
    """Whether a format has a part: ``decoder``, ``encoder``, ``files`` or ``file_reader``."""
    return getattr(kind, part) is not getattr(Format, part)


def to_read(format: str | Format, argument: str = "format") -> Format:  # noqa: A002
    """Return a format that can be read.

    Args:
        format: its name, or one with options.
        argument: that gives it, for messages.

    Raises:
        SettingsError: it is none that is read; lists those that are.
    """
    return _chosen(format, "decoder", argument)


def to_write(format: str | Format, argument: str = "format") -> Format:  # noqa: A002
    """Return a format that can be written.

    Raises:
        SettingsError: it is none that is written; lists those that are.
    """
    return _chosen(format, "encoder", argument)


def for_files(format: str | Format) -> Format:  # noqa: A002
    """Return a format that can be written to files.

    Raises:
        SettingsError: it is none that is written to files; lists those that are.
    """
    return _chosen(format, "files", "format")


def to_read_files(format: str | Format) -> Format:  # noqa: A002
    """Return a format whose files can be read.

    Raises:
        SettingsError: it is none; lists those that are.
    """
    return _chosen(format, "file_reader", "format")


def jars_of_files(format: Format) -> tuple[str, ...]:  # noqa: A002
    """Return the sets of jars that files of a format need, however they are compressed."""
    ways = format.files().compressions.values()
    return tuple(dict.fromkeys([*format.jars, *(jar for way in ways for jar in way.jars)]))


def _chosen(given: str | Format, part: str, argument: str) -> Format:
    able = {name: kind for name, kind in all_formats().items() if can(kind, part)}
    if isinstance(given, Format):
        choices.require(argument, given.name, tuple(able))
        return given
    choices.require(argument, given, tuple(able))
    try:
        return able[given]()
    except TypeError as error:
        raise SettingsError(
            f"{argument}={given!r} cannot do without options",
            hint=f"give it one with options: {able[given].__name__}(…), of "
            f"flinksec_jobs.formats.{given}",
        ) from error
