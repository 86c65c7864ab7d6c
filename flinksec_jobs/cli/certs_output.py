# SPDX-License-Identifier: Apache-2.0
"""How ``flinksec certs`` prints: lines for people, one object for programs, never a secret."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import hashes

from flinksec_jobs.certificates import describe_name, fingerprint
from flinksec_jobs.certs import create as creation
from flinksec_jobs.certs.anchors import names_of
from flinksec_jobs.certs.inspection import Inspection
from flinksec_jobs.certs.issue import INTERNAL, REST
from flinksec_jobs.certs.judgement import days_left, describe_key
from flinksec_jobs.certs.places import Place, StoredCertificate
from flinksec_jobs.certs.rotate import State, Step
from flinksec_jobs.certs.stores import Party
from flinksec_jobs.cli import findings_output
from flinksec_jobs.cli.output import say
from flinksec_jobs.cli.state_output import as_lines

_DID = {
    Step.TRUST_BOTH: "every trust store holds the old and the new certificates",
    Step.NEW_KEYS: "every key store holds the new key",
    Step.DROP_OLD: "every trust store holds the new certificates only",
}
_MEANING = {
    Step.TRUST_BOTH: "all still show their old certificates; in any order, as old and new accept "
    "each other",
    Step.NEW_KEYS: "who is restarted shows the new certificate, which all trust; in any order",
    Step.DROP_OLD: "who is restarted refuses the old certificate; in any order",
}


def created(directory: Path, parties: dict[str, Party]) -> None:
    """Tell what was made."""
    say(f"made in {directory}:")
    for line in as_lines(creation.summary(parties)):
        say(f"  {line}")


def pinned(state: State) -> list[str]:
    """Return the setting that a CA in the internal trust store makes necessary."""
    if not state.pinned:
        return []
    prints = ",".join(fingerprint(one, hashes.SHA1()) for one in state.pinned)  # noqa: S303
    return [
        "the internal trust store holds a CA; let in this certificate only, by Flink's setting:",
        f"  security.ssl.internal.cert.fingerprint: {prints}",
    ]


def stands(directory: Path, state: State) -> None:
    """Tell where a rotation stands."""
    if state.done == Step.SETTLED:
        say("no rotation is under way")
        say(f"the first certificate ends on {state.old_ends:%Y-%m-%d}")
        say(f"to begin one: flinksec certs rotate {directory} --step 1")
        return
    say(f"step {state.done.value} of 3 was done: {_DID[state.done]}")
    roll(directory, state.done, state)


def stepped(step: Step, state: State, *, dry_run: bool) -> None:
    """Tell what a step did."""
    would = "would be done" if dry_run else "is done"
    say(f"step {step.value} of 3 {would} for {', '.join(state.affected)}: {_DID[step]}")


def roll(directory: Path, step: Step, state: State) -> None:
    """Tell what to restart, and what comes then."""
    affected = set(state.affected)
    who = []
    if INTERNAL in affected:
        who.append("the JobManager and all TaskManagers")
    elif REST in affected:
        who.append("the JobManager")
    clients = sorted(affected - {INTERNAL, REST})
    if clients:
        who.append(f"the clients {', '.join(clients)}")
    say(f"now: update the Secrets, then restart {' and '.join(who)} ({_MEANING[step]})")
    for line in pinned(state):
        say(line)
    if step == Step.DROP_OLD:
        say("then the rotation is complete; remove copies of the old key")
        return
    say(
        f"then, when every one of them has been restarted: flinksec certs rotate {directory} "
        f"--step {step.value + 1}"
    )
    if step == Step.TRUST_BOTH:
        say(f"step 2 must be rolled out before the old end: {state.old_ends:%Y-%m-%d}")


def show(seen: Inspection) -> None:
    """Print an inspection."""
    for place in seen.places:
        say(f"{place.name}  {place.path}")
        for held in place.held:
            for line in _lines(held, seen):
                say(f"  {line}")
    _matrix(seen)
    findings_output.show(seen.findings)
    say(findings_output.counted(seen.findings))


def as_object(seen: Inspection) -> dict[str, object]:
    """Return an inspection as flat fields."""
    return {
        "rotation_step": int(seen.step),
        "parties": [_party(place, seen) for place in seen.places],
        "trust": [
            {
                "shows": cell.shows,
                "trusted_by": cell.trusts,
                "answer": cell.answer,
                "wanted": cell.is_wanted,
            }
            for cell in seen.cells
        ],
        "findings": findings_output.as_dicts(seen.findings),
    }


def _lines(held: StoredCertificate, seen: Inspection) -> list[str]:
    certificate = held.certificate
    names = ", ".join(names_of(certificate)) or "none"
    left = days_left(certificate, seen.now)
    return [
        f"{held.path.name}: {held.use}: {describe_name(certificate.subject)}",
        f"    issuer   {describe_name(certificate.issuer)}",
        f"    names    {names}",
        f"    valid    {certificate.not_valid_before_utc:%Y-%m-%d} to "
        f"{certificate.not_valid_after_utc:%Y-%m-%d}, {left} days left",
        f"    key      {describe_key(certificate)}",
        f"    SHA-256  {fingerprint(certificate, hashes.SHA256())}",
        f"    SHA-1    {fingerprint(certificate, hashes.SHA1())}",  # noqa: S303
    ]


def _matrix(seen: Inspection) -> None:
    judges = list(dict.fromkeys(cell.trusts for cell in seen.cells))
    if not judges:
        return
    rows = [["certificate of / let in by", *judges]]
    for shown in dict.fromkeys(cell.shows for cell in seen.cells):
        answers = {cell.trusts: cell.answer for cell in seen.cells if cell.shows == shown}
        rows.append([shown, *(answers.get(judge, "") for judge in judges)])
    for line in as_lines(rows):
        say(line.rstrip())


def _party(place: Place, seen: Inspection) -> dict[str, object]:
    return {
        "name": place.name,
        "role": place.role,
        "path": str(place.path),
        "certificates": [
            {
                "file": str(held.path),
                "use": held.use,
                "subject": describe_name(held.certificate.subject),
                "issuer": describe_name(held.certificate.issuer),
                "names": list(names_of(held.certificate)),
                "not_before": held.certificate.not_valid_before_utc.isoformat(),
                "not_after": held.certificate.not_valid_after_utc.isoformat(),
                "days_left": days_left(held.certificate, seen.now),
                "key": describe_key(held.certificate),
                "sha256": fingerprint(held.certificate, hashes.SHA256()),
                "sha1": fingerprint(held.certificate, hashes.SHA1()),  # noqa: S303
            }
            for held in place.held
        ],
    }
