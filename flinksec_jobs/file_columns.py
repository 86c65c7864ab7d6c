# SPDX-License-Identifier: Apache-2.0
"""Columns of files that a job writes, beside those of the files that are there already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flinksec_jobs.escaping import escaped
from flinksec_jobs.findings import Finding, Where, problem, warning
from flinksec_jobs.runtime import jvm

_CHANGED = problem(
    "file-columns-changed", "files of one directory would have columns that do not go together"
)
_DIFFER = warning(
    "file-columns-differ", "new files of a directory have other columns than old ones"
)

_ABOUT = "the schema of the records"


def changes(uri: str, path: str, suffix: str, columns: Any, *, accepted: bool) -> Iterator[Finding]:
    """Yield what differs from the newest file below a directory, by the names of columns.

    Args:
        uri: of the file system.
        path: the directory.
        suffix: of the names of files.
        columns: the Java ``FileColumns`` of what is to be written.
        accepted: whether changes that do not go together are only told.

    Raises:
        JobError: the directory or the file cannot be read.
    """
    with jvm.translated(path):
        found = jvm.view().org.flinksec.files.ColumnChanges.between(uri + path, suffix, columns)
    apart = [escaped(str(each)) for each in found.incompatible()]
    together = [escaped(str(each)) for each in found.compatible()]
    there = escaped(str(found.file()))
    where = Where()
    if apart and not accepted:
        yield _CHANGED.at(
            where,
            f"{_ABOUT} that go to the HDFS path {path} is not that of the newest file there, "
            f"{there}: {'; '.join(apart)}",
            fix='write to another directory, or accept it by to_hdfs(…, schema_change="accept")',
        )
    told = together + (apart if accepted else [])
    if told:
        yield _DIFFER.at(
            where,
            f"{_ABOUT} that go to the HDFS path {path} is not that of the newest file there, "
            f"{there}: {'; '.join(told)}",
            fix="readers of old and new files have to expect both",
        )
