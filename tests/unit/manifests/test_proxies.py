# SPDX-License-Identifier: Apache-2.0
"""Proxies of others in front of REST: what `check` says of their configurations."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from flinksec_jobs.manifests import RULES, Manifests
from flinksec_jobs.manifests.flink.nginx import Request, Unclear, answers, parse
from flinksec_jobs.manifests.kube.objects import Object

COMPONENT = Path(__file__).parents[3] / "docker" / "kubernetes" / "components" / "proxy"
JOB = "0123456789abcdef" * 2
ALL = {name for name in RULES if name.startswith("proxy-")} - {"proxy-unclear"}
REST = "proxy_pass https://flink-jobmanager:8081;"
TRUST = "proxy_ssl_verify on; proxy_ssl_trusted_certificate ca.crt;"
AUTH = 'auth_basic "x"; auth_basic_user_file users;'
READ = "limit_except GET { deny all; }"
OWN = 'if ($http_sec_fetch_site !~ "^(same-origin|none|)$") { return 403; }'


def _found(text: str, *, key: str = "data") -> set[str]:
    """The rules that find something in a configuration, beside nothing else."""
    content = text if key == "data" else base64.b64encode(text.encode()).decode()
    entry = Object(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "proxy"},
            key: {"nginx.conf": content},
        }
    )
    return _findings([entry])


def _map(name: str, data: dict[str, str]) -> Object:
    metadata = {"name": name}
    return Object({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def _findings(objects: list[Object]) -> set[str]:
    manifests = Manifests(objects)
    return {name for name in ALL | {"proxy-unclear"} if any(RULES[name].function(manifests))}


def _server(inner: str, before: str = "") -> str:
    return f"events {{}} http {{ {before} server {{ listen 8443 ssl; {inner} }} }}"


def test_the_component_itself_has_no_finding() -> None:
    assert _found((COMPONENT / "nginx.conf").read_text()) == set()


def test_a_bare_proxy_has_all_of_them() -> None:
    assert _found("server { listen 80; location / { proxy_pass http://flink:8081; } }") == ALL


@pytest.mark.parametrize("key", ["data", "binaryData"])
def test_only_the_paths_are_missing(key: str) -> None:
    text = _server(f"{AUTH} {TRUST} location / {{ {OWN} {READ} {REST} }}")
    assert _found(text, key=key) == {"proxy-paths", "proxy-cancel"}


# A list of what is forbidden does not do, however it is written.
_DENIED = [
    "location ~ yarn-cancel { return 403; }",
    "location ~ /yarn-(cancel|stop) { deny all; }",
    "location ~* yarn { deny all; }",
    f"location = /jobs/{JOB}/yarn-cancel {{ deny all; }}",
    'if ($request_uri ~ "yarn-") { return 403; }',
]


@pytest.mark.parametrize("denied", _DENIED)
def test_a_list_of_what_is_denied_is_no_list_of_what_is_allowed(denied: str) -> None:
    text = _server(f"{AUTH} {TRUST} {denied} location / {{ {OWN} {READ} {REST} }}")
    assert "proxy-paths" in _found(text)


def test_a_denial_of_the_path_as_it_was_sent_is_got_around_by_an_encoding() -> None:
    text = _server(f"{AUTH} {TRUST} {_DENIED[-1]} location / {{ {OWN} {READ} {REST} }}")
    assert _found(text) == {"proxy-paths", "proxy-cancel"}
    decoded = text.replace("$request_uri", "$uri")
    assert _found(decoded) == {"proxy-paths"}


@pytest.mark.parametrize(
    "allowed",
    [
        "location = /overview {{ {0} }}",
        "location ~ ^/(overview|config|jobs/overview)$ {{ {0} }}",
        "location / {{ return 403; }} location ^~ /jobs/overview {{ {0} }}",
        "location / {{ deny all; }} location ~ ^/jobs/[0-9a-f]+$ {{ {0} }}",
    ],
)
def test_a_list_of_locations_is_a_list_too(allowed: str) -> None:
    inner = allowed.format(f"{OWN} {READ} {REST}")
    assert _found(_server(f"{AUTH} {TRUST} {inner}")) == set()


def test_a_location_of_a_prefix_that_is_replaced_is_asked_below_its_prefix() -> None:
    inner = "location / {{ return 404; }} location /flink/ {{ {0} }}"
    passed = REST.replace("8081", "8081/")
    text = _server(f"{AUTH} {TRUST} {inner.format(OWN + READ + passed)}")
    assert _found(text) == {"proxy-paths", "proxy-cancel"}


def test_an_upstream_with_a_name_is_looked_up() -> None:
    text = _server(
        f"{AUTH} {TRUST} location / {{ {OWN} {READ} proxy_pass https://rest; }}",
        "upstream rest { server flink-jobmanager:8081; }",
    )
    assert _found(text) == {"proxy-paths", "proxy-cancel"}


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (AUTH, "", "proxy-open"),
        (AUTH, "auth_basic off;", "proxy-open"),
        (AUTH, 'auth_basic "x";', "proxy-open"),
        ("listen 8443 ssl", "listen 8443", "proxy-clear"),
        ("listen 8443 ssl", "listen 8443 ssl; listen 8080", "proxy-clear"),
        (TRUST, "", "proxy-upstream"),
        ("verify on", "verify off", "proxy-upstream"),
        ("proxy_pass https", "proxy_pass http", "proxy-upstream"),
        (READ, "", "proxy-methods"),
        (READ, "limit_except GET PATCH { deny all; }", "proxy-methods"),
        (READ, "limit_except GET { allow 10.0.0.0/8; deny all; }", "proxy-methods"),
        (OWN, "", "proxy-other-sites"),
    ],
)
def test_one_protection_that_is_missing_is_named(old: str, new: str, name: str) -> None:
    text = _server(f"{AUTH} {TRUST} location = /overview {{ {OWN} {READ} {REST} }}")
    assert _found(text) == set()
    assert _found(text.replace(old, new)) == {name}


def test_a_certificate_of_the_client_is_as_good_as_a_password() -> None:
    text = _server(f"{AUTH} {TRUST} location = /overview {{ {OWN} {READ} {REST} }}")
    assert _found(text.replace(AUTH, "ssl_verify_client on; ssl_client_certificate c;")) == set()


@pytest.mark.parametrize(
    "trick",
    [
        "include more.conf;",
        "rewrite ^/x/(.*)$ /$1 break;",
        "location ~ ^/x/(.*)$ { proxy_pass https://flink-jobmanager:8081/$1; }",
        "location /y { if ($arg_key = a) { proxy_pass https://flink-jobmanager:8081; } }",
        "mirror /m;",
        "location /z { proxy_method PATCH; proxy_pass https://flink-jobmanager:8081; }",
        "access_by_lua_block { }",
        "error_page 403 @all; location @all { proxy_pass https://flink-jobmanager:8081; }",
        "if ($http_x_admin != yes) { return 403; }",
        "satisfy any;",
        'location ~ "(" { return 403; }',
        "location {",
    ],
)
def test_what_cannot_be_told_is_a_finding(trick: str) -> None:
    listed = f"location / {{ return 403; }} location = /overview {{ {OWN} {READ} {REST} }}"
    assert _found(_server(f"{AUTH} {TRUST} {trick} {listed}")) == {"proxy-unclear"}


@pytest.mark.slow
def test_a_pattern_without_end_is_given_up() -> None:
    bomb = "location ~ ^/jobs/([0-9a-f]+)+!$ { return 403; }"
    listed = f"location / {{ return 403; }} location = /overview {{ {OWN} {READ} {REST} }}"
    assert _found(_server(f"{AUTH} {TRUST} {bomb} {listed}")) == {"proxy-unclear"}


def test_a_proxy_of_something_else_is_not_judged() -> None:
    assert _found("server { listen 80; location / { proxy_pass http://shop:8080; } }") == set()


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("/a?x=/../b", "/a"),
        ("//a///b/", "/a/b/"),
        ("/a/./b/../c", "/a/c"),
        ("/a/%2e%2e/b%2Fc", "/b/c"),
        ("/%2561", "/%61"),
        ("/a/..", "/"),
        ("/a/b/.", "/a/b/"),
    ],
)
def test_a_path_is_compared_as_nginx_tidies_it_up(path: str, uri: str) -> None:
    assert Request(path).uri == uri


def _passed(text: str, path: str) -> Iterator[str]:
    return (answer.upstream for answer in answers(parse(text), Request(path)))


def test_locations_win_as_in_nginx() -> None:
    text = _server(
        "location / { proxy_pass http://root; } location /a/ { proxy_pass http://a; }"
        "location ^~ /a/b/ { proxy_pass http://ab; } location ~ c$ { proxy_pass http://c; }"
        "location =/a/c { proxy_pass http://exact; } location ~* D$ { proxy_pass http://d; }"
    )
    wanted = {
        "/x": "root",
        "/a/x": "a",
        "/a/b/c": "ab",
        "/a/xc": "c",
        "/a/c": "exact",
        "/A/d": "d",
        "/a": "root",
    }
    assert {path: "".join(_passed(text, path)) for path in wanted} == {
        path: f"http://{name}" for path, name in wanted.items()
    }


@pytest.mark.parametrize("text", ["a", "a { b;", "}", 'a "b', ";", "a {" * 60 + "b;" + "}" * 60])
def test_what_is_no_configuration_is_unclear(text: str) -> None:
    with pytest.raises(Unclear):
        parse(text)


def test_words_are_read_as_nginx_reads_them() -> None:
    text = r"""a "b;\"c" 'd{' e\;f ${g}h i"j; # k;"""
    (found,) = parse(text).block or ()
    assert found.name == "a"
    assert found.arguments == ('b;"c', "d{", "e\\;f", "${g}h", 'i"j')


