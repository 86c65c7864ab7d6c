# SPDX-License-Identifier: Apache-2.0
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from flinksec_jobs.errors import SecretError
from flinksec_jobs.kerberos import (
    KeytabEntry,
    check_keytab,
    jvm_arguments,
    read_keytab,
)
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.decides import options_of
from flinksec_jobs.settings import KerberosSettings, Settings

REALM = b"EXAMPLE.COM"
KEY = b"canary-key-bytes"


def kerberos(keytab: Path, principal: str = "flink@EXAMPLE.COM") -> KerberosSettings:
    return KerberosSettings(principal=principal, keytab=SecretFile(keytab))


def counted(text: bytes) -> bytes:
    return struct.pack(">H", len(text)) + text


def entry(*parts: bytes, version: int = 1, encryption: int = 18, tail: bytes = b"") -> bytes:
    record = struct.pack(">H", len(parts)) + counted(REALM) + b"".join(map(counted, parts))
    record += struct.pack(">IIBH", 1, 0, version, encryption) + counted(KEY) + tail
    return struct.pack(">i", len(record)) + record


def keytab_of(*entries: bytes) -> bytes:
    return b"\x05\x02" + b"".join(entries)


def test_the_jvm_is_told_where_the_kdcs_are() -> None:
    who = KerberosSettings(
        principal="a@R", keytab=SecretFile(Path("/k")), krb5_conf=Path("/etc/my krb5.conf")
    )
    settings = Settings(kerberos=who)
    assert jvm_arguments(settings) == ["-Djava.security.krb5.conf=/etc/my krb5.conf"]


def test_flink_does_not_look_into_a_ticket_cache() -> None:
    assert options_of(kerberos(Path("/k"))) == {
        "security.kerberos.login.keytab": "/k",
        "security.kerberos.login.principal": "flink@EXAMPLE.COM",
        "security.kerberos.login.use-ticket-cache": False,
    }


def test_a_keytab_of_the_jdk_is_read(keytab: Path) -> None:
    encryptions = [
        "aes256-cts-hmac-sha1-96",
        "aes128-cts-hmac-sha1-96",
        "aes256-cts-hmac-sha384-192",
        "aes128-cts-hmac-sha256-128",
    ]
    assert read_keytab(SecretFile(keytab)) == [
        KeytabEntry(principal, version, encryption)
        for principal, version in (("flink@EXAMPLE.COM", 3), ("kafka/localhost@EXAMPLE.COM", 44))
        for encryption in encryptions
    ]


def test_holes_padding_and_long_versions_are_understood(secret_file: Callable[..., Path]) -> None:
    hole = struct.pack(">i", -8) + b"\xff" * 8
    path = secret_file(
        keytab_of(
            hole,
            entry(b"a", version=44, tail=struct.pack(">I", 300)),
            entry(b"b", version=7, tail=struct.pack(">I", 0)),
            entry(b"c/d@e", version=9, encryption=99),
            b"\0" * 64,
        )
    )
    assert read_keytab(SecretFile(path)) == [
        KeytabEntry("a@EXAMPLE.COM", 300, "aes256-cts-hmac-sha1-96"),
        KeytabEntry("b@EXAMPLE.COM", 7, "aes256-cts-hmac-sha1-96"),
        KeytabEntry(r"c\/d\@e@EXAMPLE.COM", 9, "type 99"),
    ]


def test_no_key_is_kept(secret_file: Callable[..., Path]) -> None:
    path = secret_file(keytab_of(entry(b"a")))
    assert KEY.decode() not in repr(read_keytab(SecretFile(path)))


def test_a_keytab_cut_off_anywhere_is_refused_without_its_bytes(
    secret_file: Callable[..., Path],
) -> None:
    content = keytab_of(entry(b"flink"), entry(b"kafka", b"localhost"))
    first_entry_ends = 2 + len(entry(b"flink"))
    for size in range(3, len(content)):
        if size == first_entry_ends:
            continue
        path = secret_file(content[:size])
        with pytest.raises(SecretError, match="damaged keytab") as caught:
            read_keytab(SecretFile(path))
        assert caught.value.__cause__ is None
        assert KEY.decode() not in str(caught.value)


def test_a_record_that_lies_about_its_lengths_is_refused(secret_file: Callable[..., Path]) -> None:
    record = struct.pack(">H", 1) + struct.pack(">H", 60000) + b"x" * 40
    path = secret_file(keytab_of(struct.pack(">i", len(record)) + record))
    with pytest.raises(SecretError, match="damaged keytab"):
        read_keytab(SecretFile(path))


@pytest.mark.parametrize("content", [b"not a keytab", b"\x05\x01\0\0", b"\x05"])
def test_another_file_is_refused(secret_file: Callable[..., Path], content: bytes) -> None:
    path = secret_file(content)
    with pytest.raises(SecretError, match=r"kerberos.keytab \(file:.*\) is not a keytab"):
        read_keytab(SecretFile(path))


def test_a_keytab_must_hold_the_principal(keytab: Path) -> None:
    assert list(check_keytab(kerberos(keytab))) == []
    assert list(check_keytab(kerberos(keytab, "kafka/localhost@EXAMPLE.COM"))) == []
    (found,) = check_keytab(kerberos(keytab, "flink@OTHER.COM"))
    assert (found.id, found.severity) == ("principal-not-in-keytab", "problem")
    assert str(found) == (
        f"kerberos.principal flink@OTHER.COM has no key in kerberos.keytab (file:{keytab}), "
        "which holds flink@EXAMPLE.COM, kafka/localhost@EXAMPLE.COM"
    )


def test_a_keytab_without_keys_has_none_of_the_principal(
    secret_file: Callable[..., Path],
) -> None:
    (found,) = check_keytab(kerberos(secret_file(keytab_of())))
    assert "which holds no keys" in found.why
    assert found.fix == "export it again from the KDC, with ktadd or ktpass"
