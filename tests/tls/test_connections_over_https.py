# SPDX-License-Identifier: Apache-2.0
"""Logins, files that change, proxies, nodes and times: by sink, preflight and Elastic's client."""

from __future__ import annotations

import base64
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from flinksec_jobs import elasticsearch
from flinksec_jobs.certificates import pem
from flinksec_jobs.settings import Settings, load_settings
from tests.https_certificates import CLIENTS, Issued, issued, server_context, written
from tests.https_proxy import proxying
from tests.https_servers import Asked, Said, Server, as_elasticsearch, serving
from tests.pages import blocks
from tests.tls.judges import JUDGES, Jvm, by_preflight, by_python, by_sink

CANARY = "canary-in-a-file"
REFUSED = Said(401, {"error": {"type": "security_exception"}, "status": 401})


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"flink:{password}".encode()).decode()


class Box:
    """A CA, a certificate of localhost, and files of a job."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.root = issued("the CA", ca=True)
        self.own = issued("localhost", self.root, names=["localhost"])
        self.context = server_context(self.own)
        self.ca_file = self.write("ca.pem", pem(self.root.certificate))

    def write(self, name: str, *content: bytes) -> Path:
        return written(self.directory / name, *content)

    def secret(self, name: str, text: str = CANARY) -> str:
        return f"file:{self.write(name, text.encode())}"

    def settings(self, *hosts: str, **options: Any) -> Settings:
        tls = (
            {"ca_certs": self.ca_file} if hosts[0].startswith("https") else {"verification": "none"}
        )
        section = {"hosts": list(hosts), "connect_timeout": "5 s", **tls, **options}
        return load_settings(overrides={"elasticsearch": section}, environ={})


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jvm]:
    """One JVM for all tests here."""
    running = Jvm(tmp_path_factory.mktemp("judges"))
    yield running
    running.close()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def verdicts(java: Jvm, settings: Settings) -> list[str]:
    return [judge(java, settings) for judge in JUDGES]


TAKEN = ["", "", ""]


def demanding(value: Callable[[], str]) -> Callable[[Asked], Said]:
    """A server that lets in who has this header."""
    return lambda asked: (
        as_elasticsearch(asked) if asked.headers.get("authorization") == value() else REFUSED
    )


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


def test_a_proxy_sees_the_name_of_a_server_and_its_own_password_alone(java: Jvm, box: Box) -> None:
    who = {"username": "flink", "password": box.secret("password")}
    with serving(box.context) as server, proxying(basic("proxy-canary")) as proxy:
        through = {"proxy": proxy.url, "proxy_username": "flink"}
        right = {"proxy_password": box.secret("proxy-password", "proxy-canary")}
        assert verdicts(java, box.settings(server.url, **who, **through, **right)) == TAKEN
        assert {head.split()[1] for head in proxy.heads} == {f"localhost:{server.port}"}
        assert basic(CANARY) not in "".join(proxy.heads)
        assert {asked.headers["authorization"] for asked in server.asked} == {basic(CANARY)}
        assert all("proxy-authorization" not in asked.headers for asked in server.asked)
        server.asked.clear()
        wrong = {"proxy_password": box.secret("other-password", "wrong")}
        for said in verdicts(java, box.settings(server.url, **who, **through, **wrong)):
            assert "407" in said
            assert "canary" not in said
        for said in verdicts(java, box.settings(server.url, **who, proxy=proxy.url)):
            assert "407" in said
        assert server.asked == []


def test_a_proxy_gets_nothing_that_a_server_asks_for(java: Jvm, box: Box) -> None:
    """A server that wants Basic does not get the proxy's password."""
    answers = Said(401, headers={"WWW-Authenticate": 'Basic realm="proxy"'})
    with serving(box.context, lambda _: answers) as server, proxying(basic(CANARY)) as proxy:
        through = {
            "proxy": proxy.url,
            "proxy_username": "flink",
            "proxy_password": box.secret("proxy-password"),
        }
        for said in verdicts(java, box.settings(server.url, **through)):
            assert "401" in said
        assert {asked.headers.get("authorization") for asked in server.asked} == {None}


