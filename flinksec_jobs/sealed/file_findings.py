# SPDX-License-Identifier: Apache-2.0
"""What is wrong with sealed files, as findings: one for each file that is not as it should be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from flinksec_jobs.findings import Finding, Kind, Where, problem, warning
from flinksec_jobs.sealed.format import Status
from flinksec_jobs.sealed.manifest import Change

_RESTORE = "put back a whole copy, or start from another checkpoint; find out who writes there"
_KINDS: dict[Status, tuple[Kind, str]] = {
    Status.TRUNCATED: (problem("state-file-truncated", "a sealed file lacks its end"), _RESTORE),
    Status.TAMPERED: (problem("state-file-tampered", "a sealed file was altered"), _RESTORE),
    Status.FOREIGN: (
        problem("state-file-foreign", "a sealed file lies in the place of another"),
        "put it back; if the job sees it under another path, name that path: --place",
    ),
    Status.PLAINTEXT: (
        problem("state-file-plaintext", "a file among sealed ones is in clear"),
        "find out who wrote it: nothing that is sealed is written in clear",
    ),
    Status.KEY_MISSING: (
        problem("state-key-missing", "no key in the ring opens a sealed file"),
        "give the key ring or token that it was sealed with: --keys may be given again",
    ),
    Status.UNSUPPORTED: (
        problem("state-file-unsupported", "a sealed file is of a newer version of the format"),
        "use the release that wrote it",
    ),
    Status.UNREADABLE: (
        problem("state-file-unreadable", "a file of state cannot be read"),
        "run this as a user who may read it, where its volume answers",
    ),
}
_MOVED = warning("state-file-moved", "a sealed file was moved")
_CHANGED: dict[Change, tuple[Kind, str, str]] = {
    Change.MISSING: (
        problem("state-file-missing", "a file of the manifest is not there"),
        "the manifest lists it, and it is not there",
        "put it back, or start from another checkpoint",
    ),
    Change.EXTRA: (
        problem("state-file-extra", "there is a file that the manifest does not list"),
        "the manifest does not list it",
        "write the manifest again if the file belongs there, or remove it",
    ),
    Change.REPLACED: (
        problem("state-file-replaced", "a whole file is not the one of the manifest"),
        "it is whole, and not the file that the manifest lists",
        "find out who put another copy there, and put back the right one",
    ),
}
_NONE = problem("state-files-absent", "there is no file of state")


class Examined(Protocol):
    """What is known of a file: a `FileReport`, `FileInfo` or `RekeyReport`."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def status(self) -> Status | None:
        """What it is; None if nothing speaks against it."""

    @property
    def detail(self) -> str:
        """Why; or a remark."""


def check_examined(files: Iterable[Examined]) -> Iterator[Finding]:
    """Yield a finding for each file that is not whole, or was moved."""
    for file in files:
        where = Where(file=str(file.path))
        if file.status in _KINDS:
            kind, fix = _KINDS[file.status]
            yield kind.at(where, file.detail or str(file.status), fix=fix)
        elif file.detail:
            yield _MOVED.at(where, file.detail, fix="put it back, unless it was meant to be moved")


def check_changes(root: Path, changes: Mapping[str, Change]) -> Iterator[Finding]:
    """Yield a finding for each file that is not as a manifest lists it."""
    for name, change in sorted(changes.items()):
        kind, why, fix = _CHANGED[change]
        yield kind.at(Where(file=str(root / name)), why, fix=fix)


def no_files(paths: Iterable[Path]) -> Finding:
    """Return the finding that there was no file to look at."""
    return _NONE.at(
        Where(file=", ".join(map(str, paths))),
        "no file was found",
        fix="name the directory of a job's checkpoints, and mount its volume",
    )
