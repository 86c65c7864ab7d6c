# SPDX-License-Identifier: Apache-2.0
"""The principal and its keys: what the keytab holds, what the KDC gives for it, and its clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flinksec_jobs import logins, refusals
from flinksec_jobs.doctor.checks import Answer, Check
from flinksec_jobs.doctor.network_checks import endpoints
from flinksec_jobs.doctor.patient import Patient
from flinksec_jobs.doctor.settings_checks import FILES
from flinksec_jobs.errors import JobError
from flinksec_jobs.findings import Finding, Where, warning
from flinksec_jobs.kerberos import KeytabEntry, encryption_name, read_keytab
from flinksec_jobs.runtime import jvm

_VERSION = warning("key-version-differs", "the KDC has a newer key than the keytab")
_WEAK = warning("keytab-weak-encryption", "the keytab holds keys of weak encryption types only")
_CLOCK = warning("clock-differs", "the clock of this machine and of the KDC differ")
_STRONG = frozenset({17, 18, 19, 20})
# Clients and servers refuse each other from five minutes on, which RFC 4120 suggests.
_WORTH_A_WARNING_SECONDS = 60.0


def kerberos(patient: Patient) -> Iterator[Check]:
    """Yield whether the keytab and the KDC fit, and whether it knows the services."""
    principal = patient.kerberos().principal
    before = ("files-kerberos",)
    yield Check("kerberos-keytab", f"keys of {principal}", partial(_keytab, patient), FILES,
                "kerberos.keytab", before)  # fmt: skip
    yield Check("kerberos-login", f"a ticket for {principal}", partial(_login, patient),
                refusals.REFUSED, "kerberos.keytab", before)  # fmt: skip
    yield Check("kerberos-key-version", "the version of the key", partial(_version, patient),
                _VERSION, "kerberos.keytab", ("kerberos-login",))  # fmt: skip
    for service, setting in _services(patient):
        yield Check("kerberos-service", f"a ticket for {service}",
                    partial(_service, patient, service, setting), refusals.SERVICE_UNKNOWN, setting,
                    ("kerberos-login",))  # fmt: skip


def clock(patient: Patient) -> Iterator[Check]:
    """Yield whether the KDC's clock is this machine's."""
    patient.kerberos()
    yield Check("clock-kdc", "the clock of the KDC", partial(_clock, patient), _CLOCK,
                "kerberos.krb5_conf", ("files-kerberos",))  # fmt: skip


def _keys(patient: Patient) -> list[KeytabEntry]:
    found = patient.kerberos()
    return [one for one in read_keytab(found.keytab) if one.principal == found.principal]


def _keytab(patient: Patient) -> Answer:
    keys = _keys(patient)
    strong = {encryption_name(number) for number in _STRONG}
    told = ", ".join(f"{one.encryption} (version {one.version})" for one in keys)
    if keys and not any(one.encryption in strong for one in keys):
        why = f"its keys are of types that KDCs of today refuse: {told}"
        where = Where(setting="kerberos.keytab", file=str(patient.kerberos().keytab.path))
        fix = "have keys of the type aes256-cts-hmac-sha1-96 made, and export them"
        return Answer(told, [_WEAK.at(where, why, fix=fix)])
    return Answer(told)


def _ticket(patient: Patient) -> Any:
    found = patient.kerberos()
    try:
        return patient.login()
    except JobError as error:
        raise refusals.explained(
            error,
            f"no ticket for {found.principal} with {found.keytab.path}.",
            refusals.KERBEROS,
            otherwise="kerberos.keytab",
        ) from error


def _login(patient: Patient) -> Answer:
    facts = dict(_ticket(patient).facts())
    ends = datetime.fromtimestamp(int(facts["ends_at_ms"]) / 1000, UTC)
    return Answer(f"{facts['server']}, until {ends:%Y-%m-%d %H:%M} UTC")


def _version(patient: Patient) -> Answer:
    """Ask for a ticket to oneself: it names the newest key that the KDC has."""
    principal = patient.kerberos().principal
    login = _ticket(patient)
    try:
        with jvm.translated(principal):
            facts = dict(login.ticketForPrincipal(principal))
    except JobError:
        return Answer("the KDC does not tell: it gives no tickets to users")
    if "version" not in facts:
        return Answer("the KDC does not tell")
    return Answer(f"version {facts['version']} at the KDC", list(_outdated(patient, facts)))


def _outdated(patient: Patient, facts: Mapping[str, str]) -> Iterator[Finding]:
    found, version = patient.kerberos(), int(facts["version"])
    held = {one.version for one in _keys(patient)}
    if held and version not in held:
        listed = ", ".join(map(str, sorted(held)))
        yield _VERSION.at(
            Where(setting="kerberos.keytab", file=str(found.keytab.path)),
            f"it holds version {listed} of the key of {found.principal}, and the KDC has {version}",
            fix="export the keytab again: when the old key ends, so do the logins",
        )


def _services(patient: Patient) -> Iterator[tuple[str, str]]:
    """Yield the services that clients ask tickets for, as they name them, with the setting."""
    settings = patient.settings
    login = logins.of(settings).properties() if settings.kafka else {}
    if service := login.get("sasl.kerberos.service.name"):
        for endpoint in endpoints(settings):
            if endpoint.setting == "kafka.bootstrap_servers":
                yield f"{service}@{endpoint.host}", "kafka.kerberos_service_name"
    principal = settings.hdfs.namenode_principal if settings.hdfs else None
    if principal and "_HOST" not in principal:
        yield principal, "hdfs.namenode_principal"


def _service(patient: Patient, service: str, setting: str) -> Answer:
    login = _ticket(patient)
    is_principal = setting == "hdfs.namenode_principal"
    try:
        with jvm.translated(service):
            ask = login.ticketForPrincipal if is_principal else login.ticketForService
            facts = dict(ask(service))
    except JobError as error:
        raise JobError(
            f"{setting}: the KDC gives no ticket for {service}. {error.message}",
            hint="compare it with the principal in the server's own keytab, and with its host's "
            "name in DNS",
        ) from error
    encryption = encryption_name(int(facts["encryption"]))
    version = f", key version {facts['version']}" if "version" in facts else ""
    return Answer(f"{facts['server']}, {encryption}{version}")


def _clock(patient: Patient) -> Answer:
    facts = dict(_ticket(patient).facts())
    # The KDC tells whole seconds.
    ahead = (int(facts["asked_at_ms"]) - int(facts["issued_at_ms"]) - 500) / 1000
    told = f"{abs(ahead):.0f} s {'behind' if ahead > 0 else 'ahead of'} this machine's"
    if abs(ahead) < _WORTH_A_WARNING_SECONDS:
        return Answer(told)
    where = Where(setting="kerberos.krb5_conf", object="KDC")
    fix = "synchronise them: from some five minutes on servers refuse tickets"
    return Answer(told, [_CLOCK.at(where, f"its clock is {told}", fix=fix)])
