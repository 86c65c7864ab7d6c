# SPDX-License-Identifier: Apache-2.0
"""What the sink's JVM lets pass and what it refuses, on an Elasticsearch with each certificate.

The question is the one that a job asks before it is submitted: by the sink's own client, in the
JVM that would run the job. A diagnosis of the same settings comes to the same answer each time.
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyflink import java_gateway

from flinksec_jobs import elasticsearch
from flinksec_jobs.doctor.examination import examine
from flinksec_jobs.doctor.patient import NAME, Patient
from flinksec_jobs.errors import JobError
from flinksec_jobs.private_files import write_private
from flinksec_jobs.runtime import jvm
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sandbox.layout import Layout
from flinksec_jobs.sandbox.test_ca import Authority, Variant
from flinksec_jobs.session import Session
from flinksec_jobs.settings import ElasticsearchSettings, Settings

Server = Variant | Literal["demands-client-certificate"]


@pytest.fixture(scope="module", autouse=True)
def java(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The JVM of a job, in this process; one for all tests here, and none after them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLINKSEC_LOG_DIR", str(tmp_path_factory.mktemp("logs")))
        patch.setattr(java_gateway, "_gateway", None)
        Session(NAME, Settings()).begin()  # so that a diagnosis has the same one
        yield
        process = jvm.process_id()
        java_gateway.get_gateway().shutdown()  # so that no object is released in a dead JVM
        os.kill(process, signal.SIGTERM)


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """An Elasticsearch with what is wrong with it; the tests of one stand together."""
    kind: Server = request.param
    demands = kind == "demands-client-certificate"
    certificate: Variant = "good" if kind == "demands-client-certificate" else kind
    with Sandbox(
        only=["elasticsearch"], certificate=certificate, client_certificates=demands
    ) as box:
        yield box


def on(server: Server) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("server", [server], indirect=True)


def certificate_of(box: Sandbox) -> Path:
    return Layout(box.directory).certificate("elasticsearch.pem")


def secret(box: Sandbox, name: str) -> Path:
    return Layout(box.directory).secret(name)


def fingerprint(certificate: Path) -> str:
    der = x509.load_pem_x509_certificate(certificate.read_bytes()).public_bytes(Encoding.DER)
    return hashlib.sha256(der).hexdigest()


def own(box: Sandbox) -> dict[str, Any]:
    """The job's client certificate."""
    return {"client_cert": box.client_cert, "client_key": f"file:{box.client_key}"}


def ask(box: Sandbox, **changes: Any) -> str | None:
    """Why the sink would not get through; None if it would."""
    values = {
        "hosts": [f"https://localhost:{box.ports['elasticsearch']}"],
        "ca_certs": box.ca_certs,
        "username": "flink",
        "password": f"file:{secret(box, 'elasticsearch-password')}",
    }
    settings = ElasticsearchSettings.model_validate(
        {name: value for name, value in (values | changes).items() if value is not None}
    )
    text, setting = None, None
    try:
        elasticsearch.ask(Settings(elasticsearch=settings), ["any"])
    except JobError as error:
        (found,) = error.findings
        text = error.message.removesuffix(f" [{found.id}]")
        setting = found.where.setting
    told = diagnosed(Settings(elasticsearch=settings), setting)
    for name in ("elasticsearch-password", "elasticsearch-api-key"):
        assert secret(box, name).read_text() not in f"{text} {told}"
    return text


def diagnosed(settings: Settings, setting: str | None) -> list[dict[str, Any]]:
    """What a diagnosis says: nothing is wrong, or what the refusal of a job names."""
    done = examine(Patient(settings), only=["tls", "elasticsearch"])
    named = {found.where.setting for one in done for found in one.findings}
    assert named == set() if setting is None else setting in named
    return [one.as_dict() for one in done]


