# SPDX-License-Identifier: Apache-2.0
"""Logins and their files, which change in mid-job: by sink, preflight and Elastic's client."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from flinksec_jobs import elasticsearch
from flinksec_jobs.certificates import pem
from tests.https_certificates import CLIENTS, Issued, issued, server_context
from tests.https_servers import Asked, Said, serving
from tests.tls.https_box import CANARY, TAKEN, Box, basic, demanding, verdicts
from tests.tls.judges import Jvm, by_sink


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ({"username": "flink", "password": CANARY}, basic(CANARY)),
        ({"api_key": CANARY}, f"ApiKey {CANARY}"),
        ({"api_key": "id:key"}, "ApiKey " + base64.b64encode(b"id:key").decode()),
        ({"token": CANARY}, f"Bearer {CANARY}"),
    ],
)
def test_every_login_out_of_a_file_is_sent_as_its_scheme_has_it(
    java: Jvm, box: Box, options: dict[str, str], header: str
) -> None:
    given = {
        name: box.secret(name, text) if name != "username" else text
        for name, text in options.items()
    }
    with serving(box.context, demanding(lambda: header)) as server:
        assert verdicts(java, box.settings(server.url, **given)) == TAKEN
        assert {asked.headers["authorization"] for asked in server.asked} == {header}
        server.answers = demanding(lambda: "another")
        for said in verdicts(java, box.settings(server.url, **given)):
            assert "401" in said
            assert CANARY not in said


def test_a_password_that_is_replaced_is_used_by_the_sink_that_runs(java: Jvm, box: Box) -> None:
    valid = ["first"]
    settings = {"username": "flink", "password": box.secret("password", "first")}
    with serving(box.context, demanding(lambda: basic(valid[0]))) as server:
        found = box.settings(server.url, **settings)
        client = elasticsearch.client(found)
        client.bulk(operations=[{"index": {}}, {}], index="any")
        assert by_sink(java, found) == ""
        valid[0] = "second"
        assert "401" in java.tell("again", {})
        box.secret("password", "second")
        assert java.tell("again", {}) == ""
        client.bulk(operations=[{"index": {}}, {}], index="any")
        # While it is being replaced it may be empty, or gone.
        (box.directory / "password").write_bytes(b"")
        assert java.tell("again", {}) == ""
        (box.directory / "password").unlink()
        assert java.tell("again", {}) == ""


def test_a_ca_that_is_replaced_is_trusted_by_the_sink_that_runs(java: Jvm, box: Box) -> None:
    with serving(box.context) as server:
        settings = box.settings(server.url)
        client = elasticsearch.client(settings)
        assert by_sink(java, settings) == ""
        assert client.info()
        port = server.port
    other = issued("the next CA", ca=True)
    with serving(
        server_context(issued("localhost", other, names=["localhost"])), port=port
    ) as server:
        assert "leads to none of the authorities" in java.tell("again", {})
        box.write("ca.pem", b"half a file")
        assert "leads to none of the authorities" in java.tell("again", {})
        assert server.asked == []
        box.write("ca.pem", pem(other.certificate))
        assert java.tell("again", {}) == ""
        assert client.options(max_retries=3).info()


def identity(box: Box, kind: str, client: Issued) -> dict[str, Any]:
    if kind == "PEM":
        return {
            "client_cert": box.write("client.pem", pem(client.certificate)),
            "client_key": f"file:{box.write('client.key', client.key_pem)}",
        }
    password = box.secret("store-password")
    store = pkcs12.serialize_key_and_certificates(
        b"flink", client.key, client.certificate, None, BestAvailableEncryption(CANARY.encode())
    )
    return {"client_cert": box.write("client.p12", store), "client_key_password": password}


@pytest.mark.parametrize("kind", ["PEM", "PKCS12"])
def test_a_client_certificate_is_shown_and_read_again_when_it_changes(
    java: Jvm, box: Box, kind: str
) -> None:
    clients, later = issued("CA of clients", ca=True), issued("next CA of clients", ca=True)
    context = server_context(box.own, clients=pem(clients.certificate))
    with serving(context) as server:
        for said in verdicts(java, box.settings(server.url)):
            assert said != ""
        assert server.asked == []
        first = identity(box, kind, issued("flink", clients, purpose=CLIENTS))
        settings = box.settings(server.url, **first)
        assert verdicts(java, settings) == TAKEN
        python = elasticsearch.client(settings)
        port = server.port
    with serving(server_context(box.own, clients=pem(later.certificate)), port=port) as server:
        assert java.tell("again", {}) != ""
        identity(box, kind, issued("flink", later, purpose=CLIENTS))
        assert java.tell("again", {}) == ""
        assert python.info()


def redirecting(status: int, url: str) -> Callable[[Asked], Said]:
    return lambda asked: Said(status, headers={"Location": f"{url}{asked.path}"})


def challenging(challenge: str) -> Callable[[Asked], Said]:
    return lambda _: Said(401, headers={"WWW-Authenticate": challenge})


def test_credentials_follow_no_redirect_and_no_challenge(java: Jvm, box: Box) -> None:
    with serving(box.context) as elsewhere, serving(box.context) as server:
        given = {"username": "flink", "password": box.secret("password")}
        for status in (301, 302, 303, 307, 308):
            server.answers = redirecting(status, elsewhere.url)
            for said in verdicts(java, box.settings(server.url, **given)):
                assert said != ""
        for challenge in ("Basic realm=x", "Negotiate", "NTLM"):
            server.asked.clear()
            server.answers = challenging(challenge)
            for said in verdicts(java, box.settings(server.url)):
                assert "401" in said
            assert {asked.headers.get("authorization") for asked in server.asked} == {None}
        assert elsewhere.asked == []
