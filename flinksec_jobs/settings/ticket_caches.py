# SPDX-License-Identifier: Apache-2.0
"""How MIT's Kerberos names a cache of tickets, and which of these Java can read: files alone."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from flinksec_jobs.sections.fields import refusal

DEFAULT = "default"
VARIABLE = "KRB5CCNAME"

# ``FILE:`` is MIT's, ``file:`` ours. A file of a collection is named with two colons.
_FILE = re.compile(r"(?:FILE:|DIR::)(/.*)")
_KIND = re.compile(r"(?!FILE:)([A-Z]+):")


def ticket_cache(value: object) -> object:
    """Accept a file's name as MIT's tools print it, and ``default`` for that of the environment."""
    if not isinstance(value, str):
        return value
    if value == DEFAULT:
        return f"file:{default_cache(os.environ)}"
    return _file(value, "is") or value


def default_cache(environ: Mapping[str, str]) -> Path:
    """Return where ``kinit`` puts tickets that it is not told a place for.

    That a ``krb5.conf`` names another default is not looked at, as Java does not.
    """
    if named := environ.get(VARIABLE):
        found = _file(named, f'is "{DEFAULT}", and {VARIABLE} is')
        return Path(found.removeprefix("file:") if found else named)
    return own_file()


def own_file() -> Path:
    """Return MIT's usual file of this user."""
    return Path(f"/tmp/krb5cc_{os.getuid()}")  # noqa: S108  where MIT's tools put it


def _file(name: str, what: str) -> str | None:
    """Return the reference to a file that is named so; None if it has none of MIT's kinds."""
    if found := _FILE.fullmatch(name):
        return f"file:{found[1]}"
    if found := _KIND.match(name):
        raise refusal(
            f"{what} of the kind {found[1]}, and Java reads tickets of files only: "
            f"`kinit -c FILE:{own_file()}`, and write file:{own_file()}"
        )
    return None