def test_a_proxy_alone_has_to_know_where_a_server_is(java: Jvm, box: Box) -> None:
    own = issued("search.test", box.root, names=["search.test"])
    known = {"search.test": "127.0.0.1"}
    with serving(server_context(own)) as server, proxying(knows=known) as proxy:
        hidden = f"https://search.test:{server.port}"
        assert verdicts(java, box.settings(hidden, proxy=proxy.url)) == TAKEN
    with serving(box.context) as server, proxying(knows=known) as proxy:
        hidden = f"https://search.test:{server.port}"
        for said in verdicts(java, box.settings(hidden, proxy=proxy.url)):
            assert said != ""
        assert server.asked == []


def test_a_proxy_serves_for_plain_http_too(java: Jvm, box: Box) -> None:
    with serving() as server, proxying() as proxy:
        assert verdicts(java, box.settings(server.url, proxy=proxy.url)) == TAKEN
        assert proxy.heads
        assert all(f"localhost:{server.port}" in head.split()[1] for head in proxy.heads)


def test_no_proxy_of_the_environment_or_of_java_is_used(
    java: Jvm, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(box.context) as server, proxying() as proxy:
        for name in ("https_proxy", "HTTPS_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert verdicts(java, box.settings(server.url)) == TAKEN
        assert proxy.heads == []


def test_a_path_in_front_is_kept(java: Jvm, box: Box) -> None:
    with serving(box.context) as server:
        server.answers = lambda asked: (
            as_elasticsearch(asked)
            if asked.path.startswith("/search/v1/")
            else Said(404, headers={})
        )
        assert verdicts(java, box.settings(f"{server.url}/search/v1")) == TAKEN
        paths = {asked.path.partition("?")[0] for asked in server.asked}
        assert paths <= {"/search/v1/", "/search/v1/any", "/search/v1/any/_bulk"}
        for said in verdicts(java, box.settings(server.url)):
            assert said != ""


@pytest.mark.parametrize("compress", [True, False])
def test_requests_are_compressed_where_the_settings_say_so(
    java: Jvm, box: Box, compress: bool
) -> None:
    with serving(box.context) as server:
        settings = box.settings(server.url, compress=compress)
        assert verdicts(java, settings) == TAKEN
        sent = [asked for asked in server.asked if asked.method in {"POST", "PUT"}]
        assert len(sent) == 2
        encodings = {asked.headers.get("content-encoding") for asked in sent}
        assert encodings == ({"gzip"} if compress else {None})


def test_a_server_that_says_nothing_is_given_up_in_time(java: Jvm, box: Box) -> None:
    def slow(asked: Asked) -> Said:
        time.sleep(3)
        return as_elasticsearch(asked)

    with serving(box.context, slow) as server, socket.create_server(("127.0.0.1", 0)) as deaf:
        slowly = box.settings(server.url, response_timeout="300 ms")
        never = box.settings(
            f"https://localhost:{deaf.getsockname()[1]}", connect_timeout="300 ms",
            response_timeout="300 ms",
        )  # fmt: skip
        for settings in (slowly, never):
            for judge in (by_sink, by_python):
                begun = time.monotonic()
                assert judge(java, settings) != ""
                assert time.monotonic() - begun < 2.8  # of 60 s, the default
        assert by_sink(java, box.settings(server.url, response_timeout="20 s")) == ""


def test_a_connection_is_used_again_until_it_has_been_idle_for_long(java: Jvm, box: Box) -> None:
    with serving(box.context) as server:
        settings = box.settings(server.url, keep_alive="1 s")
        python = elasticsearch.client(settings)

        def by_one_connection(send: Callable[[], object]) -> bool:
            server.asked.clear()
            send()
            send()
            used = {asked.client for asked in server.asked}
            time.sleep(1.2)
            server.asked.clear()
            send()
            assert {asked.client for asked in server.asked}.isdisjoint(used)
            return len(used) == 1

        assert by_sink(java, settings) == ""
        assert by_one_connection(lambda: java.tell("again", {}))
        assert by_one_connection(python.info)


def test_a_node_that_is_down_is_passed_over(java: Jvm, box: Box) -> None:
    with socket.socket() as closed, serving(box.context) as server:
        closed.bind(("127.0.0.1", 0))
        down = f"https://localhost:{closed.getsockname()[1]}"
        settings = box.settings(down, server.url)
        assert by_preflight(java, settings) == ""
        assert by_sink(java, settings) == ""
        for _ in range(3):
            assert java.tell("again", {}) == ""
        elasticsearch.client(settings).bulk(operations=[{"index": {}}, {}], index="any")


def naming(nodes: dict[str, dict[str, Any]]) -> Callable[[Asked], Said]:
    def answers(asked: Asked) -> Said:
        if asked.path.startswith("/_nodes"):
            return Said(200, {"nodes": nodes})
        return as_elasticsearch(asked)

    return answers


def node(server: Server, *roles: str) -> dict[str, Any]:
    address = f"localhost/127.0.0.1:{server.port}"
    return {"roles": list(roles), "http": {"publish_address": address}}


def test_nodes_are_asked_for_where_the_settings_say_so(java: Jvm, box: Box) -> None:
    with (
        serving(box.context) as first,
        serving(box.context) as second,
        serving(box.context) as master,
    ):
        first.answers = naming({"b": node(second, "data"), "m": node(master, "master")})
        second.answers = first.answers
        settings = box.settings(first.url, sniff=True)
        assert by_sink(java, settings) == ""
        deadline = time.monotonic() + 10
        while not any(asked.method == "POST" for asked in second.asked):
            assert time.monotonic() < deadline
            assert java.tell("again", {}) == ""
        elasticsearch.client(settings).bulk(operations=[{"index": {}}, {}], index="any")
        assert master.asked == []
        second.asked.clear()
        first.asked.clear()
        assert by_sink(java, box.settings(first.url)) == ""
        assert second.asked == []


def plain_media_types_only(asked: Asked) -> bool:
    types = (asked.headers.get("accept", ""), asked.headers.get("content-type", ""))
    return not any("vnd.elasticsearch" in one for one in types)


ELASTIC = {"X-Elastic-Product": "Elasticsearch"}
REASON = "no permissions for [cluster:monitor/main]"
PRODUCTS: dict[str, tuple[dict[str, Any], dict[str, str], int]] = {
    "Elasticsearch 7.17": ({"version": {"number": "7.17.29"}}, ELASTIC, 200),
    "Elasticsearch 8": ({"version": {"number": "8.19.21"}}, ELASTIC, 200),
    "Elasticsearch 9": ({"version": {"number": "9.5.3"}}, ELASTIC, 200),
    "OpenSearch 2": ({"version": {"number": "2.19.4", "distribution": "opensearch"}}, {}, 200),
    "OpenSearch 3": ({"version": {"number": "3.4.0", "distribution": "opensearch"}}, {}, 200),
    "OpenSearch, which does not say": (
        {"error": {"type": "security_exception", "reason": REASON}, "status": 403},
        {},
        403,
    ),
}


@pytest.mark.parametrize("product", PRODUCTS)
def test_products_and_versions_are_known_and_asked_for_plain_json(
    java: Jvm, box: Box, product: str
) -> None:
    root, headers, status = PRODUCTS[product]

    def answers(asked: Asked) -> Said:
        if not plain_media_types_only(asked):
            return Said(406, {"error": {"type": "media_type_header_exception"}}, headers)
        if asked.path == "/":
            return Said(status, root, headers)
        said = as_elasticsearch(asked)
        return Said(said.status, said.body, headers)

    with serving(box.context, answers) as server:
        assert verdicts(java, box.settings(server.url)) == TAKEN


@pytest.mark.parametrize(
    "said",
    [
        Said(200, {"version": {"number": "7.10.2"}}, {}),
        Said(200, b"<html>It works!</html>", {"Content-Type": "text/html"}),
        Said(404, b"", {}),
        Said(403, {"error": "forbidden"}, {}),
    ],
)
def test_another_program_is_no_elasticsearch(java: Jvm, box: Box, said: Said) -> None:
    def answers(asked: Asked) -> Said:
        return (
            said if asked.path == "/" else Said(200, {"errors": False, "items": []}, said.headers)
        )

    with serving(box.context, answers) as server:
        settings = box.settings(server.url)
        assert "is it Elasticsearch?" in by_preflight(java, settings)
        assert by_python(java, settings) != ""


def test_the_example_of_the_page_counts_documents(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = blocks("docs/elasticsearch.md", "python")

    def answers(asked: Asked) -> Said:
        count = Said(200, {"count": 7})
        return count if asked.path.startswith("/flights/_count") else as_elasticsearch(asked)

    with serving(box.context, answers) as server:
        text = f'[elasticsearch]\nhosts = ["{server.url}"]\nca_certs = "{box.ca_file}"\n'
        (box.directory / "job.toml").write_text(text)
        monkeypatch.chdir(box.directory)
        exec(compile(block.text, "page", "exec"), {})
    assert capsys.readouterr().out == "7\n"
