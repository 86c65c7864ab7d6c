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
from flinksec_jobs.settings.spelling import Spelling
from flinksec_jobs.ticket_cache import EXPIRED, read_ticket_cache

_VERSION = warning("key-version-differs", "the KDC has a newer key than the keytab")
_WEAK = warning("keytab-weak-encryption", "the keytab holds keys of weak encryption types only")
_CLOCK = warning("clock-differs", "the clock of this machine and of the KDC differ")
_STRONG = frozenset({17, 18, 19, 20})
# Clients and servers refuse each other from five minutes on, which RFC 4120 suggests.
_WORTH_A_WARNING_SECONDS = 60.0


def kerberos(patient: Patient) -> Iterator[Check]:
    """Yield whether the keytabs and the KDCs fit, and whether these know the services."""
    _require(patient)
    for section in patient.settings.kerberos_sections:
        yield from _of_login(patient, section)


def clock(patient: Patient) -> Iterator[Check]:
    """Yield whether the KDCs' clocks are this machine's."""
    _require(patient)
    for section, found in patient.settings.kerberos_sections.items():
        if found.keytab is None:
            continue  # the KDC is not asked: there is a ticket already
        of = section.partition(".")[2]
        about = f"the clock of the KDC of [{section}]" if of else "the clock of the KDC"
        yield Check(id_of("clock-kdc", of), about, partial(_clock, patient, section), _CLOCK,
                    f"{section}.krb5_conf", (f"files-{section}",))  # fmt: skip


def id_of(check: str, name: str | None) -> str:
    """Return the id of a check of a section with a name: ``kerberos-login-east``."""
    return f"{check}-{name}" if name else check


def _require(patient: Patient) -> None:
    if not patient.settings.kerberos_sections:
        patient.kerberos()  # which says so


def _of_login(patient: Patient, section: str) -> Iterator[Check]:
    principal = patient.settings.kerberos_sections[section].principal
    of, keytab, before = section.partition(".")[2], f"{section}.keytab", (f"files-{section}",)
    login = id_of("kerberos-login", of)
    if patient.settings.kerberos_sections[section].ticket_cache is not None:
        yield Check(login, f"a ticket of {principal}", partial(_cached, patient, section),
                    EXPIRED, f"{section}.ticket_cache", before)  # fmt: skip
        return
    yield Check(id_of("kerberos-keytab", of), f"keys of {principal}",
                partial(_keytab, patient, section), FILES, keytab, before)  # fmt: skip
    yield Check(login, f"a ticket for {principal}", partial(_login, patient, section),
                refusals.REFUSED, keytab, before)  # fmt: skip
    yield Check(id_of("kerberos-key-version", of), "the version of the key",
                partial(_version, patient, section), _VERSION, keytab, (login,))  # fmt: skip
    for service, setting in _services(patient, section):
        yield Check(id_of("kerberos-service", of), f"a ticket for {service}",
                    partial(_service, patient, section, service, setting),
                    refusals.SERVICE_UNKNOWN, setting, (login,))  # fmt: skip


def _keys(patient: Patient, section: str) -> list[KeytabEntry]:
    found = patient.settings.kerberos_sections[section]
    held = read_keytab(found.keys, f"{section}.keytab")
    return [one for one in held if one.principal == found.principal]


def _keytab(patient: Patient, section: str) -> Answer:
    keys = _keys(patient, section)
    strong = {encryption_name(number) for number in _STRONG}
    told = ", ".join(f"{one.encryption} (version {one.version})" for one in keys)
    if keys and not any(one.encryption in strong for one in keys):
        why = f"its keys are of types that KDCs of today refuse: {told}"
        path = patient.settings.kerberos_sections[section].keys.path
        where = Where(setting=f"{section}.keytab", file=str(path))
        fix = "have keys of the type aes256-cts-hmac-sha1-96 made, and export them"
        return Answer(told, [_WEAK.at(where, why, fix=fix)])
    return Answer(told)


