# SPDX-License-Identifier: Apache-2.0
"""Files of Kerberos tickets: whose they are, and until when."""

import os
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.findings import Finding
from flinksec_jobs.settings import Settings, load_settings
from flinksec_jobs.ticket_cache import check_ticket_cache

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
KEY = b"canary-key-bytes"


def data(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def principal(name: str) -> bytes:
    parts, _, realm = name.rpartition("@")
    listed = parts.split("/")
    whole = b"".join(data(part.encode()) for part in (realm, *listed))
    return struct.pack(">II", 1, len(listed)) + whole


def cache(owner: str, server: str, ends: datetime) -> bytes:
    """MIT's "Credential cache file format", version 4, with the header that kinit writes."""
    header = struct.pack(">HHII", 1, 8, 0, 0)
    times = struct.pack(">IIII", 0, 0, int(ends.timestamp()), 0)
    ticket = principal(owner) + principal(server) + struct.pack(">H", 18) + data(KEY) + times
    ticket += b"\0" + struct.pack(">III", 0, 0, 0) + data(b"ticket") + data(b"")
    return b"\x05\x04" + struct.pack(">H", len(header)) + header + principal(owner) + ticket


def settings(path: Path, **more: Any) -> Settings:
    kerberos = {"principal": "alice@R", "ticket_cache": f"file:{path}"}
    return load_settings(overrides={"kerberos": kerberos, **more}, environ={})


def found(tmp_path: Path, content: bytes) -> list[Finding]:
    path = tmp_path / "cache"
    path.touch(mode=0o600)
    path.write_bytes(content)
    kerberos = settings(path).kerberos
    assert kerberos is not None
    return list(check_ticket_cache(kerberos, NOW))


LATER, BEFORE = NOW.replace(hour=13), NOW.replace(hour=11)


def test_a_ticket_of_the_principal_that_is_good_is_taken(tmp_path: Path) -> None:
    assert found(tmp_path, cache("alice@R", "krbtgt/R@R", LATER)) == []


@pytest.mark.parametrize(
    ("content", "kind", "why"),
    [
        (cache("alice@R", "krbtgt/R@R", BEFORE), "ticket-expired", "2026-05-01 11:00 UTC"),
        (cache("bob@R", "krbtgt/R@R", LATER), "ticket-cache-unusable", "tickets of bob@R"),
        (cache("alice@R", "kafka/a@R", LATER), "ticket-cache-unusable", "no ticket that gets"),
        (b"", "ticket-cache-unusable", "is empty"),
        (b"SQLite", "ticket-cache-unusable", "is no file of Kerberos tickets"),
    ],
)
def test_what_is_wrong_with_a_ticket_is_told(
    tmp_path: Path, content: bytes, kind: str, why: str
) -> None:
    (one,) = found(tmp_path, content)
    assert (one.id, one.where.setting) == (kind, "kerberos.ticket_cache")
    assert why in one.why
    assert one.fix


def test_a_cache_that_is_cut_anywhere_is_a_finding_and_shows_no_key(tmp_path: Path) -> None:
    whole = cache("alice@R", "krbtgt/R@R", LATER)
    for end in range(2, len(whole)):
        (one,) = found(tmp_path, whole[:end])
        assert one.id == "ticket-cache-unusable"
        assert "canary" not in str(one)


def test_tickets_are_for_a_persons_own_machine() -> None:
    with pytest.raises(
        SettingsError, match=r"kerberos\.ticket_cache.*is for a person's own machine"
    ):
        settings(Path("/cache"), cluster={})
    assert settings(Path("/cache"), hdfs={"uri": "hdfs://n:8020"}).kerberos is not None


def test_there_is_a_keytab_or_there_are_tickets() -> None:
    for given, problem in (
        ({}, "keytab.*is missing; on your own machine, ticket_cache"),
        ({"keytab": "file:/k", "ticket_cache": "file:/c"}, "excludes keytab"),
    ):
        with pytest.raises(SettingsError, match=problem):
            load_settings(overrides={"kerberos": {"principal": "a@R", **given}}, environ={})


def test_no_file_says_how_to_get_one(tmp_path: Path) -> None:
    kerberos = settings(tmp_path / "none").kerberos
    assert kerberos is not None
    (one,) = check_ticket_cache(kerberos, NOW)
    assert one.id == "ticket-cache-unusable"
    assert "KCM" in one.why
    assert one.fix == f"get tickets: kinit -c FILE:{tmp_path}/none alice@R"


def named(cache: str) -> Path:
    kerberos = load_settings(
        overrides={"kerberos": {"principal": "alice@R", "ticket_cache": cache}}, environ={}
    ).kerberos
    assert kerberos is not None and kerberos.ticket_cache is not None
    return kerberos.ticket_cache.path


def test_a_file_of_tickets_is_named_as_kerberos_does_or_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for text in ("file:/t/cache", "/t/cache", "FILE:/t/cache", "DIR::/t/cache"):
        assert named(text) == Path("/t/cache")
    monkeypatch.delenv("KRB5CCNAME", raising=False)
    assert named("default") == Path(f"/tmp/krb5cc_{os.getuid()}")
    for text in ("FILE:/t/mine", "/t/mine", "DIR::/t/mine"):
        monkeypatch.setenv("KRB5CCNAME", text)
        assert named("default") == Path("/t/mine")
        assert named("FILE:/t/cache") == Path("/t/cache")


@pytest.mark.parametrize(
    "name",
    ["DIR:/run/user/1/krb5cc", "KCM:", "KCM:1000", "KEYRING:persistent:1000", "API:", "MEMORY:x"],
)
def test_a_cache_that_java_cannot_read_is_refused_with_what_to_do(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = name.partition(":")[0]
    own = f"/tmp/krb5cc_{os.getuid()}"
    told = rf"kerberos\.ticket_cache.*of the kind {kind}, and Java .*kinit -c FILE:{own}"
    with pytest.raises(SettingsError, match=told):
        named(name)
    monkeypatch.setenv("KRB5CCNAME", name)
    with pytest.raises(SettingsError, match=rf"KRB5CCNAME is of the kind {kind}, and Java"):
        named("default")
    assert named("FILE:/t/cache") == Path("/t/cache")
