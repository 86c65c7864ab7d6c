# SPDX-License-Identifier: Apache-2.0
"""Addresses, logins and verification that the section of Elasticsearch accepts and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.settings import ElasticsearchSettings, Settings, load_settings

ELASTICSEARCH = {"hosts": ["https://search:9200"]}


def loaded(**sections: Any) -> Settings:
    return load_settings(overrides=sections, environ={})


def refused(message: str, **sections: Any) -> None:
    with pytest.raises(SettingsError, match=message):
        loaded(**sections)


@pytest.mark.parametrize("host", ["https://h", "https://h:9200/prefix/", "https://[::1]:9200"])
def test_an_elasticsearch_host_is_a_url(host: str) -> None:
    found = loaded(elasticsearch={"hosts": [host]}).need(ElasticsearchSettings)
    assert found.hosts == (host.rstrip("/"),)


@pytest.mark.parametrize(
    "host",
    ["h:9200", "ftp://h", "https://", "https://h:x", "https://h?a", "https://h#f", "https:/h"],
)
def test_anything_else_is_refused_as_an_elasticsearch_host(host: str) -> None:
    refused(r"elasticsearch.hosts\[0\]", elasticsearch={"hosts": [host]})


@pytest.mark.parametrize(
    "host",
    [
        "https://local host:9200",
        "https://a,https://b",
        "https://es_1:9200",
        "https://münchen.example",
        "https://%41",
        "https://a\\b",
        "https://-",
        "https://h:0",
        "https://h/../x",
        "https://h/a,b",
        "https://h/%zz",
        "https://h/ü",
    ],
)
def test_an_address_that_java_would_read_otherwise_is_refused_with_the_settings(host: str) -> None:
    refused(r"elasticsearch.hosts\[0\].*must have a (host|path)", elasticsearch={"hosts": [host]})
    refused(r"schema_registry.urls\[0\].*must have a (host|path)", schema_registry={"urls": [host]})


def test_a_scheme_counts_in_any_case() -> None:
    section = loaded(elasticsearch={"hosts": ["HTTPS://search:9200/Path/"]}).elasticsearch
    assert section is not None
    assert section.hosts == ("https://search:9200/Path",)


@pytest.mark.parametrize("user", ["a:b", " a", "a\n", "a\x07b"])
def test_a_user_that_http_basic_cannot_name_is_refused(user: str) -> None:
    who = {"username": user, "password": "file:/p"}
    refused("elasticsearch.username.*must have no colon", elasticsearch=ELASTICSEARCH | who)
    proxy = {"proxy": "http://p:1", "proxy_username": user, "proxy_password": "file:/p"}
    refused("elasticsearch.proxy_username.*no colon", elasticsearch=ELASTICSEARCH | proxy)


@pytest.mark.parametrize("name", ["connect_timeout", "keep_alive", "flush_interval"])
def test_a_time_is_no_longer_than_java_counts_it(name: str) -> None:
    loaded(elasticsearch=ELASTICSEARCH | {name: "24 d"})
    refused(f"elasticsearch.{name}.*at most 24 d", elasticsearch=ELASTICSEARCH | {name: "25 d"})


def test_credentials_in_a_url_are_refused_without_being_repeated() -> None:
    with pytest.raises(SettingsError, match="must not contain credentials") as caught:
        loaded(elasticsearch={"hosts": ["https://elastic:hunter2@h:9200"]})
    assert "hunter2" not in str(caught.value)


def test_plain_http_needs_verification_none() -> None:
    http = {"hosts": ["https://a:1", "http://b:1"]}
    for verification in ("full", "certificate"):
        refused("elasticsearch.hosts", elasticsearch={**http, "verification": verification})
    loaded(elasticsearch={"hosts": ["http://a:1", "http://b:1"], "verification": "none"})
    refused("elasticsearch.hosts.*mixes", elasticsearch={**http, "verification": "none"})


def test_username_and_password_go_together_and_exclude_an_api_key() -> None:
    user = {"username": "u", "password": "file:/p"}
    loaded(elasticsearch={**ELASTICSEARCH, **user})
    refused("elasticsearch.password", elasticsearch={**ELASTICSEARCH, "username": "u"})
    refused("elasticsearch.username", elasticsearch={**ELASTICSEARCH, "password": "file:/p"})
    refused(
        "elasticsearch.api_key.*excludes",
        elasticsearch={**ELASTICSEARCH, **user, "api_key": "file:/a"},
    )


def test_a_fingerprint_and_its_mode_go_together() -> None:
    pinned = {**ELASTICSEARCH, "verification": "fingerprint"}
    found = loaded(elasticsearch={**pinned, "fingerprint": "AB:" * 31 + "AB"})
    assert found.need(ElasticsearchSettings).fingerprint == "ab" * 32
    found = loaded(elasticsearch={**pinned, "ssl_assert_fingerprint": "ab" * 32})
    assert found.need(ElasticsearchSettings).fingerprint == "ab" * 32
    refused("elasticsearch.fingerprint.*is missing", elasticsearch=pinned)
    refused("fingerprint.*64 hex", elasticsearch={**pinned, "fingerprint": "ab" * 20})
    refused("has no effect", elasticsearch={**ELASTICSEARCH, "fingerprint": "ab" * 32})
