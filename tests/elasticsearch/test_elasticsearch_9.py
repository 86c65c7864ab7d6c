# SPDX-License-Identifier: Apache-2.0
"""The sandbox with Elasticsearch 9: the same launcher, on a Java 21 or later."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import AuthenticationException, Elasticsearch

from flinksec_jobs import elasticsearch
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.settings import load_settings
from tests.elasticsearch.setup_life import check_life


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Fails where there is no Java 21: the development packages bring one."""
    with Sandbox(only=["elasticsearch"], elasticsearch_version="9") as servers:
        yield servers


def connect(sandbox: Sandbox, **credentials: object) -> Elasticsearch:
    address = f"https://localhost:{sandbox.ports['elasticsearch']}"
    return Elasticsearch(address, ca_certs=str(sandbox.ca_certs), max_retries=0, **credentials)  # type: ignore[arg-type]


def test_it_indexes_gets_and_finds_a_document_for_the_jobs_user_over_tls(sandbox: Sandbox) -> None:
    document = {"carrier": "HA", "note": "left an hour late"}
    with sandbox.elasticsearch_client() as client:
        (node,) = client.nodes.info()["nodes"].values()
        client.index(index="flights", id="1", document=document, refresh=True)
        client.index(index="flights", id="2", document={"note": "on time"}, refresh=True)
        found = client.search(index="flights", query={"match": {"note": "late"}})["hits"]["hits"]
        got = client.get(index="flights", id="1")["_source"]
    assert node["version"].startswith("9.")
    assert got == document
    assert [(hit["_id"], hit["_source"]) for hit in found] == [("1", document)]


def test_it_takes_the_api_key(sandbox: Sandbox) -> None:
    key = (sandbox.directory / "secrets" / "elasticsearch-api-key").read_text()
    with connect(sandbox, api_key=key) as client:
        assert client.index(index="keys", id="1", document={})["result"] == "created"


def test_the_client_of_the_settings_indexes_and_finds_a_document(sandbox: Sandbox) -> None:
    settings = load_settings(sandbox.directory / "settings.toml", environ={})
    with elasticsearch.client(settings) as client:
        client.index(index="ours", id="1", document={"n": 1}, refresh=True)
        found = client.search(index="ours", query={"term": {"n": 1}})["hits"]["hits"]
    assert [hit["_id"] for hit in found] == ["1"]


@pytest.mark.parametrize("credentials", [{}, {"basic_auth": ("flink", "wrong")}, {"api_key": "x"}])
def test_it_refuses_missing_and_wrong_credentials(
    sandbox: Sandbox, credentials: dict[str, object]
) -> None:
    with connect(sandbox, **credentials) as client, pytest.raises(AuthenticationException):
        client.index(index="flights", id="3", document={})


def test_what_files_plan_is_made_compared_and_changed(sandbox: Sandbox, tmp_path: Path) -> None:
    with sandbox.elasticsearch_client() as client:
        check_life(client, tmp_path, makes_streams=False)
