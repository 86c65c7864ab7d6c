# SPDX-License-Identifier: Apache-2.0
"""The files that a checkpoint names: each is there, is the one that was written, and opens."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flinksec_jobs import files, state
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.findings import Finding, Where, problem, problems
from flinksec_jobs.job_check.facts import StateFacts, StateFile
from flinksec_jobs.job_check.savepoint_manifest import Part, SavepointManifest
from flinksec_jobs.resume.snapshots import METADATA
from flinksec_jobs.sealed import FileInfo, FileReport, KeyProvider, inspect_file, verify_file
from flinksec_jobs.sealed.directories import in_order
from flinksec_jobs.sealed.file_findings import check_examined

_MISSING = problem("state-file-gone", "a file that a checkpoint names is not there")
_LENGTH = problem("state-file-of-other-length", "a file is not as long as its checkpoint says")
_UNREAD = problem("state-file-unread", "a file that a checkpoint names cannot be read")
_METADATA = problem("state-metadata-unread", "the metadata of a checkpoint cannot be read")
_UNKNOWN = problem("state-handle-unknown", "a checkpoint names state in a way that is not known")
_RESTORE = "put it back from a copy, or start from another checkpoint"
# More wait well side by side on a network volume.
_WORKERS = 8
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Looked:
    """What became of the files of a checkpoint.

    Attributes:
        facts: what its metadata tells.
        findings: what is wrong.
        parts: what its manifest is made of; empty where only Flink can look.
    """

    facts: StateFacts
    findings: Sequence[Finding]
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether all of it is there, as it was written."""
        return not problems(self.findings)

    def manifest(self, created_at_ms: int) -> SavepointManifest | None:
        """Return what it is made of; ``None`` if that is not known."""
        if not self.whole or not self.parts:
            return None
        name = self.facts.uri.rstrip("/").rpartition("/")[2]
        return SavepointManifest.of(name, self.facts.number, created_at_ms, self.parts)


def look_at(facts: StateFacts, keys: KeyProvider | None, *, deep: bool = False) -> Looked:
    """Look at every file that the metadata of a checkpoint names, and at the metadata.

    Args:
        facts: what the metadata tells.
        keys: of sealed state; ``None`` for state in clear.
        deep: read each file whole; without it the header, the length and the last chunk of each
            are authenticated.
    """
    if facts.error is not None:
        where = Where(file=facts.uri)
        return Looked(facts, [_METADATA.at(where, facts.error, fix=_RESTORE)])
    found = [
        _UNKNOWN.at(
            Where(file=facts.uri),
            f"it has state of the kind {kind}, whose files are not known here",
            fix="look at it by starting the job; please report this",
        )
        for kind in facts.unknown
    ]
    try:
        directory = state.local_path(facts.uri)
    except SettingsError:
        return Looked(facts, [*found, *as_flink_says(facts)])
    sealed = facts.uri.startswith(state.SEALED)
    named = [StateFile(f"{facts.uri.rstrip('/')}/{METADATA}", None), *facts.files]
    parts: dict[str, Part] = {}

    def look(file: StateFile) -> tuple[Path, Part | None, list[Finding]]:
        path = state.local_path(file.uri)
        part, findings = _sealed(path, file, keys, deep) if sealed and keys else _plain(path, file)
        return path, part, findings

    for path, part, findings in in_order(look, named, workers=_WORKERS):
        found += findings
        if part is not None:
            parts[os.path.relpath(path, directory)] = part
    return Looked(facts, found, parts)


def as_flink_says(facts: StateFacts) -> list[Finding]:
    """Return what is wrong with the files that Flink has tried to open."""
    return [
        _UNREAD.at(Where(file=one.uri), one.error, fix=_RESTORE)
        for one in facts.files
        if one.error is not None
    ]


def _sealed(
    path: Path, file: StateFile, keys: KeyProvider, deep: bool
) -> tuple[Part | None, list[Finding]]:
    try:
        seen: FileReport | FileInfo = verify_file(path, keys) if deep else inspect_file(path, keys)
    except FileNotFoundError:
        return None, [_gone(path)]
    found = list(check_examined([seen]))
    if seen.length is None or seen.commitment is None:
        return None, found
    return Part(seen.length, seen.commitment.hex()), [*found, *_length(path, file, seen.length)]


def _plain(path: Path, file: StateFile) -> tuple[Part | None, list[Finding]]:
    """Read a file in clear whole: nothing else tells it from another."""
    digest = hashlib.sha256()
    length = 0
    try:
        with files.open_regular(path) as opened:
            while block := opened.read(_BLOCK):
                digest.update(block)
                length += len(block)
    except FileNotFoundError:
        return None, [_gone(path)]
    except OSError as error:
        return None, [_UNREAD.at(Where(file=str(path)), files.reason(error), fix=_RESTORE)]
    return Part(length, digest.hexdigest()), _length(path, file, length)


def _gone(path: Path) -> Finding:
    return _MISSING.at(Where(file=str(path)), "is not there, and the checkpoint names it",
                       fix=_RESTORE)  # fmt: skip


def _length(path: Path, file: StateFile, length: int) -> list[Finding]:
    if file.bytes is None or file.bytes == length:
        return []
    why = f"has {length} bytes, and the checkpoint names {file.bytes}"
    return [_LENGTH.at(Where(file=str(path)), why, fix=_RESTORE)]
