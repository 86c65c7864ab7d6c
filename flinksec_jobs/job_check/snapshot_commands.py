# SPDX-License-Identifier: Apache-2.0
"""State of a job without its program: one snapshot verified, all listed, old savepoints removed."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flinksec_jobs import state
from flinksec_jobs.cluster.entrypoint import ProcessStart
from flinksec_jobs.errors import ResumeError, SealedStateError, SettingsError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.findings import Finding, Where, problem, problems
from flinksec_jobs.job_check import own_snapshots, retention
from flinksec_jobs.job_check.facts import StateFacts
from flinksec_jobs.job_check.flink_inspection import inspect
from flinksec_jobs.job_check.own_snapshots import OwnJob, Seen
from flinksec_jobs.job_check.savepoint_manifest import SavepointManifest, check_manifest
from flinksec_jobs.job_check.state_files import Looked, look_at
from flinksec_jobs.resume.named import look
from flinksec_jobs.resume.origin import SAVEPOINTS
from flinksec_jobs.resume.snapshots import METADATA, Kind
from flinksec_jobs.settings import StateSettings, load_settings

if TYPE_CHECKING:
    from flinksec_jobs.sealed import KeyProvider

_UNUSABLE = problem("snapshot-unusable", "a checkpoint or savepoint cannot be used")
_UNCOMPARED = problem("savepoint-uncompared", "a savepoint could not be compared with its manifest")
_RESTORE = "put it back from a copy, or start from another one"


@dataclass(frozen=True)
class Verified:
    """A checkpoint or savepoint that was looked at.

    Attributes:
        looked: what became of its files.
        created_at_ms: when its metadata was written, epoch milliseconds; 0 if only Flink can look.
        manifest: what it is made of, if it is whole.
        findings: what is wrong.
    """

    looked: Looked
    created_at_ms: int
    manifest: SavepointManifest | None
    findings: Sequence[Finding]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as ``--json`` prints them."""
        facts = self.looked.facts
        return {
            "well": not problems(self.findings),
            "uri": facts.uri,
            "number": facts.number,
            "created_at_ms": self.created_at_ms,
            "files": len(facts.files) + 1,
            "bytes": facts.bytes,
            "manifest": self.manifest.as_dict() if self.manifest else None,
            "findings": [one.as_dict() for one in sorted(self.findings)],
        }


def verify(
    start: ProcessStart, uri: str, expected: SavepointManifest | None = None, *, deep: bool = False
) -> Verified:
    """Verify one, and compare it with its manifest.

    Args:
        start: how a JobManager starts here.
        uri: of the checkpoint or savepoint, or its path.
        expected: what it is to be.
        deep: read every file whole.

    Raises:
        ResumeError: there is none.
        SealedStateError: its metadata was altered, or its key is missing.
        FlinkSecError: something could not be looked at.
    """
    with _keys(start) as (_, keys):
        named = look(uri, keys)
        facts = _facts_of(start, [named.uri])[named.uri]
        looked = look_at(facts, keys if named.uri.startswith(state.SEALED) else None, deep=deep)
        created = named.whole.created_at_ms if named.whole else 0
        manifest = looked.manifest(created)
        found = list(looked.findings)
        if expected is not None:
            found += _compared(expected, manifest, looked)
    return Verified(looked, created, manifest, found)


def _compared(
    expected: SavepointManifest, manifest: SavepointManifest | None, looked: Looked
) -> Iterator[Finding]:
    if manifest is not None:
        yield from check_manifest(expected, manifest, looked.facts.uri)
    elif looked.whole:
        yield _UNCOMPARED.at(
            Where(file=looked.facts.uri),
            "only Flink can look at its files, so they cannot be compared with the manifest",
            fix="keep state.directory on a mounted volume",
        )


