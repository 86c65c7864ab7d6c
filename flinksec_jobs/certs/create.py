# SPDX-License-Identifier: Apache-2.0
"""Make the certificates of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from flinksec_jobs import tls
from flinksec_jobs.certificates import describe_name
from flinksec_jobs.certs import issue
from flinksec_jobs.certs.anchors import names_of
from flinksec_jobs.certs.generations import Content, Generations
from flinksec_jobs.certs.issue import CLIENTS, INTERNAL, REST, Making, Services
from flinksec_jobs.certs.sources import Source
from flinksec_jobs.certs.stores import Party
from flinksec_jobs.errors import CertificateError
from flinksec_jobs.files import reason


@dataclass(frozen=True)
class Request:
    """What is wanted.

    Attributes:
        services: the names of the Kubernetes Services, if the cluster is on Kubernetes.
        names: more names of the REST server: DNS names, wildcards, IP addresses.
        wildcard: name JobManager and TaskManagers in the internal certificate too, the
            TaskManagers by a wildcard.
        clients: who may use the REST server.
        internal: an existing key and certificate for the internal connections.
        rest: the same for the REST server.
        making: how certificates are made.
    """

    services: Services | None = None
    names: tuple[str, ...] = ()
    wildcard: bool = False
    clients: tuple[str, ...] = CLIENTS
    internal: Source | None = None
    rest: Source | None = None
    making: Making = field(default_factory=Making)

    @property
    def rest_names(self) -> tuple[str, ...]:
        """All names of the REST server."""
        services = self.services.jobmanager_names if self.services else ()
        return tuple(dict.fromkeys((*services, *self.names)))

    @property
    def internal_names(self) -> tuple[str, ...]:
        """All names of the internal certificate."""
        if not self.wildcard or not self.services:
            return ()
        return (self.services.taskmanager_wildcard, *self.services.jobmanager_names)

    def check(self) -> None:
        """Refuse what cannot be made.

        Raises:
            CertificateError: says what, and the option.
        """
        for name in self.names:
            issue.check_name(name, "--name")
        for client in self.clients:
            issue.check_client(client)
        if self.wildcard and not self.services:
            raise CertificateError(
                "--wildcard needs the namespace of the TaskManagers", hint="give --namespace"
            )
        if not self.rest and not self.rest_names:
            raise CertificateError(
                "the REST server's certificate would have no name",
                hint="give --namespace, or --name for every name that clients use",
            )
        for option, source, unused in (
            ("--internal-from", self.internal, self.wildcard),
            ("--rest-from", self.rest, bool(self.names)),
        ):
            if source and unused:
                raise CertificateError(
                    f"{option} brings a certificate with its own names: others cannot be added",
                    hint="drop --wildcard with --internal-from, and --name with --rest-from",
                )


def create(directory: Path, request: Request) -> dict[str, Party]:
    """Make all keys and certificates; nothing is there until everything is.

    Raises:
        CertificateError: the directory holds something, or cannot be written.
    """
    request.check()
    target = Generations(directory)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with target.locked():
            _refuse_to_overwrite(target)
            directory.chmod(0o700)
            target.clean()
            parties = _make(request)
            target.replace(Content(parties, {}))
    except OSError as error:
        raise CertificateError(
            f"{directory} cannot be used: {reason(error)}",
            hint="name a directory that can be made and written by this user",
        ) from error
    return parties


def missing(directory: Path, request: Request, now: datetime | None = None) -> str | None:
    """Return what a directory lacks of a request, for a script that creates what is not there.

    Returns:
        None if it has everything and all is valid.

    Raises:
        CertificateError, SecretError: it cannot be read.
    """
    parties = Generations(directory).read().parties
    absent = {INTERNAL, REST, *request.clients} - set(parties)
    if absent:
        return f"it has no {', '.join(sorted(absent))}"
    for party, wanted in ((INTERNAL, request.internal_names), (REST, request.rest_names)):
        lacking = set(wanted) - set(names_of(parties[party].identity.certificate))
        if lacking:
            return f"the certificate of {party} lacks the name {', '.join(sorted(lacking))}"
    for name, party_ in parties.items():
        if not tls.is_valid_at(party_.identity.certificate, now or datetime.now(UTC)):
            return f"the certificate of {name} is not valid"
    return None


def incomplete(directory: Path, lacking: str) -> CertificateError:
    """Return the error for a directory that lacks something of a request."""
    return CertificateError(
        f"{directory} holds certificates, but {lacking}",
        hint=f"make another set in a new directory, or renew it: flinksec certs rotate {directory}",
    )


def _make(request: Request) -> dict[str, Party]:
    internal = issue.internal_party(
        request.making, names=request.internal_names, source=request.internal
    )
    rest = issue.rest_parties(
        request.making,
        names=request.rest_names,
        clients=request.clients,
        source=request.rest,
    )
    return {INTERNAL: internal, **rest}


def _refuse_to_overwrite(target: Generations) -> None:
    if target.exists():
        raise CertificateError(
            f"{target.directory} holds certificates already, which are never overwritten",
            hint=f"look at them: flinksec certs inspect {target.directory}; replace them step by "
            f"step: flinksec certs rotate {target.directory}; --if-missing accepts them as they "
            "are",
        )
    if not target.is_ours():
        raise CertificateError(
            f"{target.directory} is not empty", hint="name an empty directory or a new one"
        )


def summary(parties: dict[str, Party]) -> Sequence[tuple[str, str, str]]:
    """Name, subject and end of each party."""
    return [
        (
            name,
            describe_name(party.identity.certificate.subject),
            f"valid until {party.identity.certificate.not_valid_after_utc:%Y-%m-%d}",
        )
        for name, party in parties.items()
    ]
