# SPDX-License-Identifier: Apache-2.0
"""Replace keys and certificates under a cluster that runs, in three steps.

Flink reads its stores at its start, so each step is followed by a restart of all who use them:

1. every trust store holds old and new,
2. every key store is new,
3. every trust store drops the old.

After each step a process that was restarted and one that was not accept each other. Which step
was the last is told by the files themselves. The stores keep their passwords, as a process that
runs may open a mounted store again (Flink's blob client does) with the password it started with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Literal

from cryptography import x509

from flinksec_jobs.certificates import describe_name
from flinksec_jobs.certs import issue
from flinksec_jobs.certs.anchors import anchors_of, is_self_signed, names_of
from flinksec_jobs.certs.generations import Content, Generations
from flinksec_jobs.certs.issue import INTERNAL, REST, Making
from flinksec_jobs.certs.sources import Source
from flinksec_jobs.certs.stores import Party
from flinksec_jobs.errors import CertificateError

Group = Literal["internal", "rest"]


class Step(IntEnum):
    """The steps, by their numbers; `SETTLED` is before the first and after the last."""

    SETTLED = 0
    TRUST_BOTH = 1
    NEW_KEYS = 2
    DROP_OLD = 3


@dataclass(frozen=True)
class Renewal:
    """What the first step makes.

    Attributes:
        groups: what is replaced: the internal identity, or the REST CA with server and clients.
        internal: an existing key and certificate instead of a new one.
        rest: the same for the REST server.
        making: how certificates are made.
    """

    groups: tuple[Group, ...] = ("internal", "rest")
    internal: Source | None = None
    rest: Source | None = None
    making: Making = field(default_factory=Making)


@dataclass(frozen=True)
class State:
    """Where a rotation stands.

    Attributes:
        done: the last step that was done.
        affected: the parties that the rotation replaces; all of them before the first step.
        old_ends: when the first of the certificates in use ends.
        pinned: SHA-1 fingerprints for ``security.ssl.internal.cert.fingerprint``, if the internal
            trust store holds a CA and not the certificate itself.
    """

    done: Step
    affected: tuple[str, ...]
    old_ends: datetime
    pinned: tuple[x509.Certificate, ...]

    @property
    def next(self) -> Step:
        """The step to come."""
        return Step(self.done + 1)


def state_of(content: Content) -> State:
    """Recognise from the files how far a rotation is.

    Raises:
        CertificateError: the files are in none of its states.
    """
    done = _done(content)
    affected = tuple(content.coming or content.parties)
    in_use = [content.parties[name].identity.certificate for name in affected]
    return State(done, affected, min(one.not_valid_after_utc for one in in_use), _pinned(content))


def rotate(
    directory: Path, step: Step, renewal: Renewal | None = None, *, dry_run: bool = False
) -> tuple[State, Content]:
    """Do one step; doing the last one again changes nothing.

    Args:
        directory: made by ``create``.
        step: the step to do: the one that comes next, or the last that was done.
        renewal: what the first step makes.
        dry_run: do everything but write.

    Returns:
        The state after the step, and the content of the directory.

    Raises:
        CertificateError: another step comes first, or the files are not as they should be.
    """
    target = Generations(directory)
    before = target.read()
    with target.locked():
        before = target.read()
        state = state_of(before)
        if step not in {state.done, state.next} or step == Step.SETTLED:
            raise _out_of_order(directory, step, state)
        if step == state.done:
            return state, before
        after = _after(step, before, renewal or Renewal())
        # After the last step the content is settled: what was affected is known from before.
        reached = replace(state_of(after), affected=tuple(after.coming or before.coming))
        if not dry_run:
            target.replace(after)
    return reached, after


def _done(content: Content) -> Step:
    if not content.coming:
        return Step.SETTLED
    if not set(content.coming) <= set(content.parties):
        raise _unrecognised()
    trusting, renewed = [], []
    for name, target in content.coming.items():
        party = content.parties[name]
        trusting.append(set(target.trusted) <= set(party.trusted))
        renewed.append(party.identity.certificate == target.identity.certificate)
    if not all(trusting):
        raise _unrecognised()
    if all(renewed):
        return Step.NEW_KEYS
    if any(renewed):
        raise _unrecognised()
    return Step.TRUST_BOTH


def _after(step: Step, before: Content, renewal: Renewal) -> Content:
    if step == Step.TRUST_BOTH:
        coming = _coming(before.parties, renewal)
        both = {
            name: replace(
                before.parties[name],
                trusted=_union(before.parties[name].trusted, target.trusted),
            )
            for name, target in coming.items()
        }
        return Content({**before.parties, **both}, coming)
    if step == Step.NEW_KEYS:
        keyed = {
            name: replace(before.parties[name], identity=target.identity)
            for name, target in before.coming.items()
        }
        return Content({**before.parties, **keyed}, before.coming)
    return Content({**before.parties, **before.coming}, {})


def _coming(parties: dict[str, Party], renewal: Renewal) -> dict[str, Party]:
    """Return the parties as they are to be after the last step."""
    new: dict[str, Party] = {}
    if "internal" in renewal.groups:
        new |= _new_internal(parties, renewal)
    if "rest" in renewal.groups:
        new |= _new_rest(parties, renewal)
    targets = {}
    for name, party in new.items():
        old = parties[name]
        if party.identity.certificate == old.identity.certificate:
            raise CertificateError(
                f"the certificate of {name} is the one that is in use already",
                hint="give the directory of the new one",
            )
        dropped = _old_anchors(name, parties)
        kept = [one for one in old.trusted if one not in dropped]
        targets[name] = replace(party, trusted=_union(party.trusted, kept))
    return targets


def _new_internal(parties: dict[str, Party], renewal: Renewal) -> dict[str, Party]:
    old = parties[INTERNAL]
    if not renewal.internal and not is_self_signed(old.identity.certificate):
        raise _needs_source(INTERNAL, old)
    names = names_of(old.identity.certificate)
    party = issue.internal_party(
        renewal.making, names=names, source=renewal.internal, password=old.password
    )
    return {INTERNAL: party}


def _new_rest(parties: dict[str, Party], renewal: Renewal) -> dict[str, Party]:
    server = parties[REST]
    ours = anchors_of([server.identity.certificate], server.trusted)
    if not renewal.rest and not ours:
        raise _needs_source(REST, server)
    return issue.rest_parties(
        renewal.making,
        names=names_of(server.identity.certificate),
        clients=_clients(parties),
        source=renewal.rest,
        passwords={name: party.password for name, party in parties.items()},
    )


def _old_anchors(name: str, parties: dict[str, Party]) -> set[x509.Certificate]:
    """By what a party accepts its peers now."""
    if name == INTERNAL:
        peers: Sequence[str] = (INTERNAL,)
    else:
        peers = _clients(parties) if name == REST else (REST,)
    return {
        anchor
        for peer in peers
        for anchor in anchors_of(_shown(parties[peer]), parties[name].trusted)
    }


def _clients(parties: dict[str, Party]) -> list[str]:
    return [name for name in parties if name not in {INTERNAL, REST}]


def _shown(party: Party) -> tuple[x509.Certificate, ...]:
    return (party.identity.certificate, *party.identity.chain)


def _pinned(content: Content) -> tuple[x509.Certificate, ...]:
    known = [
        parties[INTERNAL] for parties in (content.parties, content.coming) if INTERNAL in parties
    ]
    if all(party.identity.certificate in party.trusted for party in known):
        return ()
    return _union((), (party.identity.certificate for party in known))


def _union(
    first: Iterable[x509.Certificate], second: Iterable[x509.Certificate]
) -> tuple[x509.Certificate, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _needs_source(name: str, party: Party) -> CertificateError:
    issuer = describe_name(party.identity.certificate.issuer)
    return CertificateError(
        f"the certificate of {name} was issued by {issuer}, not by flinksec",
        hint=f"give the new one with --{name}-from, or leave it out with --only",
    )


def _unrecognised() -> CertificateError:
    return CertificateError(
        "the stores match no step of a rotation: they were changed by hand",
        hint="make new certificates in another directory and restart the whole cluster with them",
    )


def _out_of_order(directory: Path, step: Step, state: State) -> CertificateError:
    if state.done == Step.SETTLED:
        found = "no rotation is under way"
    else:
        found = f"step {state.done.value} was the last"
    return CertificateError(
        f"step {step.value} cannot be done now: {found}",
        hint=f"the next is: flinksec certs rotate {directory} --step {state.next.value}",
    )
