# SPDX-License-Identifier: Apache-2.0
"""What a savepoint is made of, in a few lines to keep in the cluster.

A volume that is set back to an older day, or on which somebody swaps files, may hold a savepoint
that is whole and not the one that was made. Its manifest, kept elsewhere, tells the two apart.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flinksec_jobs.errors import SealedStateError
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.parsing import json_value

FORMAT = 1
# All manifests of a job share an object of the cluster, which may have 1 MiB.
_MOST_FILES = 300
_SHORT = 32  # hexadecimal digits, of those that name a file
_OTHER = problem("savepoint-replaced", "a savepoint is not the one of its manifest")


@dataclass(frozen=True)
class Part:
    """A file of a savepoint.

    Attributes:
        length: bytes of plaintext.
        mark: what names this file and no other, hexadecimal: the commitment of a sealed one, which
            re-keying leaves as it is; SHA-256 of one in clear.
    """

    length: int
    mark: str


@dataclass(frozen=True)
class SavepointManifest:
    """A savepoint as it was.

    Attributes:
        savepoint: the name of its directory.
        number: Flink's.
        created_at_ms: when its metadata was written, epoch milliseconds.
        count: how many files it has.
        bytes: of plaintext.
        digest: SHA-256 over all names, lengths and marks.
        parts: each file by its path from the directory; empty of a savepoint with very many.
    """

    savepoint: str
    number: int
    created_at_ms: int
    count: int
    bytes: int
    digest: str
    parts: Mapping[str, Part]

    @classmethod
    def of(
        cls, savepoint: str, number: int, created_at_ms: int, parts: Mapping[str, Part]
    ) -> SavepointManifest:
        """Make that of files that were looked at."""
        short = {name: Part(one.length, one.mark[:_SHORT]) for name, one in parts.items()}
        return cls(
            savepoint,
            number,
            created_at_ms,
            len(parts),
            sum(one.length for one in parts.values()),
            _digest(parts),
            short if len(short) <= _MOST_FILES else {},
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        files = {name: [one.length, one.mark] for name, one in sorted(self.parts.items())}
        return {
            "flinksec_savepoint": FORMAT,
            "savepoint": self.savepoint,
            "number": self.number,
            "created_at_ms": self.created_at_ms,
            "count": self.count,
            "bytes": self.bytes,
            "digest": self.digest,
            "files": files,
        }

    def to_json(self) -> str:
        """Return it on one line."""
        return json.dumps(self.as_dict(), separators=(",", ":"))


def read_manifest(text: str) -> SavepointManifest:
    """Read a manifest.

    Raises:
        SealedStateError: it is none.
    """
    try:
        told = json_value(text)
        told = {FORMAT: told}[told["flinksec_savepoint"]]
        return SavepointManifest(
            str(told["savepoint"]),
            int(told["number"]),
            int(told["created_at_ms"]),
            int(told["count"]),
            int(told["bytes"]),
            str(told["digest"]),
            {str(name): Part(int(one[0]), str(one[1])) for name, one in told["files"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise SealedStateError(
            "this is not the manifest of a savepoint",
            hint="`flinksec cluster verify` prints one",
        ) from error


def check_manifest(
    expected: SavepointManifest, found: SavepointManifest, where: str
) -> Iterator[Finding]:
    """Compare a savepoint with its manifest, and name the files that differ."""
    if expected.digest == found.digest and expected.number == found.number:
        return
    place = Where(file=where)
    fix = "find out who set the volume back or changed it, and put the savepoint back"
    if found.created_at_ms < expected.created_at_ms or found.number < expected.number:
        yield _OTHER.at(
            place,
            f"it is an older one: number {found.number}, and the manifest has number "
            f"{expected.number}",
            fix=fix,
        )
        return
    differ = _differences(expected, found)
    listed = ", ".join(differ[:5]) + (f" and {len(differ) - 5} more" if len(differ) > 5 else "")  # noqa: PLR2004
    told = f": {listed}" if differ else ""
    yield _OTHER.at(place, f"files of it are not those of the manifest{told}", fix=fix)


def _differences(expected: SavepointManifest, found: SavepointManifest) -> list[str]:
    if not expected.parts or not found.parts:
        return []
    names = sorted({*expected.parts, *found.parts})
    return [name for name in names if expected.parts.get(name) != found.parts.get(name)]


def _digest(parts: Mapping[str, Part]) -> str:
    lines = [f"{name}\t{one.length}\t{one.mark}\n" for name, one in sorted(parts.items())]
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
