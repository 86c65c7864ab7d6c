# SPDX-License-Identifier: Apache-2.0
"""State: that the file system takes its keys, and that they open the newest checkpoints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from flinksec_jobs.doctor.checks import Answer, Check, NotAskedError
from flinksec_jobs.doctor.patient import Patient
from flinksec_jobs.errors import JobError
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import StateSettings
from flinksec_jobs.state import SEALED

_NO_KEYS = problem("state-keys-unusable", "the keys that seal state cannot be used")
_NOT_LISTED = problem("state-not-listed", "the directory of state cannot be looked into")
_NOT_OPENED = problem("checkpoint-not-opened", "the newest checkpoint of a job cannot be read")
_METADATA = "_metadata"
_SNAPSHOT = re.compile(r"chk-\d{1,18}|savepoint-.+")
# As the sealed file system words it.
_CUT_SHORT, _ALTERED = "cut short", "was altered"


@dataclass(frozen=True)
class _Snapshot:
    """A checkpoint or savepoint: whose it is, the URI of its metadata, when that was written."""

    job: str
    uri: str
    written_at_ms: int


def state(patient: Patient) -> Iterator[Check]:
    """Yield whether keys, directory and checkpoints can be used."""
    found = patient.settings.state
    if found is None:
        raise NotAskedError("the settings have no section [state]")
    before = ("files-state",)
    yield Check("state-keys", "the keys in Flink's file system", partial(_keys, patient, found),
                _NO_KEYS, "state.keys", before)  # fmt: skip
    yield Check("state-newest", f"the newest checkpoints in {found.uri}",
                partial(_newest, patient, found), _NOT_LISTED, "state.directory",
                (*before, "state-keys"))  # fmt: skip


def _keys(patient: Patient, settings: StateSettings) -> Answer:
    if settings.uri.partition("://")[0].endswith("hdfs"):
        patient.hadoop_login()
    patient.file_systems()
    path = patient.jvm().org.apache.flink.core.fs.Path(settings.uri)
    with jvm.translated(settings.uri):
        path.getFileSystem()
    return Answer("it takes them" if settings.sealed else "state is not sealed")


def _newest(patient: Patient, settings: StateSettings) -> Answer:
    newest: dict[str, list[_Snapshot]] = {}
    with jvm.translated(settings.uri):
        # By the file system below: names and times are in clear, whatever the keys.
        plain = settings.uri.removeprefix(SEALED)
        for found in _snapshots(patient.jvm().org.apache.flink.core.fs, plain):
            newest.setdefault(found.job, []).append(found)
    if not newest:
        return Answer("there is no checkpoint yet")
    findings: list[Finding] = []
    opened = []
    for job, snapshots in sorted(newest.items()):
        snapshots.sort(key=lambda one: one.written_at_ms, reverse=True)
        try:
            opened.append(f"{job}: {_open_first(snapshots, SEALED if settings.sealed else '')}")
        except JobError as error:
            findings.append(_not_opened(error, job, settings))
    return Answer("; ".join(opened), findings)


def _not_opened(error: JobError, job: str, settings: StateSettings) -> Finding:
    """Tell a key that is missing from a file that is damaged, which no key opens."""
    named = [kind.setting for kind, _ in settings.providers] or ["keys"]
    fix = "put the key that it names back into the key ring; `flinksec state` tells of it"
    if any(part in error.message for part in (_CUT_SHORT, _ALTERED)):
        named = ["directory"]
        fix = "put it back from a copy, or start from another one: `flinksec state verify` tells"
    return _NOT_OPENED.of(
        error, Where(setting=f"state.{named[0]}", object=f"the job {job}"), fix=fix
    )


def _open_first(snapshots: list[_Snapshot], seal: str) -> str:
    """Read the newest that is whole: the writer of a newer one may have been killed."""
    for found in snapshots:
        try:
            jvm.read_to_end(seal + found.uri)
        except JobError as error:
            if found is not snapshots[-1] and _lacks_its_end(error.message):
                continue
            raise
        return found.uri.rpartition("/")[0].rpartition("/")[2]
    raise AssertionError("there is at least one")


def _lacks_its_end(message: str) -> bool:
    """Whether its writer may just have been killed; a chunk that is wrong says it was altered."""
    return _CUT_SHORT in message and _ALTERED not in message


def _snapshots(flink: Any, base: str) -> Iterator[_Snapshot]:
    """Yield what lies in ``base/JOB/RUN/chk-N`` and in ``base/JOB/savepoint-…``."""
    file_system = flink.Path(base).getFileSystem()
    for job in _directories(file_system, flink.Path(base)):
        for inner in _directories(file_system, job):
            is_snapshot = _SNAPSHOT.fullmatch(inner.getName())
            for path in [inner] if is_snapshot else _directories(file_system, inner):
                metadata = flink.Path(path, _METADATA)
                if _SNAPSHOT.fullmatch(path.getName()) and file_system.exists(metadata):
                    written = file_system.getFileStatus(metadata).getModificationTime()
                    yield _Snapshot(job.getName(), str(metadata.toString()), int(written))


def _directories(file_system: Any, path: Any) -> list[Any]:
    if not file_system.exists(path):
        return []
    statuses = list(file_system.listStatus(path) or ())
    return [one.getPath() for one in statuses if one.isDir()]
