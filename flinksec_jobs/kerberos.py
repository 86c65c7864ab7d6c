# SPDX-License-Identifier: Apache-2.0
"""What ``[kerberos]`` means for a JVM, and what a keytab holds.

Only the path of the keytab enters a configuration; the keys in it are never read into one.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import struct
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flinksec_jobs.errors import SecretError
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.private_files import write_private

if TYPE_CHECKING:
    from flinksec_jobs.secrets import SecretFile
    from flinksec_jobs.settings import KerberosSettings, Settings

_KEYTAB = problem("keytab-unusable", "the keytab cannot be read, or is open to others")
_NO_KEY = problem("principal-not-in-keytab", "the keytab holds no key of the principal")

_MAGIC = b"\x05\x02"
_ENCRYPTIONS = {
    3: "des-cbc-md5",
    16: "des3-cbc-sha1",
    17: "aes128-cts-hmac-sha1-96",
    18: "aes256-cts-hmac-sha1-96",
    19: "aes128-cts-hmac-sha256-128",
    20: "aes256-cts-hmac-sha384-192",
    23: "rc4-hmac",
}


def krb5_conf(settings: Settings) -> Path | None:
    """Return the one file that tells a JVM, which reads no other, where all KDCs are.

    Where the sections name several files, it is one that includes them, in a private directory that
    this process removes at exit. Java takes the first value of a setting and the first block of a
    realm, so what the files contradict each other in is as the first of them says: that of
    ``[kerberos]``.

    Args:
        settings: without a section ``[kerberos]`` or ``[kerberos.NAME]`` there is none.
    """
    files = dict.fromkeys(found.krb5_conf for found in settings.kerberos_sections.values())
    if len(files) < 2:  # noqa: PLR2004
        return next(iter(files), None)
    return _including(tuple(files))


@functools.cache
def _including(files: tuple[Path, ...]) -> Path:
    directory = Path(tempfile.mkdtemp(prefix="flinksec-krb5-"))  # of mode 0700
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    path = directory / "krb5.conf"
    write_private(path, "".join(f"include {file}\n" for file in files))
    return path


def jvm_arguments(settings: Settings) -> list[str]:
    """Return the arguments that tell a JVM, which ignores ``KRB5_CONFIG``, where the KDCs are."""
    path = krb5_conf(settings)
    return [] if path is None else [f"-Djava.security.krb5.conf={path}"]


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Give this process other variables inside of a block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def tickets(settings: Settings) -> Iterator[None]:
    """Tell a JVM that is started inside of a block of the ticket cache, if there is one.

    Hadoop's client finds it by the environment alone.
    """
    found = settings.kerberos
    cache = found.ticket_cache if found else None
    with environment({"KRB5CCNAME": str(cache.path)} if cache else {}):
        yield


@contextmanager
def mit_environment(settings: KerberosSettings) -> Iterator[None]:
    """Tell MIT's library in this process, inside of a block, of KDCs and keytab or tickets.

    Tickets of a keytab stay in memory.
    """
    variables = {"KRB5_CONFIG": str(settings.krb5_conf)}
    if settings.keytab is not None:
        variables |= {
            "KRB5_CLIENT_KTNAME": f"FILE:{settings.keytab.path}",
            "KRB5CCNAME": "MEMORY:flinksec",
        }
    elif settings.ticket_cache is not None:
        variables["KRB5CCNAME"] = f"FILE:{settings.ticket_cache.path}"
    with environment(variables):
        yield


def login_of(settings: Settings) -> tuple[str, ...]:
    """Return what the login of a JVM depends on, which logs in once, and reads one krb5.conf."""
    found = settings.kerberos
    own = (found.principal, str(found.keytab), str(found.ticket_cache)) if found else ()
    files = (str(one.krb5_conf) for one in settings.kerberos_sections.values())
    return (*own, *dict.fromkeys(files))


@dataclass(frozen=True)
class KeytabEntry:
    """One key of a keytab, without the key.

    Attributes:
        principal: whose key it is, with the realm.
        version: the key's version number at the KDC (kvno).
        encryption: name of the encryption type, ``type N`` when it has none here.
    """

    principal: str
    version: int
    encryption: str


def read_keytab(keytab: SecretFile, setting: str = "kerberos.keytab") -> list[KeytabEntry]:
    """List what a keytab holds (MIT's format 5.2, which every tool writes).

    Args:
        keytab: the file.
        setting: the setting that names it, for messages.

    Raises:
        SecretError: it cannot be read, or is no keytab.
    """
    content = keytab.read_bytes(setting)
    if content[:2] != _MAGIC:
        raise SecretError(
            f"{setting} (file:{keytab.path}) is not a keytab",
            hint="export it from the KDC with ktadd or ktpass, and copy it in binary mode",
        )
    try:
        return [_entry(record) for record in _records(content)]
    except (struct.error, UnicodeDecodeError):
        # Without the cause: it may hold bytes of a key.
        raise SecretError(
            f"{setting} (file:{keytab.path}) is a damaged keytab",
            hint="export it again, and copy it in binary mode",
        ) from None


def check_keytab(kerberos: KerberosSettings) -> Iterator[Finding]:
    """Look whether the keytab, if there is one, can be read and holds a key of the principal."""
    if kerberos.keytab is None:
        return
    keytab = Where(setting="kerberos.keytab", file=str(kerberos.keytab.path))
    try:
        held = sorted({entry.principal for entry in read_keytab(kerberos.keytab)})
    except SecretError as error:
        yield _KEYTAB.of(error, keytab)
        return
    if kerberos.principal not in held:
        yield _NO_KEY.at(
            Where(setting="kerberos.principal", file=keytab.file),
            f"kerberos.principal {kerberos.principal} has no key in kerberos.keytab "
            f"(file:{kerberos.keytab.path}), which holds {', '.join(held) or 'no keys'}",
            fix="use one of these principals, or the keytab of this one"
            if held
            else "export it again from the KDC, with ktadd or ktpass",
        )


def _records(content: bytes) -> Iterator[bytes]:
    """Yield the entries: a signed length each, negative for the hole a removed one leaves."""
    position = len(_MAGIC)
    while position < len(content):
        (size,) = struct.unpack_from(">i", content, position)
        position += 4
        if size == 0:  # ktutil pads the file's end with zeros
            return
        if position + abs(size) > len(content):
            raise struct.error("entry beyond the end of the file")
        if size > 0:
            yield content[position : position + size]
        position += abs(size)


def _entry(record: bytes) -> KeytabEntry:
    (components,) = struct.unpack_from(">H", record)
    position = 2
    names: list[str] = []
    for _ in range(components + 1):  # the realm comes first
        (size,) = struct.unpack_from(">H", record, position)
        names.append(record[position + 2 : position + 2 + size].decode())
        position += 2 + size
    # name type, time, short version, encryption, length of the key
    _, _, version, encryption, size = struct.unpack_from(">IIBHH", record, position)
    position += 13 + size
    if position > len(record):
        raise struct.error("key beyond the end of its entry")
    if len(record) - position >= 4:  # noqa: PLR2004  a version of four bytes may follow
        (long_version,) = struct.unpack_from(">I", record, position)
        version = long_version or version
    realm, *parts = names
    principal = "/".join(map(_escaped, parts)) + "@" + _escaped(realm)
    return KeytabEntry(principal, version, encryption_name(encryption))


def encryption_name(number: int) -> str:
    """Return the name of an encryption type, ``type N`` for one that has none here."""
    return _ENCRYPTIONS.get(number, f"type {number}")


def _escaped(part: str) -> str:
    """Escape what separates the parts of a principal, as MIT's tools print it."""
    return part.replace("\\", "\\\\").replace("/", "\\/").replace("@", "\\@")
