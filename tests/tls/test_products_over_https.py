# SPDX-License-Identifier: Apache-2.0
"""Which servers are taken for Elasticsearch: by sink, preflight and Elastic's client."""

from __future__ import annotations

from typing import Any

import pytest

from tests.https_servers import Asked, Said, as_elasticsearch, serving
from tests.pages import blocks
from tests.tls.https_box import TAKEN, Box, verdicts
from tests.tls.judges import Jvm, by_preflight, by_python


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
    (block,) = [
        one
        for one in blocks("docs/elasticsearch.md", "python")
        if "elasticsearch.client" in one.text
    ]

    def answers(asked: Asked) -> Said:
        count = Said(200, {"count": 7})
        return count if asked.path.startswith("/flights/_count") else as_elasticsearch(asked)

    with serving(box.context, answers) as server:
        text = f'[elasticsearch]\nhosts = ["{server.url}"]\nca_certs = "{box.ca_file}"\n'
        (box.directory / "job.toml").write_text(text)
        monkeypatch.chdir(box.directory)
        exec(compile(block.text, "page", "exec"), {})
    assert capsys.readouterr().out == "7\n"
