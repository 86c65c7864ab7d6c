# SPDX-License-Identifier: Apache-2.0
"""What files a job writes below a directory: their format, where they are, and where they end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from flinksec_jobs import choices, formats, partition_patterns
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.formats import FileForm, Format
from flinksec_jobs.sections.durations import duration

_LARGEST = (1 << 63) - 1  # a whole number of Java
_LONGEST_TIME = timedelta(days=3653) // timedelta(milliseconds=1)
SchemaChange = Literal["fail", "accept"]
MissingFiles = Literal["fail", "accept"]
_MOST_CHECKPOINTS = 10_000
_MARKER = re.compile(r"[._][A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Layout:
    """What files a job writes below a directory.

    Attributes:
        format: of the files, by its name or with options.
        compression: of the files; None for the format's default.
        partition_by: the pattern of directories below it; None for none.
        roll_size: after how many bytes a file ends before the next checkpoint.
        roll_after: how long after it was begun.
        roll_inactive: how long after the last record.
        compact_size: to how many bytes small files are gathered; None for files as they come.
        compact_checkpoints: after how many checkpoints they are merged whatever their size.
        success_file: the name of the file that marks a finished partition; None for none.
        success_delay: how long a partition is waited for after its time is over.
        schema_change: ``fail``, or ``accept`` columns that do not go with those of older files.
        missing_files: ``fail`` where a file that a restored state is to make visible is gone, or
            ``accept`` that it was taken away after it was visible.
    """

    format: str | Format = "json"
    compression: str | None = None
    partition_by: str | None = None
    roll_size: int | None = None
    roll_after: str | timedelta | None = None
    roll_inactive: str | timedelta | None = None
    compact_size: int | None = None
    compact_checkpoints: int = 10
    success_file: str | None = None
    success_delay: str | timedelta | None = None
    schema_change: SchemaChange = "fail"
    missing_files: MissingFiles = "fail"

    def __post_init__(self) -> None:
        """Refuse a choice that there is not.

        Raises:
            SettingsError: it lists those that there are.
        """
        choices.require("schema_change", self.schema_change, get_args(SchemaChange))
        choices.require("missing_files", self.missing_files, get_args(MissingFiles))

    def form(self) -> FileForm:
        """Return the format as files.

        Raises:
            SettingsError: no file is written in it.
        """
        return formats.for_files(self.format).files()

    def chosen(self) -> str:
        """Return the name of the compression.

        Raises:
            SettingsError: the format has no such compression.
        """
        able = tuple(self.form().compressions)
        if self.compression is None:
            return able[0]
        choices.require("compression", self.compression, able)
        return self.compression

    def suffix(self) -> str:
        """Return what the names of the files end with."""
        return self.form().suffix + self.form().compressions[self.chosen()].suffix

    def jars(self) -> tuple[str, ...]:
        """Return the sets of third-party jars that the files need."""
        of_format = formats.for_files(self.format).jars
        return (*of_format, *self.form().compressions[self.chosen()].jars)

    def parts(self) -> list[str] | None:
        """Return the parts of ``partition_by``; None for none.

        Raises:
            SettingsError: it makes no names of directories.
        """
        return None if self.partition_by is None else partition_patterns.parsed(self.partition_by)

    def limits(self) -> tuple[int, int, int]:
        """Return after how many bytes, and milliseconds, a file ends; 0 for no limit.

        Raises:
            SettingsError: one of them is none.
        """
        size = _bytes("roll_size", self.roll_size)
        times = (("roll_after", self.roll_after), ("roll_inactive", self.roll_inactive))
        after, inactive = (_milliseconds(name, value) for name, value in times)
        return size, after, inactive

    def compaction(self) -> tuple[int, int] | None:
        """Return to how many bytes, or after how many checkpoints, files are merged; None if not.

        Raises:
            SettingsError: one of them is none, or files of the format are not merged.
        """
        size, checkpoints = _bytes("compact_size", self.compact_size), self.compact_checkpoints
        if not _is_count(checkpoints) or checkpoints > _MOST_CHECKPOINTS:
            raise SettingsError(
                f"compact_checkpoints={checkpoints!r} is no number of checkpoints",
                hint=f"give a whole number from 1 to {_MOST_CHECKPOINTS}, such as 10",
            )
        if not size:
            return None
        if self.form().merger is None:
            raise SettingsError(
                f"compact_size={size}: small files of format={self.format!r} cannot be merged",
                hint="leave compact_size out, and make checkpoints less often",
            )
        return size, checkpoints

    def success(self) -> tuple[str, int] | None:
        """Return the file that marks a partition, and a delay in milliseconds; None for none.

        Raises:
            SettingsError: no file is called so, or partitions do not end.
        """
        name, delay = self.success_file, self.success_delay
        milliseconds = _milliseconds("success_delay", delay)
        if name is None:
            if delay is not None:
                raise SettingsError(
                    f"success_delay={delay!r} is about a success_file, and there is none",
                    hint='add success_file="_SUCCESS", or leave it out',
                )
            return None
        if not _MARKER.fullmatch(name):
            raise SettingsError(
                f"success_file={name!r} is no name of a file that readers of data pass over",
                hint='begin it with "_" or ".", and go on with letters and digits, as "_SUCCESS"',
            )
        parts = self.parts()
        if parts is None:
            raise SettingsError(
                f"success_file={name!r} marks finished partitions, and there is no partition_by",
                hint='add partition_by="day={:%Y-%m-%d}", or leave it out',
            )
        partition_patterns.require_ends(parts, f"success_file={name!r}")
        return name, milliseconds


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _bytes(argument: str, size: int | None) -> int:
    if size is not None and not (_is_count(size) and size <= _LARGEST):
        raise SettingsError(
            f"{argument}={size!r} is no number of bytes",
            hint=f"give a whole number of bytes, such as {argument}=128 << 20",
        )
    return size or 0


def _milliseconds(argument: str, value: str | timedelta | None) -> int:
    if value is None:
        return 0
    try:
        found = duration(value)
    except SettingsError as error:
        raise SettingsError(f"{argument}={value!r} is not a duration", hint=error.hint) from error
    milliseconds = found // timedelta(milliseconds=1)
    if not 0 < milliseconds <= _LONGEST_TIME:
        raise SettingsError(
            f"{argument}={value!r} is no time after which a file can end",
            hint="give one from a millisecond to ten years, or leave it out",
        )
    return milliseconds
