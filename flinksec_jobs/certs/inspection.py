# SPDX-License-Identifier: Apache-2.0
"""Judge the certificates of a cluster: who trusts whom, what ends when, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from flinksec_jobs.certs.anchors import anchors_of, serves
from flinksec_jobs.certs.generations import Generations
from flinksec_jobs.certs.judgement import PURPOSES, check_place, not_trusted
from flinksec_jobs.certs.places import Place, find_places
from flinksec_jobs.certs.rotate import Step, state_of
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.findings import Finding, Where, problem, warning

Answer = Literal["yes", "no", "expired"]

_ROTATION = warning("rotation-under-way", "stores hold old and new certificates")
_FOREIGN = problem("foreign-trust", "a client that must be refused is trusted")


@dataclass(frozen=True)
class Cell:
    """Whether a party is let in by another's trust store.

    Attributes:
        shows: the party that presents its certificate.
        trusts: the one that judges it.
        is_wanted: whether a cluster needs it.
    """

    shows: str
    trusts: str
    answer: Answer
    is_wanted: bool


@dataclass(frozen=True)
class Inspection:
    """All that was seen.

    Attributes:
        step: the last step of a rotation that is under way, `SETTLED` if none is.
    """

    places: tuple[Place, ...]
    cells: tuple[Cell, ...]
    findings: tuple[Finding, ...]
    step: Step
    now: datetime


def inspect(
    paths: Sequence[Path],
    *,
    password_file: Path | None = None,
    soon: timedelta = timedelta(days=30),
    now: datetime | None = None,
) -> Inspection:
    """Look at directories of stores, or single files.

    Args:
        paths: what ``create`` made, directories of stores or PEM files, or single files.
        password_file: of the stores, for directories without a file ``password``.
        soon: before its end a certificate is warned about.
        now: the time to judge by.

    Raises:
        CertificateError: there is nothing to look at.
    """
    now = now or datetime.now(UTC)
    groups = [_named(path, list(find_places(path, password_file)), len(paths)) for path in paths]
    places = [place for group in groups for place in group]
    findings = [finding for place in places for finding in place.findings]
    step = Step.SETTLED
    for path in paths:
        step, told = _rotation(path, step)
        findings += told
    for place in places:
        findings += check_place(place, now, soon, is_rotating=step != Step.SETTLED)
    cells = []
    for shown in places:
        for judge in places:
            same = any(shown in group and judge in group for group in groups)
            if shown.shows and judge.trusts is not None:
                cells.append(_cell(shown, judge, now, same_cluster=same))
                findings += _cell_findings(cells[-1], shown, judge)
    return Inspection(tuple(places), tuple(cells), tuple(findings), step, now)


def _named(path: Path, places: list[Place], of: int) -> list[Place]:
    for place in places:
        if of > 1 and place.path != path:
            place.name = f"{path.absolute().name}/{place.name}"
    return places


def _rotation(path: Path, step: Step) -> tuple[Step, list[Finding]]:
    target = Generations(path)
    if not path.is_dir() or not target.exists():
        return step, []
    try:
        done = state_of(target.read()).done
    except (FlinkSecError, OSError):
        return step, []  # why it cannot be read is told by its files' own findings
    if done == Step.SETTLED:
        return step, []
    return done, [
        _ROTATION.at(
            Where(file=str(path)),
            f"step {done.value} of 3 of a rotation was the last: stores hold old and new "
            "certificates",
            fix="when all that use them have been restarted: "
            f"flinksec certs rotate {path} --step {done.value + 1}",
        )
    ]


def _cell(shown: Place, judge: Place, now: datetime, *, same_cluster: bool) -> Cell:
    wanted = same_cluster and (shown.role, judge.role) in {
        ("internal", "internal"),
        ("client", "rest"),
        ("rest", "client"),
    }
    if shown.role == judge.role == "internal" and shown is not judge:
        wanted = False
    return Cell(shown.name, judge.name, _answer(shown, judge, now), wanted)


def _answer(shown: Place, judge: Place, now: datetime) -> Answer:
    leaf = shown.shows[0]
    if not any(serves(leaf, purpose) for purpose in PURPOSES[judge.role]):
        return "no"
    anchors = anchors_of(shown.shows, judge.trusts or ())
    if not anchors:
        return "no"
    # Java judges the dates of what it has to verify, not of what is in the trust store itself.
    return "expired" if leaf not in anchors and leaf.not_valid_after_utc < now else "yes"


def _cell_findings(cell: Cell, shown: Place, judge: Place) -> Iterator[Finding]:
    if cell.is_wanted and cell.answer == "no":
        yield not_trusted(cell.trusts, cell.shows, judge)
    if not cell.is_wanted and cell.answer == "yes" and shown is not judge:
        yield _FOREIGN.at(
            Where(file=str(judge.trust_path or judge.path)),
            f"{cell.trusts} lets in whoever has the certificate of {cell.shows}",
            fix="give each of them its own single-purpose certificate",
        )
