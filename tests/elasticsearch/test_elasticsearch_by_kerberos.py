# SPDX-License-Identifier: Apache-2.0
"""A login by SPNEGO to a server that checks each ticket with MIT's library, of a real KDC."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import gssapi
import pytest

from flinksec_jobs import elasticsearch
from flinksec_jobs.certificates import pem
from flinksec_jobs.kerberos import environment
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sandbox.layout import Layout
from flinksec_jobs.settings import Settings, load_settings
from tests.https_certificates import issued, server_context, written
from tests.https_servers import PRODUCT, Asked, Said, Server, as_elasticsearch, serving
from tests.kafka.way_to_kdc import WayToKdc
from tests.patience import PATIENCE
from tests.tls.judges import JUDGES, Jvm, by_preflight, by_python, by_sink

CHALLENGE = {**PRODUCT, "WWW-Authenticate": "Negotiate"}
REFUSED = Said(401, {"error": {"type": "security_exception"}}, CHALLENGE)


class Gate:
    """Lets in who shows a ticket for the service, each of which it takes once."""

    def __init__(self, keytab: Path) -> None:
        self._store = {"keytab": f"FILE:{keytab}"}
        self.names: list[str] = []

    def __call__(self, asked: Asked) -> Said:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme != "Negotiate":
            return REFUSED
        try:
            own = gssapi.Credentials(usage="accept", store=self._store)
            context = gssapi.SecurityContext(creds=own, usage="accept")
            back = context.step(base64.b64decode(token))
            assert context.complete
            assert not context.delegated_creds
            self.names.append(str(context.initiator_name))
        except gssapi.exceptions.GSSError as error:
            self.names.append(f"refused: {error}")
            return REFUSED
        said = as_elasticsearch(asked)
        answer = base64.b64encode(back or b"").decode()
        headers = {**PRODUCT, "WWW-Authenticate": f"Negotiate {answer}"}
        return Said(said.status, said.body, headers)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """A KDC alone."""
    with Sandbox(only=[]) as started:
        yield started


@pytest.fixture(scope="module")
def kdc(box: Sandbox) -> Iterator[Layout]:
    """Its files; this process has its configuration, too, as the server that it is."""
    layout = Layout(box.directory)
    with environment({"KRB5_CONFIG": str(layout.krb5_conf)}):
        yield layout


@pytest.fixture(scope="module")
def java(kdc: Layout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jvm]:
    """One JVM for all tests here."""
    option = f"-Djava.security.krb5.conf={kdc.krb5_conf}"
    running = Jvm(tmp_path_factory.mktemp("judges"), option)
    yield running
    running.close()


@pytest.fixture
def gate(kdc: Layout) -> Gate:
    return Gate(kdc.keytab("http"))


@pytest.fixture
def server(tmp_path: Path, gate: Gate) -> Iterator[Server]:
    root = issued("the CA", ca=True)
    written(tmp_path / "ca.pem", pem(root.certificate))
    with ExitStack() as stack:
        own = issued("localhost", root, names=["localhost"])
        yield stack.enter_context(serving(server_context(own), gate))


def settings_of(
    kdc: Layout, server: Server, directory: Path, who: str = "flink", **changes: Any
) -> Settings:
    sections = {
        "elasticsearch": {
            "hosts": [server.url],
            "ca_certs": directory / "ca.pem",
            "kerberos": True,
            **changes,
        },
        "kerberos": {
            "principal": f"{kdc.principals[who]}@{kdc.realm}",
            "keytab": f"file:{kdc.keytab(who)}",
            "krb5_conf": kdc.krb5_conf,
        },
    }
    return load_settings(overrides=sections, environ={})


def test_each_request_has_a_ticket_of_its_own_that_the_server_takes(
    kdc: Layout, java: Jvm, gate: Gate, server: Server, tmp_path: Path
) -> None:
    settings = settings_of(kdc, server, tmp_path)
    assert [judge(java, settings) for judge in JUDGES] == ["", "", ""]
    assert java.tell("again", {}) == ""
    assert set(gate.names) == {f"flink@{kdc.realm}"}
    tokens = [asked.headers["authorization"] for asked in server.asked]
    assert len(set(tokens)) == len(tokens) >= 5
    # A ticket that was shown once is worth nothing to who has seen it.
    seen = server.asked[-1]
    assert gate(seen).status == 401
    assert "replay" in gate.names[-1].lower()


def test_who_the_kdc_does_not_know_or_has_no_service_for_is_told_so(
    kdc: Layout, java: Jvm, server: Server, tmp_path: Path
) -> None:
    said = by_preflight(java, settings_of(kdc, server, tmp_path, kerberos_service_name="search"))
    assert said.startswith("elasticsearch.kerberos: ")
    assert "no ticket for search@localhost" in said
    unknown = settings_of(kdc, server, tmp_path)
    other = unknown.kerberos
    assert other is not None
    stranger = other.model_copy(update={"principal": f"stranger@{kdc.realm}"})
    said = by_preflight(java, unknown.model_copy(update={"kerberos": stranger}))
    assert said.startswith("elasticsearch.kerberos: ")
    assert "stranger" in said
    assert server.asked == []


def test_a_server_gets_no_ticket_before_it_is_verified(
    kdc: Layout, java: Jvm, server: Server, tmp_path: Path
) -> None:
    rogue = issued("another CA", ca=True)
    written(tmp_path / "ca.pem", pem(rogue.certificate))
    settings = settings_of(kdc, server, tmp_path)
    assert all(judge(java, settings) for judge in JUDGES)
    assert server.asked == []


def test_a_keytab_that_holds_no_key_any_more_stops_the_next_login_and_not_this_one(
    kdc: Layout, java: Jvm, gate: Gate, server: Server, tmp_path: Path
) -> None:
    settings = settings_of(kdc, server, tmp_path)
    keytab = written(tmp_path / "flink.keytab", kdc.keytab("flink").read_bytes())
    assert settings.kerberos is not None
    moved = settings.kerberos.model_copy(update={"keytab": type(settings.kerberos.keys)(keytab)})
    settings = settings.model_copy(update={"kerberos": moved})
    assert by_sink(java, settings) == ""
    # The keytab of someone else holds no key of the principal.
    written(keytab, kdc.keytab("guest").read_bytes())
    assert java.tell("again", {}) == ""  # by the ticket that it has
    said = by_sink(java, settings)
    assert said.startswith("elasticsearch.kerberos: ")
    assert "cannot log in" in said
    written(keytab, kdc.keytab("flink").read_bytes())
    assert by_sink(java, settings) == ""
    assert set(gate.names) == {f"flink@{kdc.realm}"}


def test_a_kdc_that_is_away_is_missed_when_the_ticket_has_ended_and_not_before(
    box: Sandbox, kdc: Layout, gate: Gate, server: Server, tmp_path: Path
) -> None:
    way = WayToKdc(box, tmp_path)
    (tmp_path / "judges").mkdir()
    java = Jvm(tmp_path / "judges", f"-Djava.security.krb5.conf={way.krb5_conf}")
    try:
        assert by_sink(java, settings_of(kdc, server, tmp_path)) == ""
        way.shut()
        assert java.tell("again", {}) == ""
        end = time.monotonic() + PATIENCE
        while not (said := java.tell("again", {})):
            assert time.monotonic() < end, "the ticket does not end"
            time.sleep(1)
        assert "elasticsearch.kerberos: " in said
        before = len(server.asked)
        way.open()
        assert java.tell("again", {}) == ""
        assert len(server.asked) > before
    finally:
        java.close()
        way.close()
    assert set(gate.names) == {f"flink@{kdc.realm}"}


def test_elastics_client_closes_and_opens_with_tickets(
    kdc: Layout, java: Jvm, gate: Gate, server: Server, tmp_path: Path
) -> None:
    settings = settings_of(kdc, server, tmp_path)
    assert by_python(java, settings) == ""
    with elasticsearch.client(settings) as client:
        assert client.info()["version"]["number"]
    assert set(gate.names) == {f"flink@{kdc.realm}"}
