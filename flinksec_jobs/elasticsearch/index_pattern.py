# SPDX-License-Identifier: Apache-2.0
"""Names of indices that each record makes: ``flights-{departed_at:%Y.%m.%d}``."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from flinksec_jobs import index_names
from flinksec_jobs.errors import SettingsError

DIRECTIVES = {
    "%Y": "uuuu",
    "%y": "uu",
    "%m": "MM",
    "%d": "dd",
    "%H": "HH",
    "%M": "mm",
    "%j": "DDD",
}
"""Those of Python's ``strftime`` that a pattern may have, as ``DateTimeFormatter`` of Java has."""

_LONGEST_SHOWN = 100
_FIELD = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_DIRECTIVE = re.compile(r"%.?")


@dataclass(frozen=True)
class IndexPattern:
    """An index that is named by a job, or by each of its records.

    Attributes:
        written: as the job has it, for messages.
        pieces: what the JVM makes a name of, as JSON; None where the name is fixed.
        contact: what the server is asked for at start: the name, or all that can be made.
    """

    written: str
    pieces: str | None
    contact: str


def parse(name: object) -> IndexPattern:
    """Return what is written to.

    Raises:
        SettingsError: no index can have the name, or no name can be made of the pattern.
    """
    if not isinstance(name, str) or "{" not in name or name.startswith("<"):
        index_names.check(name)
        return IndexPattern(str(name), None, str(name))
    pieces: list[object] = []
    sample = contact = ""
    at = 0
    for found in _FIELD.finditer(name):
        pieces.append(name[at : found.start()])
        sample += name[at : found.start()]
        contact += name[at : found.start()] + "*"
        field, how = found[1], found[2]
        if not field.isidentifier():
            raise _wrong(name, f"{found[0]} names no field")
        if how is None or how == "lower":
            pieces.append({"field": field, "lower": how == "lower"})
            sample += "x"
        else:
            pieces.append({"field": field, "date": _date(name, how)})
            sample += _DIRECTIVE.sub("1", how)
        at = found.end()
    pieces.append(name[at:])
    sample, contact = sample + name[at:], contact + name[at:]
    if "{" in sample or "}" in sample:
        raise _wrong(name, "a brace has no other")
    if not pieces[0]:
        raise _wrong(name, "it begins with a field, so that a record could name any index")
    index_names.check(sample, name)
    return IndexPattern(name, json.dumps([p for p in pieces if p != ""]), contact)


def _date(name: str, how: str) -> str:
    unknown = next((one for one in _DIRECTIVE.findall(how) if one not in DIRECTIVES), None)
    if unknown is not None or not _DIRECTIVE.search(how):
        raise _wrong(name, f"{unknown or repr(how)} is none of {', '.join(DIRECTIVES)} or lower")
    java, at = "", 0
    for found in _DIRECTIVE.finditer(how):
        java += _quoted(how[at : found.start()]) + DIRECTIVES[found[0]]
        at = found.end()
    return java + _quoted(how[at:])


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'" if text else ""


def _wrong(name: str, why: str) -> SettingsError:
    shown = name if len(name) <= _LONGEST_SHOWN else f"{name[:60]}…"
    return SettingsError(
        f"to_elasticsearch({shown!r}): this is no pattern of an index: {why}",
        hint='write it as "flights-{departed_at:%Y.%m.%d}", "flights-{airline}" or '
        '"flights-{airline:lower}"',
    )
