# SPDX-License-Identifier: Apache-2.0
"""The certificates that servers show, judged in the JVM by the settings, and their days left."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from cryptography import x509

from flinksec_jobs import refusals, tls_files
from flinksec_jobs.certificate_dates import check_dates
from flinksec_jobs.certificates import describe_name
from flinksec_jobs.doctor.checks import Answer, Check, NotAskedError
from flinksec_jobs.doctor.network_checks import Endpoint, endpoints
from flinksec_jobs.doctor.patient import Patient
from flinksec_jobs.errors import JobError
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.refusals import Cause
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import (
    HttpsSettings,
    KafkaSettings,
    Settings,
)

_UNREACHABLE = problem("tls-not-reached", "no TLS connection with a server comes about")
_SOON = timedelta(days=14)
_WithTls = KafkaSettings | HttpsSettings
_SECTIONS = ("kafka", "elasticsearch", "schema_registry")
_IDENTIFICATION = "ssl.endpoint.identification.algorithm"


# By what Java says. The setting is one of the section, `*` the one that names the server.
_CAUSES = (
    Cause("fingerprint", "fingerprint", "compare it with the server's own certificate",
          refusals.FINGERPRINT),
    Cause("NotAfter", "*", "have the server's certificate renewed", refusals.SERVER_EXPIRED),
    Cause("validity check failed", "*", "have the server's certificate renewed",
          refusals.SERVER_EXPIRED),
    Cause("NotBefore", "*", "the server's certificate is not valid yet: compare the clocks"),
    Cause("certification path", "ca_certs", "name the file of the CA that signed the server's "
          "certificate", refusals.SERVER_UNTRUSTED),
    Cause("ignature does not match", "ca_certs", "name the file of the CA that signed the server's "
          "certificate: this one has its name only", refusals.SERVER_UNTRUSTED),
    Cause("No subject alternative", "*", "use the name that stands in the certificate",
          refusals.SERVER_NAME),
    Cause("No name matching", "*", "use the name that stands in the certificate",
          refusals.SERVER_NAME),
    Cause("is not the host's", "*", "use the name that stands in the certificate",
          refusals.SERVER_NAME),
    Cause("protocol_version", "min_tls_version", "have a newer version of TLS switched on there",
          refusals.NO_TLS),
    Cause("certificate_required", "client_cert", "the server wants a certificate of the job's",
          refusals.WANTS_CERTIFICATE),
    Cause("bad_certificate", "client_cert", "the server does not take the job's certificate",
          refusals.WANTS_CERTIFICATE),
)  # fmt: skip
_OTHER = Cause("", "*", "compare the certificate with the settings")


def tls(patient: Patient) -> Iterator[Check]:
    """Yield what each endpoint that speaks TLS shows."""
    # Through a proxy the question to the server itself does the handshake, and tells of it.
    asked = [one for one in endpoints(patient.settings) if not one.setting.endswith(".proxy")]
    named = dict.fromkeys(_section_of(one) for one in asked)
    sections = [name for name in named if _uses_tls(patient.settings, name)]
    if not sections:
        raise NotAskedError("no section of the settings uses TLS to a server")
    for endpoint in asked:
        section = _section_of(endpoint)
        if section in sections:
            yield Check("tls-endpoint", str(endpoint), partial(_look, patient, endpoint, section),
                        _UNREACHABLE, endpoint.setting, (f"files-{section}",))  # fmt: skip


def _section_of(endpoint: Endpoint) -> str:
    return endpoint.setting.rpartition(".")[0]


def _uses_tls(settings: Settings, section: str) -> bool:
    found = _section(settings, section)
    return found is not None and found.uses_tls


def _section(settings: Settings, section: str) -> _WithTls | None:
    kind, _, name = section.partition(".")
    if kind == "kafka":
        return settings.on_kafka(name or None).kafka
    found: _WithTls | None = getattr(settings, kind) if kind in _SECTIONS else None
    return found


def _verification(section: _WithTls) -> str:
    if not isinstance(section, KafkaSettings):
        return section.verification
    return "full" if section.properties.get(_IDENTIFICATION, "https") else "certificate"


def _options(section: _WithTls, files: tls_files.PemFiles) -> dict[str, str]:
    verification = _verification(section)
    options = {
        "verification": verification,
        "min_tls_version": getattr(section, "min_tls_version", None),
        "ca_certs": files.ca_certs if verification in {"full", "certificate"} else None,
        "fingerprint": getattr(section, "fingerprint", None),
        "client_cert": files.client_cert,
        "client_key": files.client_key,
    }
    return {name: str(value) for name, value in options.items() if value is not None}


def _look(patient: Patient, endpoint: Endpoint, section: str) -> Answer:
    settings = _section(patient.settings, section)
    assert settings is not None  # noqa: S101  its endpoints were listed
    looks = patient.jvm().org.flinksec.doctor.TlsLook
    try:
        with tls_files.as_pem_files(settings, section) as files, jvm.translated(str(endpoint)):
            options = _options(settings, files)
            facts = dict(looks.look(endpoint.host, endpoint.port, jvm.string_map(options)))
    except JobError as error:
        patient.unreached[section] += 1
        raise JobError(
            f"{endpoint.setting}: no TLS with {error.message}",
            hint="is the server up, and is this its port for TLS?",
        ) from error
    chain = [x509.load_der_x509_certificate(base64.b64decode(text))
             for text in facts["chain"].split()]  # fmt: skip
    findings = [*_refused(facts.get("refused"), endpoint, section)]
    if options["verification"] in {"full", "certificate"} and not findings:
        where = Where(setting=endpoint.setting, object=str(endpoint))
        now = datetime.now(UTC)
        findings += [found for one in chain for found in check_dates(one, where, now, _SOON)]
    return Answer(_told(chain, facts.get("protocol")), findings)


def _refused(said: str | None, endpoint: Endpoint, section: str) -> Iterator[Finding]:
    if said is None:
        return
    cause = next((one for one in _CAUSES if one.part.lower() in said.lower()), _OTHER)
    setting = endpoint.setting if cause.setting == "*" else f"{section}.{cause.setting}"
    yield cause.kind.at(Where(setting=setting, object=str(endpoint)), said, fix=cause.hint)


def _told(chain: list[x509.Certificate], protocol: str | None) -> str:
    leaf = chain[0]
    days = (leaf.not_valid_after_utc - datetime.now(UTC)).days
    name, issuer = describe_name(leaf.subject), describe_name(leaf.issuer)
    told = f"{name}, signed by {issuer}, {days} days left"
    return f"{protocol}: {told}" if protocol else told
