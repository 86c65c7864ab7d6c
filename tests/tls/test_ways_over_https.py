# SPDX-License-Identifier: Apache-2.0
"""Proxies, paths, nodes and times: by sink, preflight and Elastic's client."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from flinksec_jobs import elasticsearch
from tests.https_certificates import issued, server_context
from tests.https_proxy import proxying
from tests.https_servers import Asked, Said, Server, as_elasticsearch, serving
from tests.patience import PATIENCE
from tests.tls.https_box import CANARY, TAKEN, Box, basic, verdicts
from tests.tls.judges import Jvm, by_preflight, by_python, by_sink


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
    is_over = threading.Event()

    def slow(asked: Asked) -> Said:
        if not is_over.wait(60):
            raise AssertionError("nobody has given it up")
        time.sleep(1)
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
                assert time.monotonic() - begun < 50  # of 60 s, the default
        is_over.set()
        assert by_sink(java, box.settings(server.url, response_timeout="50 s")) == ""


def test_a_connection_is_used_again_until_it_has_been_idle_for_long(java: Jvm, box: Box) -> None:
    with serving(box.context) as server:
        settings = box.settings(server.url, keep_alive="1 s")
        python = elasticsearch.client(settings)

        def by_one_connection(send: Callable[[], object]) -> bool:
            took = 1.0
            while took >= 1:  # A machine that is busy lets it be idle in between.
                server.asked.clear()
                begun = time.monotonic()
                send()
                send()
                took = time.monotonic() - begun
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
        deadline = time.monotonic() + PATIENCE
        while not any(asked.method == "POST" for asked in second.asked):
            assert time.monotonic() < deadline
            assert java.tell("again", {}) == ""
        elasticsearch.client(settings).bulk(operations=[{"index": {}}, {}], index="any")
        assert master.asked == []
        second.asked.clear()
        first.asked.clear()
        assert by_sink(java, box.settings(first.url)) == ""
        assert second.asked == []