# How a job may judge the server.
JUDGES: dict[str, Callable[[Sandbox], dict[str, Any]]] = {
    "full": lambda box: {"verification": "full"},
    "full, another CA": lambda box: {"verification": "full", "ca_certs": box.rogue_ca_certs},
    "full, Java's CAs": lambda box: {"verification": "full", "ca_certs": None},
    "certificate": lambda box: {"verification": "certificate"},
    "certificate, another CA": lambda box: {
        "verification": "certificate",
        "ca_certs": box.rogue_ca_certs,
    },
    "fingerprint": lambda box: {
        "verification": "fingerprint",
        "ca_certs": None,
        "fingerprint": fingerprint(certificate_of(box)),
    },
    "fingerprint of its CA": lambda box: {
        "verification": "fingerprint",
        "ca_certs": None,
        "fingerprint": fingerprint(box.ca_certs),
    },
    "none": lambda box: {"verification": "none", "ca_certs": None},
}

LET_IN = None
WRONG_NAME = r"elasticsearch\.verification = \"full\": the certificate of HOST is not issued for"
UNKNOWN_CA = r"elasticsearch\.ca_certs: the certificate of HOST leads to none of the authorities in"
NO_CA = UNKNOWN_CA + r" the Java runtime \(ca_certs is not set\)"
EXPIRED = r"elasticsearch\.hosts: the certificate of HOST is expired or not yet valid"
NOT_SIGNED = r"elasticsearch\.fingerprint: at HOST, the certificate with this SHA-256 fingerprint"
PINNED_NAME = (
    r"elasticsearch\.fingerprint: the certificate of HOST is not issued for this host name"
)
OTHER = r"elasticsearch\.fingerprint: at HOST, the server's certificate has the SHA-256 fingerprint"


def verdicts(*each: str | None) -> pytest.MarkDecorator:
    """What each of the judges must say, in their order."""
    judged = list(zip(JUDGES, each, strict=True))
    return pytest.mark.parametrize(("judge", "verdict"), judged, ids=list(JUDGES))


def assert_judged(box: Sandbox, judge: str, verdict: str | None) -> None:
    said = ask(box, **JUDGES[judge](box))
    if verdict is LET_IN:
        assert said is None
    else:
        host = re.escape(f"https://localhost:{box.ports['elasticsearch']}")
        assert said is not None
        assert re.match(verdict.replace("HOST", host), said)


@on("good")
@verdicts(LET_IN, UNKNOWN_CA, NO_CA, LET_IN, UNKNOWN_CA, LET_IN, LET_IN, LET_IN)
def test_a_right_certificate_is_taken_by_all_who_know_its_ca_or_its_fingerprint(
    server: Sandbox, judge: str, verdict: str | None
) -> None:
    assert_judged(server, judge, verdict)


@on("good")
def test_an_address_in_the_certificate_will_do_for_a_name(server: Sandbox) -> None:
    assert ask(server, hosts=[f"https://127.0.0.1:{server.ports['elasticsearch']}"]) is None


@on("good")
def test_an_unknown_ca_names_the_file_that_lacks_it(server: Sandbox) -> None:
    said = ask(server, ca_certs=server.rogue_ca_certs)
    assert str(said).endswith(f"leads to none of the authorities in {server.rogue_ca_certs}")


@on("good")
def test_the_api_key_is_taken(server: Sandbox) -> None:
    key = f"file:{secret(server, 'elasticsearch-api-key')}"
    assert ask(server, username=None, password=None, api_key=key) is None


