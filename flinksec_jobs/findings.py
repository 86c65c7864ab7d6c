# SPDX-License-Identifier: Apache-2.0
"""The one shape of what is wrong: in settings, files, servers, certificates, manifests, state.

A kind of finding is declared once, beside the check that makes it, with an id that never changes::

    _ENDS_SOON = warning("certificate-ends-soon", "a certificate ends within days")

    def check(…) -> Iterator[Finding]:
        yield _ENDS_SOON.at(
            Where(setting="kafka.ca_certs", file=str(path)),
            f"the certificate {name} ends on {ends:%Y-%m-%d}",
            fix="have it renewed",
        )

A checker returns or yields findings and raises only if it could not look. What starts something
calls `refuse` with them: problems become one exception, the rest is given back, to be shown.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from flinksec_jobs.errors import FlinkSecError, SettingsError

Severity = Literal["problem", "warning", "note"]
"""A problem stops a job, or opens it to others; a warning may; a note is worth knowing."""

SEVERITIES: tuple[Severity, ...] = ("problem", "warning", "note")
"""All of them, the worst first."""

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Where:
    """Where something is wrong; everything is optional.

    Attributes:
        setting: its dotted name, such as ``kafka.ca_certs``.
        file: the path of a file or directory.
        object: what has a name and is no file: ``namespace/Kind/name``, the address of a server.
        field: the path in the object, or the option in the file.
        origin: what sets the setting: a settings file, or an environment variable.
    """

    setting: str | None = None
    file: str | None = None
    object: str | None = None
    field: str | None = None
    origin: str | None = None

    def __str__(self) -> str:
        """Return it for people: ``kafka.ca_certs /etc/ca.pem (set by job.toml)``."""
        subject = " ".join(part for part in (self.setting, self.file) if part)
        text = ": ".join(part for part in (subject, self.object, self.field) if part)
        return f"{text}{self._set_by()}"

    def as_dict(self) -> dict[str, str]:
        """Return what is known, by name."""
        named = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in named if value is not None}

    def before(self, text: str) -> str:
        """Return a text with this place before it, as far as it does not begin with it."""
        if self.setting and _begins(text, self.setting):
            return f"{text}{self._set_by()}"
        if self.file and _begins(text, self.file):
            return f"{self.setting or ''} {text}{self._set_by()}".lstrip()
        return f"{self}: {text}" if str(self) else text

    def _set_by(self) -> str:
        return f" (set by {self.origin})" if self.origin else ""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing; the worst sort first.

    Attributes:
        id: of its kind, for scripts; it does not change.
        severity: how bad it is.
        where: the setting, file or object.
        why: what is wrong. Never a secret, nor the content of a record.
        fix: the way out.
    """

    id: str
    severity: Severity
    where: Where
    why: str
    fix: str

    def __str__(self) -> str:
        """Return where and why, in one line."""
        return self.where.before(self.why)

    def placed(self, **known: str | None) -> Finding:
        """Return it with more known of its place, by the names of `Where`."""
        return replace(self, where=replace(self.where, **known))

    def line(self) -> str:
        """Return all of it but the severity, in one line: for a log, or one line of several."""
        return f"{self} [{self.id}]: {self.fix}"

    def __lt__(self, other: Finding) -> bool:
        return self._order() < other._order()

    def as_dict(self) -> dict[str, object]:
        """Return plain values, as every ``--json`` prints them."""
        return {
            "id": self.id,
            "severity": self.severity,
            "where": self.where.as_dict(),
            "why": self.why,
            "fix": self.fix,
        }

    @classmethod
    def of_dict(cls, told: Mapping[str, Any]) -> Finding:
        """Read what `as_dict` returned, in another process."""
        where = Where(**told["where"])
        return cls(told["id"], told["severity"], where, told["why"], told["fix"])

    def _order(self) -> tuple[int, str, str, str]:
        return SEVERITIES.index(self.severity), str(self.where), self.id, self.why


@dataclass(frozen=True)
class Kind:
    """A kind of finding.

    Attributes:
        id: in kebab-case; no other kind has it.
        severity: of every finding of this kind.
        meaning: in half a sentence, for the table of all kinds.
    """

    id: str
    severity: Severity
    meaning: str

    def at(self, where: Where, why: str, *, fix: str) -> Finding:
        """Return a finding of this kind."""
        return Finding(self.id, self.severity, where, why, fix)

    def of(
        self, error: FlinkSecError, where: Where, *, fix: str = "look at what the message names"
    ) -> Finding:
        """Return a finding of this kind that says what an exception says.

        Args:
            error: its message is the reason and its hint the fix.
            where: the place, which the message may begin with.
            fix: for an exception that has no hint.
        """
        return self.at(where, error.message, fix=error.hint or fix)


KINDS: dict[str, Kind] = {}
"""Every kind of finding of the modules imported so far, by id."""


def problem(id_: str, meaning: str) -> Kind:
    """Declare a kind of problem; see `Kind`."""
    return _declare(Kind(id_, "problem", meaning))


def warning(id_: str, meaning: str) -> Kind:
    """Declare a kind of warning; see `Kind`."""
    return _declare(Kind(id_, "warning", meaning))


def note(id_: str, meaning: str) -> Kind:
    """Declare a kind of note; see `Kind`."""
    return _declare(Kind(id_, "note", meaning))


def problems(found: Iterable[Finding]) -> list[Finding]:
    """Return the problems among findings, sorted."""
    return sorted(one for one in found if one.severity == "problem")


def refuse(
    found: Iterable[Finding],
    summary: Callable[[int], str] = lambda count: f"{count} settings cannot be used",
    *,
    error: type[FlinkSecError] = SettingsError,
    hint: str | None = None,
) -> list[Finding]:
    """Raise if there are problems, and give back the rest.

    Args:
        found: what checkers found.
        summary: the first line, given the number of problems, if there are several.
        error: what to raise.
        hint: the way out of all problems together, if there are several.

    Returns:
        Warnings and notes, sorted, to be shown.

    Raises:
        FlinkSecError: names every problem with its fix; `error` is its class and the problems are
            its `findings`.
    """
    everything = sorted(found)
    refused = problems(everything)
    if len(refused) == 1:
        only = refused[0]
        raise error(f"{only} [{only.id}]", hint=only.fix or hint, findings=refused)
    if refused:
        listed = "".join(f"\n  {one.line()}" for one in refused)
        raise error(f"{summary(len(refused))}:{listed}", hint=hint, findings=refused)
    return everything


def announce(found: Iterable[Finding], log: logging.Logger) -> None:
    """Log warnings, and notes at the level INFO, as a start does with what it does not refuse."""
    for one in sorted(found):
        log.log(logging.INFO if one.severity == "note" else logging.WARNING, "%s", one.line())


def _begins(text: str, name: str) -> bool:
    return text.startswith((f"{name} ", f"{name}:"))


def _declare(kind: Kind) -> Kind:
    if not _ID.fullmatch(kind.id):
        raise ValueError(f"{kind.id} is not in kebab-case")
    if kind.id in KINDS:
        raise ValueError(f"{kind.id} is declared twice")
    KINDS[kind.id] = kind
    return kind