@pytest.mark.parametrize(
    "denied",
    [
        'if ($http_user_agent = "") { return 444; }',
        "if ($http_user_agent !~ Mozilla) { return 403; }",
        "if ($host != flink.corp.test) { return 444; }",
        r"if ($http_host !~* ^flink\.corp\.test(:443)?$) { return 444; }",
        "if ($is_other) { return 444; }",
        "set $asked $host; if ($asked != flink.corp.test) { return 444; }",
        'if ($http_origin != "https://$host") { return 403; }',
    ],
)
def test_what_the_client_chooses_to_send_keeps_nobody_out(denied: str) -> None:
    names = "map $host $is_other { default 1; flink.corp.test 0; }"
    text = _server(f"{AUTH} {TRUST} {denied} location / {{ {READ} {REST} }}", names)
    assert {"proxy-paths", "proxy-cancel"} <= _found(text)


@pytest.mark.parametrize("pattern", ["/overview", "^[^?]*/overview$", "^/overview"])
def test_a_path_that_reads_may_stand_beside_one_that_acts(pattern: str) -> None:
    listed = f'if ($request_uri !~ "{pattern}") {{ return 403; }}'
    rest = REST.replace("8081", "8081/") if pattern.startswith("^/") else REST
    text = _server(f"{AUTH} {TRUST} location / {{ {OWN} {READ} {listed} {rest} }}")
    assert _found(text) == {"proxy-cancel"}


