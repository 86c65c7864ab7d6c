# SPDX-License-Identifier: Apache-2.0
"""Files of lines: rows that a format of text encodes in the JVM, one after the other."""

from __future__ import annotations

from typing import Any

from flinksec_jobs.errors import JobError
from flinksec_jobs.runtime import jvm


def writer(
    row_type: Any, encoder: Any, compression: str, target: str, *, several_lines: bool
) -> Any:
    """Return what writes files of lines, each of which ends with a line feed.

    Args:
        row_type: the Java type of the rows; None for strings.
        encoder: the Java ``RowEncoder.Factory`` of a format of text.
        compression: of the files.
        target: what the lines go to, for messages.
        several_lines: whether a record may hold line ends.

    Raises:
        JobError: the stream has strings.
    """
    require_rows(row_type, target)
    return jvm.view().org.flinksec.files.LineFiles.of(
        row_type, encoder, several_lines, compression, target
    )


def merged(compression: str) -> Any:
    """Return what makes one file of lines of several that are compressed alike."""
    return jvm.view().org.flinksec.files.LineFiles.merged(compression)


def require_rows(row_type: Any, target: str) -> None:
    """Refuse a stream of strings.

    Raises:
        JobError: the stream has strings.
    """
    if row_type is None:
        raise JobError(
            f"the stream that goes to {target} has strings, and its format writes records",
            hint='write format="json", or make records of them',
        )
