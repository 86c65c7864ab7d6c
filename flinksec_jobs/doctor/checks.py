# SPDX-License-Identifier: Apache-2.0
"""What a check is, and what can come of it.

A category yields its checks::

    def checks(patient: Patient) -> Iterator[Check]:
        for host in patient.hosts():
            yield Check("dns-host", f"the address of {host}", lambda: _resolved(host), _UNKNOWN)

Whatever keeps a check from looking is a problem, unless a failed check explains it already.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.findings import Finding, Kind, Where, problem
from flinksec_jobs.settings import schema

Result = Literal["ok", "warning", "problem", "not asked", "not used"]
RESULTS: tuple[Result, ...] = ("ok", "warning", "problem", "not asked", "not used")

_COULD_NOT_LOOK = problem("could-not-look", "a check failed for a reason of its own")
_SETTING = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+")


class NotAskedError(Exception):
    """A check makes no sense, since another one has failed.

    Args:
        because: which one, and what it says, in a few words.
    """

    def __init__(self, because: str) -> None:
        self.because = because
        super().__init__(because)


@dataclass(frozen=True)
class Answer:
    """What a check has seen.

    Attributes:
        detail: what is there, in a few words: a version, an address.
        findings: what is wrong with it.
    """

    detail: str = ""
    findings: Sequence[Finding] = ()


@dataclass(frozen=True)
class Check:
    """One thing to look at.

    Attributes:
        id: ``category-name``, which does not change; several checks of one category may share it,
            one for each server say.
        about: what is looked at, for people: ``Kafka at localhost:9093``.
        ask: looks. Raises `FlinkSecError` if what it finds is a failure, `NotAskedError` if
            there is no sense in looking.
        failure: the kind of a failure that says no kind of its own.
        setting: the setting behind a failure that names none.
        after: ids of checks without which this one is not asked.
    """

    id: str
    about: str
    ask: Callable[[], Answer]
    failure: Kind
    setting: str | None = None
    after: tuple[str, ...] = ()

    @property
    def category(self) -> str:
        """The first part of the id."""
        return self.id.partition("-")[0]


@dataclass(frozen=True)
class Checked:
    """A check with its result.

    Attributes:
        id: of the check.
        about: what was looked at.
        result: what came of it.
        detail: what is there, or why it was not asked.
        findings: what is wrong.
        seconds: how long it took.
        broken: the exception of a check that could not look for a reason of its own.
    """

    id: str
    about: str
    result: Result
    detail: str = ""
    findings: Sequence[Finding] = ()
    seconds: float = 0.0
    broken: Exception | None = None

    @property
    def category(self) -> str:
        """The first part of the id."""
        return self.id.partition("-")[0]

    def as_dict(self) -> dict[str, object]:
        """Return plain values, as ``--json`` prints them."""
        return {
            "id": self.id,
            "category": self.category,
            "about": self.about,
            "result": self.result,
            "detail": self.detail,
            "findings": [one.as_dict() for one in sorted(self.findings)],
            "seconds": round(self.seconds, 3),
        }


def not_used(category: str, because: str) -> Checked:
    """Return the one line of a category that the settings do not have."""
    return Checked(f"{category}-section", category, "not used", because)


def carry_out(check: Check, failed: set[str]) -> Checked:
    """Look, and note a check that has failed.

    Args:
        check: what to do.
        failed: the ids of checks that have failed so far.
    """
    begin = time.monotonic()
    detail, findings = "", tuple[Finding, ...]()
    result: Result | None = None
    broken: Exception | None = None
    try:
        answer = _asked(check, failed)
        detail, findings = answer.detail, tuple(answer.findings)
    except NotAskedError as error:
        result, detail = "not asked", error.because
    except FlinkSecError as error:
        findings = of_error(error, check)
    except Exception as error:
        # By its type alone: nobody knows what its text repeats.
        broken = error
        why = f"{check.about} could not be looked at: {type(error).__name__}"
        hint = "`flinksec --verbose doctor` shows where; please report it"
        findings = (_COULD_NOT_LOOK.at(Where(setting=check.setting), why, fix=hint),)
    result = result or result_of(findings)
    if result in {"problem", "not asked"}:
        failed.add(check.id)
    seconds = time.monotonic() - begin
    return Checked(check.id, check.about, result, detail, findings, seconds, broken)


def _asked(check: Check, failed: set[str]) -> Answer:
    if before := next((one for one in check.after if one in failed), None):
        raise NotAskedError(f"{before} failed")
    return check.ask()


def result_of(findings: Sequence[Finding]) -> Result:
    """Return what findings make of a check: the worst of them counts, notes do not."""
    severities = {one.severity for one in findings}
    return "problem" if "problem" in severities else "warning" if "warning" in severities else "ok"


def of_error(error: FlinkSecError, check: Check) -> tuple[Finding, ...]:
    """Return the findings of an exception, or one that says what it says."""
    if error.findings:
        return error.findings
    setting = setting_in(error.message) or check.setting
    return (check.failure.of(error, Where(setting=setting), fix="see the message"),)


def setting_in(message: str) -> str | None:
    """Return the first setting that a message names."""
    names = {setting.name for setting in schema.settings()}
    return next((name for name in _SETTING.findall(message) if name in names), None)
