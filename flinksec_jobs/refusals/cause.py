# SPDX-License-Identifier: Apache-2.0
"""What a part of a refusal means, and the error that says so in terms of settings.

The texts looked for are those of the JVM's clients, which say what failed in their own terms and
seldom what to change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from flinksec_jobs.errors import JobError
from flinksec_jobs.findings import Finding, Kind, Where, problem

REFUSED = problem("refused", "a server refuses the job for a reason that has no id of its own")

_SETTING = re.compile(r"[a-z_]+\.[a-z0-9_]+")


class Cause(NamedTuple):
    """What a part of an exception's text means.

    Attributes:
        part: of the text.
        setting: the one behind it, or the argument of a method.
        hint: the way out.
        kind: of the finding.
    """

    part: str
    setting: str
    hint: str
    kind: Kind = REFUSED


def explained(error: JobError, what: str, causes: Sequence[Cause], *, otherwise: str) -> JobError:
    """Return the error in terms of settings, with its finding.

    Args:
        error: what the JVM's client said.
        what: what cannot be used, with its address.
        causes: the table of the system.
        otherwise: the setting to name when no cause fits.
    """
    cause = _cause(error.message, causes, otherwise)
    # Our own code in the JVM names the setting already.
    section, _, field = cause.setting.rpartition(".")
    said = re.sub(rf"\b{section}\.(?:[\w-]+\.)?{field}: ", "", error.message, count=1)
    found = cause.kind.at(_where(cause.setting), f"{what} {said}", fix=cause.hint)
    return _error(found)


def named(message: str, causes: Sequence[Cause], *, otherwise: str) -> JobError:
    """Return the error of a message of our own clients, which name the setting already."""
    cause = _cause(message, causes, otherwise)
    setting = _SETTING.match(message)
    return _error(
        cause.kind.at(_where(setting[0] if setting else cause.setting), message, fix=cause.hint)
    )


def _cause(message: str, causes: Sequence[Cause], otherwise: str) -> Cause:
    for cause in causes:
        if cause.part.lower() in message.lower():
            return cause
    return Cause("", otherwise, "look into the log of the job")


def _where(setting: str) -> Where:
    """Return the place: a setting, or an argument of a method."""
    return Where(setting=setting) if _SETTING.fullmatch(setting) else Where(object=setting)


def _error(found: Finding) -> JobError:
    return JobError(f"{found} [{found.id}]", hint=found.fix, findings=[found])
