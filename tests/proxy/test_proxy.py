# SPDX-License-Identifier: Apache-2.0
"""The proxy in front of REST: nginx with the configuration of its component, attacked."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.manifests.flink.nginx import Request, answers, parse
from tests.patience import PATIENCE
from tests.proxy.nginx import CONFIGURATION, Proxy
from tests.proxy.upstream import Upstream, between

JOB = "0123456789abcdef" * 2
# Each names cancelling by GET in a way that some server takes for the path without the trick.
TRICKS = [
    *(f"/jobs/{JOB}/yarn-cancel", f"/v1/jobs/{JOB}/yarn-cancel", f"/jobs/{JOB}/yarn-stop"),
    *(f"/jobs/{JOB}/yarn%2dcancel", f"/jobs/{JOB}/%79arn-cancel", f"/jobs/{JOB}%2Fyarn-cancel"),
    *(f"/jobs/{JOB}/yarn%252dcancel", f"/%6aobs/{JOB}/yarn-cancel", f"/%76%31/jobs/{JOB}/status"),
    *(f"//jobs/{JOB}/yarn-cancel", f"/jobs//{JOB}//yarn-cancel", f"/v1//jobs/{JOB}/yarn-cancel"),
    *(f"/v1/v1/jobs/{JOB}/yarn-cancel", f"/V1/jobs/{JOB}/yarn-cancel", f"/v2/jobs/{JOB}/status"),
    *(
        f"/./jobs/{JOB}/yarn-cancel",
        f"/jobs/{JOB}/./yarn-cancel",
        f"/overview/../jobs/{JOB}/status",
    ),
    *(f"/assets/../jobs/{JOB}/yarn-cancel", f"/assets/%2e%2e/jobs/{JOB}/yarn-cancel"),
    *(f"/assets/..%2fjobs/{JOB}/yarn-cancel", f"/assets/..\\jobs\\{JOB}\\yarn-cancel"),
    *(f"/JOBS/{JOB}/YARN-CANCEL", f"/jobs/{JOB}/Yarn-Cancel", f"/jobs/{JOB.upper()}/status"),
    *(f"/jobs/{JOB}/yarn-cancel/", f"/jobs/{JOB}/status/", f"/jobs/{JOB}/yarn-cancel?mode=cancel"),
    *(f"/jobs/{JOB}/status;/yarn-cancel", f"/jobs/{JOB}/yarn-cancel;a=b", f"/jobs;a/{JOB}/status"),
    *(f"/jobs/{JOB}/yarn-cancel%00", f"/jobs/{JOB}/status%3f/../yarn-cancel", "/overview%20"),
    *(f"/jobs/{JOB}/status#/../yarn-cancel", f"/jobs/{JOB}/yarn-cancel#/status", "/overview#"),
    *(f"/jobs/{JOB}/yarn-cancel.js", f"/assets/jobs/{JOB}/yarn-cancel", "/jobs/1/status"),
    *(f"/jobs/{JOB}/savepoints/{JOB}", "/jars", "/jobmanager/log", "/jobmanager/logs/a.log"),
    *("/assets/../../etc/passwd", "/..", "/", "/x.js", "/index.html.bak"),
]
OPEN_WITH_A_TRICK = {"/"}  # in the list to show that it is told apart


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Proxy, Upstream]]:
    with between(tmp_path_factory.mktemp("proxy")) as both:
        yield both


@pytest.fixture
def proxy(pair: tuple[Proxy, Upstream]) -> Proxy:
    return pair[0]


@pytest.fixture
def upstream(pair: tuple[Proxy, Upstream]) -> Upstream:
    return pair[1]


def test_with_the_password_rest_answers_and_knows_the_proxy_by_its_certificate(
    proxy: Proxy, upstream: Upstream
) -> None:
    response = proxy.ask(path="/jobs/overview?x=1")
    assert (response.status, response.read()) == (200, b"{}")
    assert upstream.seen[-1][:2] == ("GET", "/jobs/overview?x=1")
    assert "flink-proxy" in upstream.clients[-1]


@pytest.mark.parametrize("password", [None, "", "wrong"], ids=["none", "empty", "wrong"])
def test_without_the_password_nothing_comes_through(
    proxy: Proxy, upstream: Upstream, password: str | None
) -> None:
    before = len(upstream.seen)
    assert proxy.ask(password=password).status == 401
    assert proxy.ask(password=password, path=f"/jobs/{JOB}/yarn-cancel").status in {401, 403}
    assert len(upstream.seen) == before


@pytest.mark.parametrize(
    "method", ["POST", "PATCH", "DELETE", "PUT", "OPTIONS", "TRACE", "CONNECT", "get", "YARN"]
)
def test_only_get_and_head_come_through(proxy: Proxy, upstream: Upstream, method: str) -> None:
    before = len(upstream.seen)
    for path in ("/jobs/1/stop", f"/jobs/{JOB}", "/overview"):
        assert proxy.say(f"{method} {path} HTTP/1.1") in {400, 403, 405}
    assert len(upstream.seen) == before
    assert proxy.say("HEAD /overview HTTP/1.1") == 200


@pytest.mark.parametrize("path", TRICKS)
def test_no_spelling_gets_around_the_list_of_paths(
    proxy: Proxy, upstream: Upstream, path: str
) -> None:
    before = len(upstream.seen)
    for version in ("HTTP/1.1", "HTTP/1.0"):
        status = proxy.say(f"GET {path} {version}")
        assert (status == 200) == (path in OPEN_WITH_A_TRICK)
    passed = [seen[1] for seen in upstream.seen[before:]]
    assert passed == [path] * 2 * (path in OPEN_WITH_A_TRICK)


def test_the_check_of_manifests_says_the_same_of_each_spelling() -> None:
    configuration = parse(CONFIGURATION.read_text())
    passed = [path for path in TRICKS if any(answers(configuration, Request(path)))]
    assert set(passed) == OPEN_WITH_A_TRICK


@pytest.mark.parametrize("path", ["/v1/overview", f"/jobs/{JOB}/metrics?get=a,b&x=%2F..%2Fyarn-"])
def test_what_is_let_through_goes_on_as_it_was_sent(
    proxy: Proxy, upstream: Upstream, path: str
) -> None:
    assert proxy.say(f"GET {path} HTTP/1.1") == 200
    assert upstream.seen[-1][1] == path
    # With a host before it, as to a proxy that a client has been told of.
    assert proxy.say(f"GET https://localhost{path} HTTP/1.1") == 200
    assert upstream.seen[-1][1] == path
    assert proxy.say(f"GET https://localhost/jobs/{JOB}/yarn-cancel HTTP/1.1") == 403


def test_nothing_goes_on_but_the_path(proxy: Proxy, upstream: Upstream) -> None:
    sent = {"Cookie": "a=b", "X-HTTP-Method-Override": "PATCH", "Content-Length": "0", "Range": "x"}
    assert proxy.ask(headers=sent).status == 200
    assert upstream.seen[-1][2].keys() == {"Host", "Connection"}


def test_a_body_does_not_come_through(proxy: Proxy, upstream: Upstream) -> None:
    assert proxy.ask(body=b"{}").status == 200
    assert "Content-Length" not in upstream.seen[-1][2]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "nonsense"},
        {
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        },
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost"},
        {"Origin": "https://localhost.evil.example"},
        {"Referer": "https://evil.example/page?https://localhost"},
        {"Referer": "https://localhost.evil.example/"},
        {"Referer": "https://localhost@evil.example/"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    ],
    ids=str,
)
def test_what_another_site_makes_a_browser_ask_is_refused(
    proxy: Proxy, upstream: Upstream, headers: dict[str, str]
) -> None:
    before = len(upstream.seen)
    assert proxy.ask(headers=headers).status == 403
    assert len(upstream.seen) == before


def test_what_the_web_ui_makes_a_browser_ask_is_answered(proxy: Proxy) -> None:
    own = f"https://localhost:{proxy.port}"
    for headers in (
        {},  # curl
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "same-origin", "Referer": f"{own}/", "Sec-Fetch-Mode": "cors"},
        {"Referer": own},  # a browser without the newer headers
        {"Origin": own, "Referer": f"{own}/?x#y"},
    ):
        assert proxy.ask(headers=headers).status == 200, headers


def test_a_link_to_the_web_ui_may_stand_on_another_site_and_a_frame_may_not(proxy: Proxy) -> None:
    link = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
        "Referer": "https://wiki.example/",
    }
    assert proxy.ask(path="/", headers=link).status == 200
    assert proxy.ask(path="/", headers=link | {"Sec-Fetch-Dest": "iframe"}).status == 403
    assert proxy.ask(path="/jobs", headers=link).status == 403


def test_no_other_page_may_show_or_read_the_answer(proxy: Proxy) -> None:
    headers = proxy.ask().headers
    assert headers["Access-Control-Allow-Origin"] is None
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_it_speaks_no_plain_http(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE)
    connection.request("GET", "/overview")
    assert connection.getresponse().status == 400


def test_it_speaks_no_older_tls(proxy: Proxy) -> None:
    context = proxy.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(("localhost", proxy.port), timeout=PATIENCE) as plain,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


def test_it_talks_to_nobody_who_is_not_the_jobmanager(tmp_path: Path) -> None:
    """Of the same CA, but with another name."""
    with between(tmp_path, "flink-taskmanager") as (proxy, upstream):
        assert proxy.ask().status == 502
        assert upstream.seen == []
