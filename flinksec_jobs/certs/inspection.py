# SPDX-License-Identifier: Apache-2.0
"""Judge the certificates of a cluster: who trusts whom, what ends when, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from flinksec_jobs.certificates import Purpose, describe_name, fingerprint
from flinksec_jobs.certs.anchors import (
    anchors_of,
    is_authority,
    is_self_signed,
    names_of,
    serves,
)
from flinksec_jobs.certs.findings import Finding, problem, warning
from flinksec_jobs.certs.generations import Generations
from flinksec_jobs.certs.places import Held, Place, Role, find_places
from flinksec_jobs.certs.rotate import Step, state_of
from flinksec_jobs.errors import FlinkSecError

Answer = Literal["yes", "no", "expired"]

# What a trust store's owner takes the certificates of others for.
_PURPOSES: dict[Role, tuple[Purpose, ...]] = {
    "internal": ("server", "client"),
    "rest": ("client",),
    "client": ("server",),
}
_SMALLEST_RSA = 2048
_PIN = "security.ssl.internal.cert.fingerprint"


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
        findings += _dates(place, now, soon)
        findings += _keys(place)
        findings += _store_findings(place, is_rotating=step != Step.SETTLED)
    cells = []
    for shown in places:
        for judge in places:
            same = any(shown in group and judge in group for group in groups)
            if shown.shows and judge.trusts is not None:
                cells.append(_cell(shown, judge, now, same_cluster=same))
                findings += _cell_findings(cells[-1], shown, judge)
    return Inspection(tuple(places), tuple(cells), tuple(findings), step, now)


def days_left(certificate: x509.Certificate, now: datetime) -> int:
    """Whole days until a certificate ends; negative if it has."""
    return (certificate.not_valid_after_utc - now).days


def describe_key(certificate: x509.Certificate) -> str:
    """Type and size of a certificate's key."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "unknown"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    return type(key).__name__.removesuffix("PublicKey")


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
        warning(
            "rotation-under-way",
            path,
            f"step {done.value} of 3 of a rotation was the last: stores hold old and new "
            "certificates",
            "when all that use them have been restarted: "
            f"flinksec certs rotate {path} --step {done.value + 1}",
        )
    ]


def _dates(place: Place, now: datetime, soon: timedelta) -> Iterator[Finding]:
    for held in place.held:
        certificate = held.certificate
        ends = certificate.not_valid_after_utc
        who = f"{_subject(held)} ({held.use})"
        if ends < now:
            yield problem(
                "expired",
                held.path,
                f"{who} expired on {ends:%Y-%m-%d}",
                "make new certificates and restart the cluster with them",
            )
        elif certificate.not_valid_before_utc > now:
            yield problem(
                "not-yet-valid",
                held.path,
                f"{who} is valid only from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
                "wait, or correct the clock of the machine that made it",
            )
        elif ends - now < soon:
            yield warning(
                "expires-soon",
                held.path,
                f"{who} expires in {days_left(certificate, now)} days, on {ends:%Y-%m-%d}",
                "flinksec certs rotate DIRECTORY",
            )


def _keys(place: Place) -> Iterator[Finding]:
    for held in place.held:
        kind = describe_key(held.certificate)
        if held.use == "key" and place.role != "client" and not kind.startswith("RSA"):
            yield warning(
                "not-rsa",
                held.path,
                f"its key is {kind}; Flink's default cipher suites need RSA, and no connection "
                "would be made",
                "use an RSA key, or set security.ssl.protocol: TLSv1.3 and security.ssl.algorithms:"
                " TLS_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256",
            )
        key = held.certificate.public_key() if kind.startswith("RSA") else None
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < _SMALLEST_RSA:
            yield problem("weak-key", held.path, f"its key is {kind}", "use RSA 4096")
        algorithm = held.certificate.signature_hash_algorithm
        is_old = isinstance(algorithm, hashes.SHA1 | hashes.MD5)
        if is_old and not is_self_signed(held.certificate) and held.use != "trusted":
            yield problem(
                "weak-signature",
                held.path,
                f"{_subject(held)} is signed with {algorithm.name.upper() if algorithm else ''}",
                "have it signed with SHA-256",
            )


def _store_findings(place: Place, *, is_rotating: bool) -> Iterator[Finding]:
    if not place.shows:
        return
    if place.role == "rest" and not names_of(place.shows[0]):
        yield warning(
            "no-host-name",
            place.path,
            "the server's certificate names no host: a name in its subject does not count, and "
            "who checks host names refuses it",
            "have it issued with the DNS names and addresses in its subjectAltName",
        )
    if place.trusts is None:
        yield problem(
            "no-truststore",
            place.path,
            "there is no trust store"
            + (": REST would let everybody in without an error" if place.role == "rest" else ""),
            "put truststore.p12 beside the key store",
        )
        return
    path = place.trust_path or place.path
    if len(place.trusts) > 1 and not is_rotating:
        yield warning(
            "trusts-many",
            path,
            f"the trust store holds {len(place.trusts)} certificates: whoever has the key of one "
            "is let in",
            "keep the one that is needed; in a rotation, do its last step",
        )
    if place.role != "internal":
        return
    if any(is_authority(one) for one in place.trusts):
        sha1 = fingerprint(place.shows[0], hashes.SHA1())  # noqa: S303  what Flink compares
        yield warning(
            "trusts-ca",
            path,
            "the internal trust store holds a CA: everybody with a certificate of that CA may join "
            "the cluster",
            f"use a CA that signs nothing else, or set {_PIN}: {sha1} (until the next renewal)",
        )
    for purpose in _PURPOSES["internal"]:
        if not serves(place.shows[0], purpose):
            yield problem(
                "purpose",
                place.path,
                f"the internal certificate may not be used as a {purpose}'s, and Flink's processes "
                "are both",
                "have it issued for server auth and client auth",
            )


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
    if not any(serves(leaf, purpose) for purpose in _PURPOSES[judge.role]):
        return "no"
    anchors = anchors_of(shown.shows, judge.trusts or ())
    if not anchors:
        return "no"
    # Java judges the dates of what it has to verify, not of what is in the trust store itself.
    return "expired" if leaf not in anchors and leaf.not_valid_after_utc < now else "yes"


def _cell_findings(cell: Cell, shown: Place, judge: Place) -> Iterator[Finding]:
    path = judge.trust_path or judge.path
    if cell.is_wanted and cell.answer == "no":
        yield problem(
            "not-trusted",
            path,
            f"{cell.trusts} does not trust the certificate of {cell.shows}",
            "use stores that were made together",
        )
    if not cell.is_wanted and cell.answer == "yes" and shown is not judge:
        yield problem(
            "foreign-trust",
            path,
            f"{cell.trusts} lets in whoever has the certificate of {cell.shows}",
            "give each of them its own single-purpose certificate",
        )


def _subject(held: Held) -> str:
    return describe_name(held.certificate.subject)