@dataclass(frozen=True)
class Listed:
    """All of a job, the newest first.

    Attributes:
        job: its name.
        choice: the URI of what it would go on from; ``None`` is nothing, or not clear.
        refusal: why that is not clear.
        snapshots: each with what became of its files; ``None`` if its metadata cannot be used.
    """

    job: str
    choice: str | None
    refusal: ResumeError | SealedStateError | None
    snapshots: Sequence[tuple[str, Seen, Looked | None]]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as ``--json`` prints them."""
        refused = self.refusal
        return {
            "well": refused is None,
            "job": self.job,
            "choice": self.choice,
            "refused": {"message": refused.message, "hint": refused.hint} if refused else None,
            "snapshots": [_listed(*one) for one in self.snapshots],
        }


def _listed(uri: str, seen: Seen, looked: Looked | None) -> dict[str, Any]:
    found = list(looked.findings) if looked else [_unusable(uri, seen)]
    return {
        "uri": uri,
        "kind": str(seen.snapshot.kind),
        "job_id": seen.snapshot.run or seen.snapshot.directory.name.split("-")[1],
        "number": looked.facts.number if looked else None,
        "created_at_ms": seen.whole.created_at_ms if seen.whole else None,
        "of_last_start": seen.of_last_start,
        "bytes": looked.facts.bytes if looked else None,
        "whole": looked is not None and looked.whole,
        "findings": [one.as_dict() for one in sorted(found)],
    }


def newest(
    start: ProcessStart, name: str | None, known_ids: Collection[str] = (), *, most: int = 20
) -> Listed:
    """List checkpoints and savepoints of a job, the newest first, each verified.

    Args:
        start: how a JobManager starts here.
        name: the job's; needed only where several share ``state.directory``.
        known_ids: Flink's ids of its earlier starts.
        most: how many are looked at file by file.
    """
    with _keys(start) as (settings, keys):
        job = own_snapshots.own_job(settings, keys, name)
        seen = own_snapshots.snapshots_of(job, keys, known_ids)
        facts = _facts_of(start, [job.uri(one.snapshot) for one in seen if one.whole])
        choice, refusal = None, None
        try:
            choice = own_snapshots.choice_of(job, keys, facts)
        except (ResumeError, SealedStateError) as error:
            refusal = error
        looked = [_with_files(job, one, facts, keys) for one in seen[:most]]
    by_uri = {one[0]: one for one in reversed(looked)}  # two may have been replaced by one
    return Listed(job.name, choice, refusal, list(reversed(by_uri.values())))


def _with_files(
    job: OwnJob, seen: Seen, facts: Mapping[str, StateFacts], keys: KeyProvider | None
) -> tuple[str, Seen, Looked | None]:
    uri = job.uri(seen.snapshot)
    if not seen.whole:
        return uri, seen, None
    return facts[uri].uri, seen, look_at(facts[uri], keys if job.settings.sealed else None)


@dataclass(frozen=True)
class Retention:
    """How long savepoints are kept.

    Attributes:
        keep: how many whole ones; ``None``: any number.
        max_age: older ones go; ``None``: they stay.
        needed: names or URIs of those that somebody needs.
        known_ids: Flink's ids of earlier starts of the job.
        dry_run: decide, and remove nothing.
    """

    keep: int | None
    max_age: timedelta | None
    needed: Collection[str] = ()
    known_ids: Collection[str] = ()
    dry_run: bool = False


@dataclass(frozen=True)
class Disposed:
    """What became of the savepoints of a job.

    Attributes:
        job: its name.
        decisions: the newest first.
        findings: of those that could not be looked at.
    """

    job: str
    decisions: Sequence[retention.Decision]
    findings: Sequence[Finding] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as ``--json`` prints them."""
        return {
            "well": not problems(self.findings),
            "job": self.job,
            "savepoints": [
                {"name": one.directory.name, "removed": one.removed, "why": one.why}
                for one in self.decisions
            ],
            "findings": [one.as_dict() for one in sorted(self.findings)],
        }


def dispose(start: ProcessStart, name: str | None, wanted: Retention) -> Disposed:
    """Remove the savepoints of a job that are not to be kept.

    Raises:
        SealedStateError: one cannot be removed.
        FlinkSecError: something could not be looked at.
    """
    with _keys(start) as (settings, keys):
        job = own_snapshots.own_job(settings, keys, name)
        everything = own_snapshots.snapshots_of(job, keys, wanted.known_ids)
        seen = [one for one in everything if one.snapshot.kind is Kind.SAVEPOINT]
        facts = _facts_of(start, [job.uri(one.snapshot) for one in seen if one.whole])
        kept, found = [], []
        for one in seen:
            _, _, looked = _with_files(job, one, facts, keys)
            whole = looked is not None and looked.whole
            created = one.whole.created_at_ms if one.whole else 0
            kept.append(retention.Kept(one.snapshot.directory, created, whole))
            if looked is None:
                found.append(_unusable(job.uri(one.snapshot), one))
            else:
                found += looked.findings
        needed = dict.fromkeys(own_snapshots.needed_by_the_rule(job), retention.BEGAN)
        needed |= dict.fromkeys(_needed(seen, wanted.needed), retention.NAMED)
        decisions = retention.decide(
            kept,
            keep=wanted.keep,
            max_age=wanted.max_age,
            needed=needed,
            now_ms=time.time_ns() // 1_000_000,
        )
    if not wanted.dry_run:
        _remove(job, decisions)
    return Disposed(job.name, decisions, found)


def _remove(job: OwnJob, decisions: Sequence[retention.Decision]) -> None:
    directory = job.request().directory
    for _ in retention.sweep([directory, directory.with_name(SAVEPOINTS)]):
        pass
    for one in decisions:
        if one.removed:
            retention.remove(one.directory)


def _needed(seen: Sequence[Seen], names: Collection[str]) -> set[Path]:
    """Return those that are named, by directory names: a URI may be written in several ways."""
    wanted = {name.rstrip("/").removesuffix(f"/{METADATA}").rpartition("/")[2] for name in names}
    return {one.snapshot.directory for one in seen if one.snapshot.directory.name in wanted}


def _unusable(uri: str, seen: Seen) -> Finding:
    if seen.error is not None:
        return _UNUSABLE.of(seen.error, Where(file=escaped(uri)), fix=_RESTORE)
    return _UNUSABLE.at(
        Where(file=escaped(uri)), "it was never completed, or was cut short", fix=_RESTORE
    )


def _facts_of(start: ProcessStart, uris: Sequence[str]) -> dict[str, StateFacts]:
    if not uris:
        return {}
    return {one.asked: one for one in inspect(start, states=uris).states}


@contextmanager
def _keys(start: ProcessStart) -> Iterator[tuple[StateSettings, KeyProvider | None]]:
    settings = load_settings(start.mounts.settings).state
    if settings is None:
        raise SettingsError(
            "the settings have no section [state], so the job keeps nothing",
            hint="set state.directory and state.keys",
        )
    if not settings.providers:
        yield settings, None
        return
    with state.open_keys(settings) as keys:
        yield settings, keys
