# SPDX-License-Identifier: Apache-2.0
"""A checkpoint or savepoint that somebody names by its path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flinksec_jobs import files
from flinksec_jobs.errors import ResumeError, SealedStateError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.resume import job_record
from flinksec_jobs.resume.snapshots import METADATA, Kind, Snapshot, Whole, examine

if TYPE_CHECKING:
    from flinksec_jobs.sealed import KeyProvider

_SEALED = "sealed+"
_CHECKPOINT = re.compile(r"chk-(\d{1,18})")


@dataclass(frozen=True)
class Named:
    """A snapshot that was named.

    Attributes:
        uri: as Flink gets it.
        whole: what was read of it; ``None`` where only Flink can look, on HDFS.
        owner: the name of the job whose record lies beside it.
        written_below: for a sealed one the directory that it was written in, authenticated.
        owned: whether it is a checkpoint of the job that nobody named, which Flink then removes
            when it has a newer one.
    """

    uri: str
    whole: Whole | None = None
    owner: str | None = None
    written_below: str | None = None
    owned: bool = False


def look(path: str, keys: KeyProvider | None) -> Named:
    """Look at what somebody names.

    Args:
        path: ``/path``, ``file:///path``, ``sealed+file:///path``, or on HDFS. It is sealed if its
            first bytes are, whatever the scheme says.
        keys: those of the job's state, if it has some.

    Raises:
        ResumeError: there is nothing of that kind.
        SealedStateError: it is not whole.
    """
    plain = path.removeprefix(_SEALED)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", plain) and not plain.startswith("file:"):
        return Named(path)
    plain = plain.removeprefix("file:")
    directory = Path("/" + plain.lstrip("/") if plain.startswith("/") else plain).absolute()
    if directory.name == METADATA:
        directory = directory.parent
    is_sealed = _is_sealed(directory)
    if is_sealed and keys is None:
        raise ResumeError(
            f"{escaped(directory)} is sealed, and the settings have no keys to open it",
            hint="set state.keys",
        )
    if path.startswith(_SEALED) and not is_sealed:
        raise ResumeError(
            f"{escaped(directory)} is in clear, and was named as sealed",
            hint="if that is intended, name it without sealed+ before file:",
        )
    number = _CHECKPOINT.fullmatch(directory.name)
    snapshot = (
        Snapshot(Kind.CHECKPOINT, directory, directory.parent.name, int(number[1]))
        if number
        else Snapshot(Kind.SAVEPOINT, directory, "", None)
    )
    used = keys if is_sealed else None
    whole = examine(snapshot, used)
    if whole is None:
        raise ResumeError(
            f"the {snapshot.kind} {escaped(directory)} is cut short: its writer was killed, or it "
            "was damaged",
            hint="name another one",
        )
    uri = f"{_SEALED if is_sealed else ''}file://{directory}"
    below = _written_below(directory) if is_sealed else None
    return Named(uri, whole, _owner(directory, keys), below)


def replacement(path: str) -> str | None:
    """Return the newest checkpoint of the same run if the one that is named was removed.

    Args:
        path: as for `look`.

    Returns:
        ``None`` if it is there, is no checkpoint, or has no other in its place.
    """
    scheme, separator, plain = path.rpartition("file:")
    directory = Path("/" + plain.lstrip("/"))
    # Flink removes the metadata first, and the directory last.
    if not _CHECKPOINT.fullmatch(directory.name) or (directory / METADATA).exists():
        return None
    try:
        there = [one for one in directory.parent.iterdir() if (one / METADATA).exists()]
    except OSError:
        return None
    found = {int(named[1]): one for one in there if (named := _CHECKPOINT.fullmatch(one.name))}
    return f"{scheme}{separator}{found[max(found)]}" if found else None


def _is_sealed(directory: Path) -> bool:
    from flinksec_jobs.sealed.format import MAGIC

    path = directory / METADATA
    try:
        with files.open_regular(path) as file:
            start = file.read(len(MAGIC))
    except OSError as error:
        raise ResumeError(
            f"there is no checkpoint or savepoint at {escaped(directory)}: its {METADATA} "
            f"cannot be read: {files.reason(error)}",
            hint="name a directory such as …/chk-42 or …/savepoint-0a1b2c-…",
        ) from error
    return start == MAGIC


def _owner(directory: Path, keys: KeyProvider | None) -> str | None:
    """Return the job in whose directory it lies: that of a run, or of savepoints, is in between.

    Looked for by the path that was given, then, where a link has led elsewhere, by the real one.
    """
    places = [*list(directory.parents)[:2], *list(directory.resolve().parents)[:2]]
    for above in dict.fromkeys(places):
        try:
            found = job_record.read(above, keys, sealed=False)
        except SealedStateError as error:
            raise ResumeError(
                f"whose {escaped(directory)} is cannot be told: {error.message}", hint=error.hint
            ) from error
        if found is not None:
            return found.job
    return None


def _written_below(directory: Path) -> str | None:
    from flinksec_jobs.sealed import read_header

    name = read_header(directory / METADATA).name.split("/")
    return name[-3] if len(name) > 2 else None  # noqa: PLR2004  directory, snapshot, _metadata
