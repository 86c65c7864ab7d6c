# SPDX-License-Identifier: Apache-2.0
"""How ``flinksec state`` prints: lines, one JSON object, a bar on stderr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from flinksec_jobs.cli.output import say
from flinksec_jobs.escaping import escaped
from flinksec_jobs.sealed import Header, SealedFileError, Status


def described(
    path: Path, status: Status | None, detail: str, length: int | None, header: Header | None
) -> dict[str, object]:
    """Return what is known of a file, as flat fields."""
    fields: dict[str, object] = {
        "path": str(path),
        "status": status.value if status else "sealed",
        "detail": detail,
        "length": length,
    }
    if header:
        fields |= {
            "name": header.name,
            "name_policy": header.context.policy.name.lower(),
            "created": _created(header),
            "key_ids": list(header.key_ids),
            "data_key_id": header.context.data_key_id.hex(),
            "file_id": header.context.file_id.hex(),
        }
    return fields


def as_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines with aligned columns, their text escaped."""
    if not rows:
        return []
    rows = [[escaped(text) for text in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return [
        "  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    ]


def counted(what: str, total: int, counts: Mapping[Any, int]) -> str:
    """``3 files: 2 whole, 1 tampered``."""
    plural = "" if total == 1 else "s"
    listed = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()) if number)
    return f"{total} {what}{plural}" + (f": {listed}" if listed else "")


def file_size(path: Path) -> int:
    """Bytes of a file, for a bar; 0 if that cannot be told."""
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


class Bar:
    """A progress bar on stderr, where that is a terminal; gone at the end."""

    def __init__(self, what: str, total: int, *, unit: str) -> None:
        console = Console(stderr=True)
        amount = (
            (DownloadColumn(), TransferSpeedColumn())
            if unit == "bytes"
            else (MofNCompleteColumn(),)
        )
        self._progress = Progress(
            TextColumn(what),
            BarColumn(),
            *amount,
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(what, total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def advance(self, amount: int) -> None:
        """More was done; callable from every thread."""
        self._progress.advance(self._task, amount)

    def print(self, line: str) -> None:
        """Print a line on stdout."""
        say(line)


def _created(header: Header) -> str:
    try:
        return header.created.isoformat(timespec="seconds")
    except SealedFileError:
        return "impossible"
