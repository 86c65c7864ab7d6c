# SPDX-License-Identifier: Apache-2.0
"""Which keys the files under some paths need; what could not be told is never "none"."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from flinksec_jobs.files import open_regular, reason
from flinksec_jobs.sealed.directories import Found, in_order, is_gone, leads_into, resolved, walk
from flinksec_jobs.sealed.format import HEADER, PREFIX, SALT, Header, SealedFileError, Status
from flinksec_jobs.sealed.provider import KeyProvider
from flinksec_jobs.sealed.reader import unlock

# More wait well side by side on a network volume.
_WORKERS = 4


@dataclass
class Needs:
    """What a look at files found.

    Attributes:
        named: how many files name each key-encryption key. A key that none names is needed by
            none of the files that were looked at.
        unknown: what could not be told of, and why. While there is any, no key is spare.
        sealed_below: the paths at or under which there is a sealed file.
    """

    named: Counter[str] = field(default_factory=Counter)
    unknown: dict[Path, str] = field(default_factory=dict)
    sealed_below: set[Path] = field(default_factory=set)


def keys_needed(paths: Iterable[Path], ring: KeyProvider | None = None) -> Needs:
    """Look at the header of every file under these paths.

    A file in clear needs no key, nor does one that was cut within its header: no key opens it. A
    link to a directory is nothing to worry about if the directory lies under one of the paths.

    Args:
        paths: files and directories.
        ring: if given, each file that names keys of it only must also open with them: slots are
            not authenticated, so a name in one may be anybody's.

    Raises:
        KeysUnavailableError: a provider does not answer.
    """
    paths = list(paths)
    tops = resolved(paths)
    needs = Needs()

    def look(found: Found) -> tuple[Found, tuple[str, ...], str]:
        try:
            return (found, *_look(found, tops, ring))
        except OSError as e:
            return found, (), "" if is_gone(found.path) else reason(e)

    for found, key_ids, problem in in_order(look, walk(*paths), workers=_WORKERS):
        needs.named.update(set(key_ids))
        if key_ids:
            needs.sealed_below.update(path for path in paths if found.path.is_relative_to(path))
        if problem:
            needs.unknown[found.path] = problem
    return needs


def _look(found: Found, tops: list[Path], ring: KeyProvider | None) -> tuple[tuple[str, ...], str]:
    """Return the keys that a file names, and why they are not all that is to be known."""
    if found.problem:
        return (), "" if found.link and leads_into(found.path, tops) else found.problem
    with open_regular(found.path) as file:
        start = file.read(PREFIX)
    try:
        header = Header.parse(start[:HEADER] if len(start) == PREFIX else start[: HEADER - 1])
        if not header.slots:
            return (), "both of its key slots are unreadable"
        if ring and set(header.key_ids) <= set(ring.key_ids):
            unlock(header, start[HEADER : HEADER + SALT], start[HEADER + SALT :], ring)
    except SealedFileError as e:
        return (), "" if e.status in (Status.PLAINTEXT, Status.TRUNCATED) else e.message
    return header.key_ids, ""