@on("good")
def test_wrong_credentials_are_refused_by_the_name_of_their_setting(
    server: Sandbox, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    write_private(wrong, "not-the-secret")
    host = f"https://localhost:{server.ports['elasticsearch']}"
    refused = f"elasticsearch.username: {host} refuses the credentials (status 401): "
    said = [
        ask(server, password=f"file:{wrong}"),
        ask(server, username=None, password=None, api_key=f"file:{wrong}"),
        ask(server, username=None, password=None),
    ]
    assert said == [
        f"{refused}elasticsearch.username 'flink' with elasticsearch.password ({wrong})",
        f"{refused}elasticsearch.api_key ({wrong})",
        f"{refused}no credentials; set elasticsearch.username and elasticsearch.password,"
        " or elasticsearch.api_key",
    ]


@on("good")
def test_a_host_that_does_not_answer_is_named(server: Sandbox) -> None:
    with socket.socket() as closed:
        closed.bind(("localhost", 0))
        host = f"https://localhost:{closed.getsockname()[1]}"
        said = str(ask(server, hosts=[host]))
    assert said.startswith(f"elasticsearch.hosts: no answer from {host} (")


@on("wrong-name")
@verdicts(WRONG_NAME, UNKNOWN_CA, NO_CA, LET_IN, UNKNOWN_CA, LET_IN, PINNED_NAME, LET_IN)
def test_a_certificate_for_another_name_is_refused_by_full_and_taken_by_certificate(
    server: Sandbox, judge: str, verdict: str | None
) -> None:
    assert_judged(server, judge, verdict)


@on("wrong-name")
def test_another_fingerprint_is_told_so_that_it_can_be_compared(server: Sandbox) -> None:
    other = {"verification": "fingerprint", "ca_certs": None, "fingerprint": "ab" * 32}
    said = ask(server, **other)
    assert fingerprint(certificate_of(server)) in str(said)


# "Another CA" is the one that signed it.
@on("unknown-ca")
@verdicts(UNKNOWN_CA, LET_IN, NO_CA, UNKNOWN_CA, LET_IN, LET_IN, OTHER, LET_IN)
def test_a_certificate_of_an_unknown_ca_is_refused_unless_its_fingerprint_is_known(
    server: Sandbox, judge: str, verdict: str | None
) -> None:
    assert_judged(server, judge, verdict)


@on("expired")
@verdicts(EXPIRED, UNKNOWN_CA, NO_CA, EXPIRED, UNKNOWN_CA, LET_IN, NOT_SIGNED, LET_IN)
def test_an_expired_certificate_is_refused_unless_its_fingerprint_is_known(
    server: Sandbox, judge: str, verdict: str | None
) -> None:
    assert_judged(server, judge, verdict)


@on("demands-client-certificate")
@pytest.mark.parametrize("judge", ["full", "certificate", "fingerprint", "none"])
def test_a_server_that_demands_a_client_certificate_takes_the_jobs_and_refuses_none(
    server: Sandbox, judge: str
) -> None:
    judged = JUDGES[judge](server)
    host = f"https://localhost:{server.ports['elasticsearch']}"
    refused = (
        f"elasticsearch.client_cert is not set; the server may demand one: {host} ends the TLS"
    )
    assert ask(server, **judged, **own(server)) is None
    assert str(ask(server, **judged)).startswith(refused)


@on("demands-client-certificate")
def test_a_client_certificate_of_a_ca_that_the_server_does_not_know_is_refused(
    server: Sandbox, tmp_path: Path
) -> None:
    stranger = Authority.create("a CA that the server does not know").client("flink")
    certificate, key = tmp_path / "stranger.pem", tmp_path / "stranger.key"
    write_private(certificate, stranger.certificate_pem)
    write_private(key, stranger.key_pem)
    said = str(ask(server, client_cert=certificate, client_key=f"file:{key}"))
    assert said.startswith(
        f"elasticsearch.client_cert is {certificate}; the server may not accept it: "
    )


@on("demands-client-certificate")
def test_a_client_certificate_does_not_stand_in_for_the_password(server: Sandbox) -> None:
    said = str(ask(server, username=None, password=None, **own(server)))
    certificate = f"elasticsearch.client_cert ({server.client_cert}) and no other credentials"
    assert f"refuses the credentials (status 401): {certificate}; set elasticsearch." in said
