# SPDX-License-Identifier: Apache-2.0
"""What can be proven about the settings without a network: that every file can be used."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from flinksec_jobs import hadoop_conf, kerberos, tls
from flinksec_jobs.errors import FlinkSecError, SecretError, SettingsError
from flinksec_jobs.files import SETTINGS, open_regular, read_text, unreadable
from flinksec_jobs.placeholders import placeholders_below
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.settings.models import (
    ElasticsearchSettings,
    KafkaSettings,
    Settings,
    StateSettings,
)
from flinksec_jobs.settings.weak import weaknesses

__all__ = ["check_files", "refuse_nothing", "weaknesses"]

_SOON = timedelta(days=14)
_KEY_BYTES = 32

Check = tuple[str, Callable[[], list[str] | None]]
"""A setting, and what raises if it cannot be used, or returns what is worth a warning."""


def refuse_nothing(settings: Settings) -> None:
    """Refuse settings in which nothing is said: a file was forgotten, or is empty.

    Raises:
        SettingsError: no section was given, neither in a file nor in the environment.
    """
    if settings.model_fields_set:
        return
    if settings.source is None:
        raise SettingsError(
            "there are no settings: no file is named, and no FLINKSEC_ variable sets anything",
            hint="name the file, as an argument or in FLINKSEC_SETTINGS",
        )
    raise SettingsError(
        f"the settings file {settings.source} says nothing",
        hint="`flinksec settings reference` lists what goes into it",
    )


def check_files(
    settings: Settings, *, now: datetime | None = None, examples: bool = False
) -> list[str]:
    """Open every file that the settings name, as the job will.

    Keytabs must hold the principal, certificates must be valid and fit their key, the key ring
    must hold its primary key, and no secret may be readable by everyone. Files that the chosen
    protocol does not use are left alone.

    Args:
        settings: what to check.
        now: the time at which certificates must be valid; default: now.
        examples: whether names and addresses that stand in examples only are refused, too.

    Returns:
        One line for each certificate that ends within 14 days, to be shown as a warning.

    Raises:
        SecretError, SettingsError: something cannot be used. Names every such setting, where it
            was set, and what to do.
    """
    notes: list[str] = []
    failures: list[FlinkSecError] = list(_examples(settings)) if examples else []
    for setting, check in _checks(settings, now or datetime.now(UTC)):
        try:
            notes += check() or []
        except FlinkSecError as error:
            failures.append(_with_origin(error, settings.origin(setting)))
    if len(failures) == 1:
        raise failures[0]
    if failures:
        listed = "".join(f"\n  {error.message}: {error.hint}" for error in failures)
        raise SettingsError(f"{len(failures)} settings cannot be used:{listed}")
    return notes


def _examples(settings: Settings) -> Iterator[FlinkSecError]:
    for path, placeholder in placeholders_below(settings.dump()):
        # As settings are written: flink.rest.address, and not flink[rest.address].
        setting = re.sub(r"\[(?!\d+\])(.*?)\]", r".\1", path)
        error = SettingsError(
            f"{setting} still names {placeholder}, which stands for yours in examples",
            hint="put your own",
        )
        yield _with_origin(error, settings.origin(setting.partition("[")[0]))


def _checks(settings: Settings, now: datetime) -> Iterator[Check]:
    if found := settings.kerberos:
        yield "kerberos.krb5_conf", lambda: _readable(found.krb5_conf, "kerberos.krb5_conf")
        yield "kerberos.keytab", lambda: kerberos.check_keytab(found)
    if settings.kafka and settings.kafka.uses_tls:
        yield from _tls_checks("kafka", settings.kafka, now)
    if settings.elasticsearch:
        yield from _elasticsearch_checks(settings.elasticsearch, now)
    if settings.hdfs and (directory := settings.hdfs.conf_dir):
        decided = hadoop_conf.decided(settings.hdfs)
        yield "hdfs.conf_dir", lambda: _hadoop_conf(directory, decided)
    if settings.state:
        yield from _state_checks(settings.state)


def _elasticsearch_checks(settings: ElasticsearchSettings, now: datetime) -> Iterator[Check]:
    for name in ("password", "api_key"):
        secret: SecretFile | None = getattr(settings, name)
        if secret:
            setting = f"elasticsearch.{name}"
            yield setting, lambda secret=secret, setting=setting: secret.check(setting)  # type: ignore[misc]
    yield from _tls_checks("elasticsearch", settings, now)


def _tls_checks(
    section: str, settings: KafkaSettings | ElasticsearchSettings, now: datetime
) -> Iterator[Check]:
    checks_chain = getattr(settings, "verification", "full") in {"full", "certificate"}
    if (ca_certs := settings.ca_certs) and checks_chain:
        yield f"{section}.ca_certs", lambda: _authorities(ca_certs, f"{section}.ca_certs", now)
    if (certificate := settings.client_cert) and (key := settings.client_key):
        yield (
            f"{section}.client_cert",
            lambda: _own_certificate(certificate, f"{section}.client_cert", now),
        )
        yield f"{section}.client_key", lambda: _own_key(certificate, key, section)


def _state_checks(settings: StateSettings) -> Iterator[Check]:
    if settings.sealed and (keys := settings.keys):
        yield "state.keys", lambda: _key_ring(keys)
    if settings.sealed and (token := settings.pkcs11):
        # No login: each wrong PIN brings a token closer to its lock, so only a job tries it.
        yield "state.pkcs11.module", lambda: _readable(token.module, "state.pkcs11.module")
        yield "state.pkcs11.pin", lambda: token.pin.check("state.pkcs11.pin")
    if settings.uri.removeprefix("sealed+").startswith("file://"):
        location = Path(settings.directory.partition("file://")[2])
        yield "state.directory", lambda: _writable_if_there(location)


def _authorities(path: Path, setting: str, now: datetime) -> list[str]:
    """Refuse when no CA is valid; an old one in a bundle, among valid ones, is common."""
    certificates = tls.load_certificates(path, setting)
    valid = [found for found in certificates if tls.is_valid_at(found, now)]
    if not valid:
        raise _not_valid(certificates[0], f"{setting} {path}", now)
    return _ending(valid, f"{setting} {path}", now) if len(valid) == 1 else []


def _own_certificate(path: Path, setting: str, now: datetime) -> list[str]:
    leaf = tls.load_certificates(path, setting)[0]
    if not tls.is_valid_at(leaf, now):
        raise _not_valid(leaf, f"{setting} {path}", now)
    return _ending([leaf], f"{setting} {path}", now)


def _own_key(certificate: Path, key: SecretFile, section: str) -> None:
    setting = f"{section}.client_key"
    private = tls.load_private_key(key, setting)
    if not tls.belongs_to(private, tls.load_certificates(certificate, f"{section}.client_cert")[0]):
        raise SettingsError(
            f"{setting} (file:{key.path}) is not the key of {section}.client_cert {certificate}",
            hint="the certificate of the job must come first in its file",
        )
    is_combined = section == "kafka" and certificate == key.path
    if is_combined and b"-----BEGIN PRIVATE KEY-----" not in key.read_bytes(setting):
        raise SettingsError(
            f"{setting} (file:{key.path}) is not in PKCS#8, the one form that Kafka reads",
            hint="convert the key with openssl pkcs8 -topk8 -nocrypt",
        )


def _not_valid(certificate: x509.Certificate, where: str, now: datetime) -> SettingsError:
    subject = certificate.subject.rfc4514_string()
    if certificate.not_valid_after_utc < now:
        problem = f"ended on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    else:
        problem = f"begins only on {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    return SettingsError(
        f"{where}: the certificate {subject} {problem}",
        hint="install a certificate that is valid now, and check this machine's clock",
    )


def _ending(certificates: list[x509.Certificate], where: str, now: datetime) -> list[str]:
    return [
        f"{where}: the certificate {found.subject.rfc4514_string()} ends on "
        f"{found.not_valid_after_utc:%Y-%m-%d}"
        for found in certificates
        if found.not_valid_after_utc - now < _SOON
    ]


def _key_ring(keys: Path) -> None:
    """Look at the primary key only; whoever opens the ring checks the rest."""
    _directory(keys, "state.keys")
    primary = keys / "primary"
    name = read_text(primary, "state.keys", SETTINGS, error=SettingsError).strip()
    if not name or Path(name).name != name or name.startswith("."):
        raise SettingsError(
            f"state.keys {primary} does not name a key", hint="write the key's file name into it"
        )
    if len(SecretFile(keys / name).read_bytes("state.keys")) != _KEY_BYTES:
        raise SecretError(
            f"state.keys (file:{keys / name}) is not a key of {_KEY_BYTES} bytes",
            hint=f"make one: (umask 077; head -c {_KEY_BYTES} /dev/urandom > {keys}/NAME)",
        )


def _hadoop_conf(directory: Path, decided: Mapping[str, str]) -> list[str]:
    _directory(directory, "hdfs.conf_dir")
    given = hadoop_conf.read(directory, "hdfs.conf_dir")
    return [
        f"hdfs.conf_dir {directory}: {name} is not taken from there, the settings decide"
        for name in hadoop_conf.overruled(given, decided)
    ]


def _readable(path: Path, setting: str) -> None:
    """Read it as whoever needs it will; a module of a program is large."""
    try:
        with open_regular(path) as file:
            file.read(1)
    except OSError as error:
        raise unreadable(path, setting, error, SettingsError) from error


def _directory(path: Path, setting: str) -> None:
    try:
        next(path.iterdir(), None)
    except OSError as error:
        raise SettingsError(
            f"{setting} {path} cannot be read: {(error.strerror or 'error').lower()}",
            hint=f"it must be a directory that user id {os.geteuid()} may read",
        ) from error


def _writable_if_there(path: Path) -> None:
    """Check an existing directory; one that is not there is made by the job."""
    if path.exists() and not (path.is_dir() and os.access(path, os.W_OK | os.X_OK)):
        raise SettingsError(
            f"state.directory {path} cannot be written",
            hint=f"it must be a directory that user id {os.geteuid()} may write",
        )


def _with_origin(error: FlinkSecError, origin: str) -> FlinkSecError:
    if origin == "default":
        return error
    return type(error)(f"{error.message} (set by {origin})", hint=error.hint)
