# SPDX-License-Identifier: Apache-2.0
"""The right to write a directory of HDFS is asked for before a job starts. No JVM is started."""

from __future__ import annotations

from pathlib import PurePosixPath
from types import SimpleNamespace

import pytest

from flinksec_jobs import hdfs
from flinksec_jobs.runtime import jvm


class JavaPath:
    """What Py4J shows of Hadoop's ``Path``."""

    def __init__(self, path: str) -> None:
        self.path = PurePosixPath(path)

    def getParent(self) -> JavaPath | None:  # noqa: N802  Java's name
        return None if self.path == self.path.parent else JavaPath(str(self.path.parent))

    def toUri(self) -> JavaPath:  # noqa: N802
        return self

    def getPath(self) -> str:  # noqa: N802
        return str(self.path)


class Files:
    """A file system with some directories, and what was asked of it."""

    def __init__(self, *there: str) -> None:
        self.there = there
        self.asked: list[tuple[str, str]] = []

    def getHadoopFileSystem(self) -> Files:  # noqa: N802
        return self

    def exists(self, path: JavaPath) -> bool:
        return path.getPath() in self.there

    def access(self, path: JavaPath, action: str) -> None:
        self.asked.append((path.getPath(), action))
        if path.getPath() == "/":
            raise PermissionError("Permission denied: user=flink, access=WRITE")


@pytest.fixture(autouse=True)
def hadoop(monkeypatch: pytest.MonkeyPatch) -> None:
    action = SimpleNamespace(WRITE_EXECUTE="wx")
    fs = SimpleNamespace(Path=JavaPath, permission=SimpleNamespace(FsAction=action))
    apache = SimpleNamespace(hadoop=SimpleNamespace(fs=fs))
    view = SimpleNamespace(org=SimpleNamespace(apache=apache))
    monkeypatch.setattr(jvm, "view", lambda: view)


@pytest.mark.parametrize(
    ("path", "asked"), [("/data/a/b", "/data"), ("/data", "/data"), ("/data/ü x", "/data")]
)
def test_the_directory_or_the_nearest_above_that_is_there_is_asked_about(
    path: str, asked: str
) -> None:
    files = Files("/", "/data")
    assert hdfs.require_right(files, path) == asked
    assert files.asked == [(asked, "wx")]


def test_a_directory_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(PermissionError, match="access=WRITE"):
        hdfs.require_right(Files("/", "/data"), "/elsewhere/a")
