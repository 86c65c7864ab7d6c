# SPDX-License-Identifier: Apache-2.0
"""A list of files to keep elsewhere: it finds what was replaced by something older, or is gone.

A commitment depends on the data key, the salt and the header's context, so nobody without the
keys makes two files with one commitment and different contents. Re-keying leaves it as it is.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from flinksec_jobs.errors import SealedStateError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import RECORD, read_text
from flinksec_jobs.sealed.verify import FileReport

_FORMAT = 1


class Change(StrEnum):
    """How a directory differs from a manifest."""

    MISSING = "missing"
    REPLACED = "replaced"
    EXTRA = "extra"


@dataclass(frozen=True)
class Entry:
    """One file: bytes of plaintext and the commitment."""

    length: int
    commitment: bytes


@dataclass(frozen=True)
class Manifest:
    """Files by their paths relative to one directory."""

    files: dict[str, Entry]

    @classmethod
    def of(cls, root: str | os.PathLike[str], reports: Iterable[FileReport]) -> Self:
        """Return the manifest of files that were verified.

        Raises:
            SealedStateError: if one of them is not whole.
        """
        files = {}
        for report in reports:
            if not report.whole or report.length is None or report.commitment is None:
                raise SealedStateError(
                    f"{escaped(report.path)} is not whole ({report.status}): {report.detail}",
                    hint="look with `flinksec state verify`: a manifest lists whole files only",
                )
            files[_relative(report.path, root)] = Entry(report.length, report.commitment)
        return cls(files)

    def to_json(self) -> str:
        """Return the text of the manifest."""
        files = {
            name: {"length": entry.length, "commitment": entry.commitment.hex()}
            for name, entry in sorted(self.files.items())
        }
        return json.dumps({"flinksec_manifest": _FORMAT, "files": files}, indent=1) + "\n"

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read a manifest.

        Raises:
            SealedStateError: if it is none.
        """
        text = read_text(path, "the manifest", RECORD, error=SealedStateError)
        try:
            return cls(_files(json.loads(text)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
            raise SealedStateError(
                f"{path} is not a manifest of this version",
                hint="write one with: flinksec state manifest",
            ) from e

    def compare(
        self, root: str | os.PathLike[str], reports: Iterable[FileReport]
    ) -> dict[str, Change]:
        """Return how the files that were verified differ from this manifest, by their paths.

        A file that is not whole is not listed as replaced: its report says what it is.
        """
        changes: dict[str, Change] = {}
        left = dict(self.files)
        for report in reports:
            name = _relative(report.path, root)
            entry = left.pop(name, None)
            if entry is None:
                changes[name] = Change.EXTRA
            elif report.whole and (report.length, report.commitment) != (
                entry.length,
                entry.commitment,
            ):
                changes[name] = Change.REPLACED
        return changes | dict.fromkeys(left, Change.MISSING)


def _relative(path: Path, root: str | os.PathLike[str]) -> str:
    return path.relative_to(root).as_posix()


def _files(content: dict[str, Any]) -> dict[str, Entry]:
    if content["flinksec_manifest"] != _FORMAT:
        raise ValueError(f"format {content['flinksec_manifest']}")
    return {name: _entry(fields) for name, fields in content["files"].items()}


def _entry(fields: dict[str, Any]) -> Entry:
    length = fields["length"]
    if not isinstance(length, int):
        raise TypeError("length")
    return Entry(length, bytes.fromhex(fields["commitment"]))
