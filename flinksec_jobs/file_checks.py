# SPDX-License-Identifier: Apache-2.0
"""What can be proven about the settings without a network: that every file can be used."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from flinksec_jobs import hadoop_conf, hadoop_files, kerberos, logins, tls, tls_files
from flinksec_jobs.certificate_dates import check_dates, check_trusted_dates
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.findings import Finding, Where, problem, warning
from flinksec_jobs.index_setup import planned
from flinksec_jobs.logins import jaas
from flinksec_jobs.path_checks import SECRET, attempt, check_text, listable, readable
from flinksec_jobs.placeholders import placeholders_below
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.settings import (
    HdfsSettings,
    HttpsSettings,
    KafkaSettings,
    KerberosSettings,
    Settings,
    StateSettings,
)
from flinksec_jobs.settings.spelling import Spelling
from flinksec_jobs.ticket_cache import check_ticket_cache

_SOON = timedelta(days=14)

# What goes into the header of a request, and how it is read.
_CREDENTIALS = {
    "password": SecretFile.read_line,
    "api_key": SecretFile.read_word,
    "token": SecretFile.read_word,
    "proxy_password": SecretFile.read_line,
}

_PLACEHOLDER = problem("placeholder-left", "a name or address from an example")
_LOGIN = problem("kafka-login-unusable", "a login cannot be written into Kafka's properties")
_KRB5_CONF = problem("krb5-conf-unusable", "kerberos.krb5_conf cannot be read")
_CA_CERTS = problem("ca-certs-unusable", "the file of trusted CAs cannot be read")
_CLIENT_CERT = problem("client-cert-unusable", "the client certificate cannot be read")
_CLIENT_KEY = problem("client-key-unusable", "the client key cannot be read, or is open to others")
_OTHER_KEY = problem("client-key-mismatch", "the client key is another certificate's")
_HADOOP_CONF = problem("hadoop-conf-unusable", "Hadoop's configuration cannot be used")
_OVERRULED = warning("hadoop-option-overruled", "the settings decide an option of hdfs.conf_dir")
_STATE_DIRECTORY = problem("state-directory-not-writable", "state cannot be written")


def check_files(
    settings: Settings,
    *,
    sections: Collection[str] | None = None,
    now: datetime | None = None,
    examples: bool = False,
) -> list[Finding]:
    """Open every file that the settings name, as the job will.

    Keytabs must hold the principal, certificates must be valid and fit their key, the key ring
    must hold its primary key, and no secret may be readable by everyone. Files that the chosen
    protocol does not use are left alone.

    Args:
        settings: what to check.
        sections: those whose files are opened, by name; default: all.
        now: the time at which certificates must be valid; default: now.
        examples: whether names and addresses that stand in examples only are problems, too.
    """
    found = [
        *(_examples(settings) if examples else ()),
        *_found(settings, sections, now or datetime.now(UTC)),
    ]
    return [_with_origin(one, settings) for one in found]


def _found(
    settings: Settings, sections: Collection[str] | None, now: datetime
) -> Iterator[Finding]:
    def wanted(name: str) -> bool:
        return sections is None or name in sections

    if wanted("kerberos"):
        yield from _kerberos(settings)
    for cluster in settings.clusters if wanted("kafka") else ():
        view = settings.on_kafka(cluster)
        yield from view.spelling.findings(_kafka(view, view.need(KafkaSettings), now))
    if settings.elasticsearch and wanted("elasticsearch"):
        yield from _https("elasticsearch", settings.elasticsearch, now)
        if settings.elasticsearch.setup:
            yield from planned.check(settings.elasticsearch.setup)
    if settings.schema_registry and wanted("schema_registry"):
        yield from _https("schema_registry", settings.schema_registry, now)
    if settings.hdfs and wanted("hdfs"):
        yield from _hdfs(settings, settings.hdfs, now)
    if settings.state and wanted("state"):
        yield from _state(settings.state)


def _with_origin(found: Finding, settings: Settings) -> Finding:
    """Say what set the setting: a file or a variable, if anything did."""
    origin = settings.origin((found.where.setting or "").partition("[")[0])
    return found if origin == "default" else found.placed(origin=origin)


def _examples(settings: Settings) -> Iterator[Finding]:
    for path, placeholder in placeholders_below(settings.dump()):
        # As settings are written: flink.rest.address, and not flink[rest.address].
        setting = re.sub(r"\[(?!\d+\])(.*?)\]", r".\1", path)
        yield _PLACEHOLDER.at(
            Where(setting=setting),
            f"{setting} still names {placeholder}, which is only an example",
            fix="put your own",
        )


def _kerberos(settings: Settings) -> Iterator[Finding]:
    for section, found in settings.kerberos_sections.items():
        fields = {"kerberos": KerberosSettings.model_fields}
        spelling = Spelling.of({"kerberos": settings.spelling.setting(section)}, fields)
        yield from spelling.findings(_login(found))


def _login(settings: KerberosSettings) -> Iterator[Finding]:
    where = Where(setting="kerberos.krb5_conf", file=str(settings.krb5_conf))
    yield from attempt(_KRB5_CONF, where, lambda: readable(settings.krb5_conf, where))
    yield from kerberos.check_keytab(settings)
    yield from check_ticket_cache(settings)


def _kafka(settings: Settings, kafka: KafkaSettings, now: datetime) -> Iterator[Finding]:
    if kafka.uses_tls:
        yield from _kafka_tls(kafka, now)
    login = logins.of(settings)
    for setting, path in login.authorities().items():
        load = functools.partial(tls.load_certificates, path, setting)
        yield from _authorities(load, path, setting, now)
    found = []
    for setting, password in login.passwords().items():
        where = Where(setting=setting, file=str(password.path))
        try:
            password.read_text(setting)
        except FlinkSecError as error:
            found.append(SECRET.of(error, where))
    yield from found
    if not found:
        yield from _writable_login(login)


def _writable_login(login: logins.Login) -> Iterator[Finding]:
    """Check what is said of who the job is: it may have characters that cannot stand there."""
    try:
        login.properties()
    except FlinkSecError as error:
        setting = error.setting if isinstance(error, jaas.UnwritableError) else login.who()[0]
        yield _LOGIN.of(error, Where(setting=setting), fix="put what can stand there")


def _https(section: str, settings: HttpsSettings, now: datetime) -> Iterator[Finding]:
    for name, read in _CREDENTIALS.items():
        secret: SecretFile | None = getattr(settings, name, None)
        if secret:
            yield from check_text(secret, f"{section}.{name}", read)
    if settings.ca_certs and settings.verification in {"full", "certificate"}:
        path, setting = settings.ca_certs, f"{section}.ca_certs"
        yield from _authorities(lambda: tls_files.trusted(settings, section), path, setting, now)
    yield from _own_certificate(section, settings, now)


def _kafka_tls(kafka: KafkaSettings, now: datetime) -> Iterator[Finding]:
    if kafka.ca_certs:
        setting = "kafka.ca_certs"
        yield from _authorities(
            lambda: tls_files.trusted(kafka, "kafka"), kafka.ca_certs, setting, now
        )
    yield from _own_certificate("kafka", kafka, now)


def _own_certificate(
    section: str, settings: tls_files.TlsFiles, now: datetime
) -> Iterator[Finding]:
    if not settings.client_cert:
        return
    if settings.client_key and not settings.client_key_password:
        yield from _own(settings.client_cert, settings.client_key, section, now)
        return
    where = Where(setting=f"{section}.client_cert", file=str(settings.client_cert))
    try:
        found = tls_files.identity(settings, section)
    except FlinkSecError as error:
        yield _CLIENT_CERT.of(error, where)
        return
    yield from check_dates(found.chain[0], where, now, _SOON)
    if not tls.belongs_to(found.key, found.chain[0]):
        yield _OTHER_KEY.at(
            where,
            "its key is not the one of the certificate",
            fix="export certificate and key anew, the job's certificate first",
        )


def _authorities(
    load: Callable[[], list[x509.Certificate]], path: Path, setting: str, now: datetime
) -> Iterator[Finding]:
    where = Where(setting=setting, file=str(path))
    try:
        certificates = load()
    except FlinkSecError as error:
        yield _CA_CERTS.of(error, where)
    else:
        yield from check_trusted_dates(certificates, where, now, _SOON)


def _own(path: Path, key: SecretFile, section: str, now: datetime) -> Iterator[Finding]:
    setting = f"{section}.client_cert"
    where = Where(setting=setting, file=str(path))
    leaf: x509.Certificate | None = None
    try:
        leaf = tls.load_certificates(path, setting)[0]
    except FlinkSecError as error:
        yield _CLIENT_CERT.of(error, where)
    else:
        yield from check_dates(leaf, where, now, _SOON)
    yield from _own_key(key, leaf, f"{section}.client_key")


def _own_key(key: SecretFile, leaf: x509.Certificate | None, setting: str) -> Iterator[Finding]:
    where = Where(setting=setting, file=str(key.path))
    try:
        private = tls.load_private_key(key, setting)
    except FlinkSecError as error:
        yield _CLIENT_KEY.of(error, where)
        return
    if leaf and not tls.belongs_to(private, leaf):
        yield _OTHER_KEY.at(
            where,
            f"it is not the key of {setting.removesuffix('key')}cert",
            fix="name the key that was made with the certificate, and put the job's certificate "
            "first in its file",
        )


def _hdfs(settings: Settings, own: HdfsSettings, now: datetime) -> Iterator[Finding]:
    if own.ca_certs:
        setting = "hdfs.ca_certs"
        load = functools.partial(tls.load_certificates, own.ca_certs, setting)
        yield from _authorities(load, own.ca_certs, setting, now)
    if own.conf_dir:
        yield from _hadoop(settings, own, own.conf_dir)


def _hadoop(settings: Settings, own: HdfsSettings, directory: Path) -> Iterator[Finding]:
    setting = "hdfs.conf_dir"
    where = Where(setting=setting, file=str(directory))
    try:
        listable(directory, setting)
        given = hadoop_files.read(directory, setting)
    except FlinkSecError as error:
        yield _HADOOP_CONF.of(error, where)
        return
    for name in hadoop_conf.elsewhere(given):
        yield _HADOOP_CONF.at(
            replace(where, field=name),
            "it mounts what is not on HDFS, where nothing would be protected",
            fix="mount directories of hdfs:// alone",
        )
    decided = hadoop_conf.decided(own, settings.hdfs_clusters.values())
    for name in hadoop_conf.overruled(given, decided):
        yield _OVERRULED.at(
            replace(where, field=name),
            "it is ignored there: the settings decide",
            fix="take it out, or have the servers and the settings agree",
        )


def _state(settings: StateSettings) -> Iterator[Finding]:
    for kind, value in settings.providers if settings.sealed else ():
        yield from kind.check(value)
    if settings.uri.removeprefix("sealed+").startswith("file://"):
        yield from _writable_if_there(Path(settings.directory.partition("file://")[2]))


def _writable_if_there(path: Path) -> Iterator[Finding]:
    """Check an existing directory; one that is not there is made by the job."""
    if path.exists() and not (path.is_dir() and os.access(path, os.W_OK | os.X_OK)):
        yield _STATE_DIRECTORY.at(
            Where(setting="state.directory", file=str(path)),
            "it cannot be written",
            fix=f"it must be a directory that user id {os.geteuid()} may write",
        )