def _ticket(patient: Patient, section: str) -> Any:
    found = patient.settings.kerberos_sections[section]
    fields = {"kerberos": type(found).model_fields}
    try:
        return patient.login(section)
    except JobError as error:
        with Spelling.of({"kerberos": section}, fields).told():
            raise refusals.explained(
                error,
                f"no ticket for {found.principal} with {found.keys.path}.",
                refusals.KERBEROS,
                otherwise="kerberos.keytab",
            ) from error


def _login(patient: Patient, section: str) -> Answer:
    facts = dict(_ticket(patient, section).facts())
    ends = datetime.fromtimestamp(int(facts["ends_at_ms"]) / 1000, UTC)
    return Answer(f"{facts['server']}, until {ends:%Y-%m-%d %H:%M} UTC")


def _cached(patient: Patient, section: str) -> Answer:
    file = patient.settings.kerberos_sections[section].ticket_cache
    ticket = read_ticket_cache(file).granting() if file else None
    return Answer(f"{ticket.server}, until {ticket.ends:%Y-%m-%d %H:%M} UTC" if ticket else "")


def _version(patient: Patient, section: str) -> Answer:
    """Ask for a ticket to oneself: it names the newest key that the KDC has."""
    principal = patient.settings.kerberos_sections[section].principal
    login = _ticket(patient, section)
    try:
        with jvm.translated(principal):
            facts = dict(login.ticketForPrincipal(principal))
    except JobError:
        return Answer("the KDC does not tell: it gives no tickets to users")
    if "version" not in facts:
        return Answer("the KDC does not tell")
    found = list(_outdated(patient, section, facts))
    return Answer(f"version {facts['version']} at the KDC", found)


def _outdated(patient: Patient, section: str, facts: Mapping[str, str]) -> Iterator[Finding]:
    found, version = patient.settings.kerberos_sections[section], int(facts["version"])
    held = {one.version for one in _keys(patient, section)}
    if held and version not in held:
        listed = ", ".join(map(str, sorted(held)))
        yield _VERSION.at(
            Where(setting=f"{section}.keytab", file=str(found.keys.path)),
            f"it holds version {listed} of the key of {found.principal}, and the KDC has {version}",
            fix="export the keytab again: when the old key ends, so do the logins",
        )


def _services(patient: Patient, section: str) -> Iterator[tuple[str, str]]:
    """Yield the services that clients ask tickets for, as they name them, with the setting."""
    settings = patient.settings
    for cluster in settings.clusters:
        view = settings.on_kafka(cluster)
        if view.spelling.setting("kerberos") != section:
            continue
        if service := logins.of(view).properties().get("sasl.kerberos.service.name"):
            for endpoint in endpoints(settings):
                if endpoint.setting == view.spelling.setting("kafka.bootstrap_servers"):
                    setting = view.spelling.setting("kafka.kerberos_service_name")
                    yield f"{service}@{endpoint.host}", setting
    principal = settings.hdfs.namenode_principal if settings.hdfs else None
    if section == "kerberos" and principal and "_HOST" not in principal:
        yield principal, "hdfs.namenode_principal"


def _service(patient: Patient, section: str, service: str, setting: str) -> Answer:
    login = _ticket(patient, section)
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


def _clock(patient: Patient, section: str) -> Answer:
    facts = dict(_ticket(patient, section).facts())
    # The KDC tells whole seconds.
    ahead = (int(facts["asked_at_ms"]) - int(facts["issued_at_ms"]) - 500) / 1000
    told = f"{abs(ahead):.0f} s {'behind' if ahead > 0 else 'ahead of'} this machine's"
    if abs(ahead) < _WORTH_A_WARNING_SECONDS:
        return Answer(told)
    where = Where(setting=f"{section}.krb5_conf", object="KDC")
    fix = "synchronise them: from some five minutes on servers refuse tickets"
    return Answer(told, [_CLOCK.at(where, f"its clock is {told}", fix=fix)])
