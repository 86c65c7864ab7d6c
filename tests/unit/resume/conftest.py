# SPDX-License-Identifier: Apache-2.0
"""A job's directory as Flink and this library leave it, without either."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.resume.begin import JOB_ID, Begun, begin
from flinksec_jobs.resume.request import Request
from flinksec_jobs.resume.snapshots import METADATA
from flinksec_jobs.runtime.graph import Contents
from flinksec_jobs.sealed import KeyRing, SealedWriter
from flinksec_jobs.settings import StateSettings, load_settings
from flinksec_jobs.state import RECOVERY_PATH

MAGIC = bytes.fromhex("4960672d")


def metadata(number: int) -> bytes:
    """What `_metadata` of a checkpoint begins with, and more."""
    return MAGIC + (6).to_bytes(4) + number.to_bytes(8) + b"operators and their state " * 900


@dataclass
class Volume:
    """The state of the job ``job``.

    Attributes:
        base: ``state.directory``.
        keys: the ring; ``None`` for state in clear.
        clock: epoch milliseconds for what is sealed next.
    """

    base: Path
    keys: KeyRing | None
    patch: pytest.MonkeyPatch
    clock: int = 1_000
    contents: dict[str, Contents] = field(default_factory=dict)

    @property
    def job(self) -> Path:
        return self.base / "job"

    @property
    def settings(self) -> StateSettings:
        given: dict[str, Any] = {"directory": str(self.base), "sealed": self.keys is not None}
        if self.keys:
            given["keys"] = str(self.keys.directory)
        return load_settings(overrides={"state": given}, environ={}).need(StateSettings)

    def request(self, **changes: Any) -> Request:
        request = Request("job", self.settings, "latest", contents_of=self.contents_of)
        return replace(request, **changes)

    def start(self, *, finished: bool = False, **changes: Any) -> Begun:
        """Start the job and end it: as if it was killed, or well."""
        with begin(self.request(**changes)) as begun:
            if finished:
                begun.finished()
        return begun

    def origin(self, **changes: Any) -> str | None:
        """What a start goes on from: a path below the job's directory, or ``None``."""
        uri = self.start(**changes).options.get(RECOVERY_PATH)
        return uri and os.path.relpath(
            uri.removeprefix("sealed+").removeprefix("file://"), self.job
        )

    def checkpoint(self, begun: Begun, number: int) -> Path:
        """The metadata of a checkpoint of a run."""
        return self.write(self.job / begun.options[JOB_ID] / f"chk-{number}", number)

    def savepoint(
        self, begun: Begun, number: int, tail: str = "0a1b", *, ends_job: bool = False
    ) -> Path:
        directory = self.job / f"savepoint-{begun.options[JOB_ID][:6]}-{tail}"
        self.contents[self.uri(directory)] = Contents(ends_job=ends_job)
        return self.write(directory, number)

    def uri(self, directory: Path) -> str:
        return f"{'sealed+' if self.keys else ''}file://{directory}"

    def contents_of(self, uri: str) -> Contents:
        return self.contents.get(uri, Contents())

    def write(self, directory: Path, number: int, content: bytes | None = None) -> Path:
        directory.mkdir(parents=True)
        path = directory / METADATA
        data = metadata(number) if content is None else content
        if self.keys is None:
            path.write_bytes(data)
            return path
        with self.patch.context() as patch:
            patch.setattr("time.time_ns", lambda: self.clock * 1_000_000)
            with SealedWriter(path, self.keys) as writer:
                writer.write(data)
        self.clock += 1_000
        return path


def remove(path: Path) -> None:
    """Remove a checkpoint, as Flink does when it has a newer one."""
    path.unlink()
    path.parent.rmdir()


def cut(path: Path, length: int = 500) -> None:
    path.write_bytes(path.read_bytes()[:length])


Make = Callable[[bool], Volume]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    def made(sealed: bool) -> Volume:
        ring = KeyRing.create(tmp_path / "keys") if sealed else None
        return Volume(tmp_path / "my state", ring, monkeypatch)

    return made


@pytest.fixture(params=[True, False], ids=["sealed", "in clear"])
def volume(make: Make, request: pytest.FixtureRequest) -> Volume:
    """State that is sealed, and state that is not: the rule is the same."""
    return make(request.param)


@pytest.fixture
def sealed(make: Make) -> Volume:
    return make(True)