def test_dots_act_only_where_nginx_has_followed_them() -> None:
    listed = 'if ($request_uri !~ "^/overview(/|$)") { return 403; }'
    text = _server(f"{AUTH} {TRUST} location / {{ {OWN} {READ} {listed} {REST} }}")
    assert _found(text) == set()
    assert _found(text.replace(":8081;", ":8081/;")) == {"proxy-cancel"}


@pytest.mark.parametrize(
    "own",
    [
        "if ($http_sec_fetch_site = cross-site) { return 403; }",
        'if ($http_origin ~ "other") { return 403; }',
        'if ($http_referer ~ "other") { return 403; }',
        "if ($http_sec_fetch_mode = no-cors) { return 403; }",
    ],
)
def test_another_site_is_told_by_nothing_that_it_can_leave_out(own: str) -> None:
    text = _server(f"{AUTH} {TRUST} location = /overview {{ {own} {READ} {REST} }}")
    assert _found(text) == {"proxy-other-sites"}


@pytest.mark.parametrize("name", ["flink", "FLINK"])
def test_the_upstream_may_stand_in_another_file(name: str) -> None:
    server = f"server {{ listen 80; location / {{ proxy_pass http://{name}; }} }}"
    files = {"a.conf": "upstream flink { server 10.0.0.7:8081; }", "b.conf": server}
    apart = [_map(name, {key: text}) for key, text in files.items()]
    for objects in ([_map("proxy", files)], apart):
        assert _findings(objects) == ALL


@pytest.mark.parametrize(
    "host", ["rest", "rest:80", "rest.default.svc", "rest.default.svc.cluster.local.:80", "REST"]
)
def test_rest_is_known_by_its_service_whatever_its_port(host: str) -> None:
    container = {"name": "f", "args": ["cluster", "jobmanager", "/opt/job/job.py"]}
    labels = {"app": "flink"}
    pod = {"metadata": {"name": "jm", "labels": labels}, "spec": {"containers": [container]}}
    service = {"metadata": {"name": "rest"}, "spec": {"selector": labels}}
    text = f"server {{ listen 80; location / {{ proxy_pass http://{host}; }} }}"
    objects = [
        _map("proxy", {"a.conf": text}),
        Object({"apiVersion": "v1", "kind": "Pod"} | pod),
        Object({"apiVersion": "v1", "kind": "Service"} | service),
    ]
    assert _findings(objects) == ALL


def test_a_template_is_read_with_the_environment_that_fills_it_in() -> None:
    template = "server { listen 80; location / { proxy_pass http://${FLINK}; } }"
    container = {"name": "nginx", "env": [{"name": "FLINK", "value": "flink:8081"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "proxy"}}
    found = _findings(
        [
            _map("proxy", {"default.conf.template": template}),
            Object(pod | {"spec": {"containers": [container]}}),
        ]
    )
    assert found == ALL


@pytest.mark.parametrize(
    "before",
    [
        # Both as nginx 1.22 does it.
        "location / {{ return 403; location ~ yarn {{ {0} }} }} location ~ yarn {{ return 403; }}",
        "location / {{ break; return 403; {0} }}",
    ],
)
def test_the_order_is_that_of_nginx(before: str) -> None:
    text = _server(f"{AUTH} {TRUST} {before.format(f'{OWN} {READ} {REST}')}")
    assert "proxy-cancel" in _found(text)


@pytest.mark.parametrize(
    "unclear",
    [
        "merge_slashes off;",
        "auth_basic $realm;",
        "location /a { limit_except GET { proxy_pass http://flink-jobmanager:8081; } }",
    ],
)
def test_what_changes_who_or_what_comes_through_is_said(unclear: str) -> None:
    text = _server(f"{unclear} {TRUST} location = /overview {{ {OWN} {READ} {REST} }}")
    assert _found(text) == {"proxy-unclear"}
