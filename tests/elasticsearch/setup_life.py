# SPDX-License-Identifier: Apache-2.0
"""The life of what files plan on real servers, asked by Elastic's own client in Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from flinksec_jobs.errors import JobError
from flinksec_jobs.index_setup.applying import bring_about
from flinksec_jobs.index_setup.planned import read
from flinksec_jobs.index_setup.setup_requests import Answer, Ask, Servers
from flinksec_jobs.index_setup.survey import survey

# What the servers write otherwise than a person does, in all places that they know.
COMPONENT = {
    "template": {
        "settings": {"number_of_shards": 1, "index.number_of_replicas": 0,
                     "index": {"refresh_interval": "5s", "sort.field": ["@timestamp"]}},
        "mappings": {
            "dynamic": False,
            "_source": {"enabled": True},
            "dynamic_templates": [
                {"texts": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}}
            ],
            "properties": {
                "@timestamp": {"type": "date", "format": "strict_date_optional_time"},
                "delay": {"type": "integer", "doc_values": True, "index": True},
                "price": {"type": "double", "coerce": True},
                "place": {"type": "object", "properties": {"city": {"type": "keyword"}}},
                "title": {
                    "type": "text",
                    "fields": {"raw": {"type": "keyword", "ignore_above": 99}},
                },
            },
        },
        "aliases": {"life-all": {"filter": {"term": {"delay": 1}}}},
    },
    "version": 3,
    "_meta": {"owner": "flights", "n": 1},
}  # fmt: skip
TEMPLATE = {
    "index_patterns": "life-stream*",
    "composed_of": ["life-base"],
    "priority": 400,
    "data_stream": {},
    "template": {"mappings": {"properties": {"added": {"type": "long"}}}},
}
INDEX = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "1s"},
    "mappings": {
        "dynamic": True,
        "properties": {
            "n": {"type": "long", "index": True, "coerce": True},
            "title": {"type": "text", "fields": {"raw": {"type": "keyword", "index": True}}},
            "place": {"type": "object", "properties": {"city": {"type": "keyword"}}},
        },
    },
    "aliases": {"life-index-all": {"is_write_index": True, "routing": "1"}},
}


def asked_by(client: Elasticsearch) -> Ask:
    """Return who asks by Elastic's client."""

    def ask(method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
        headers = {"accept": "application/json", "content-type": "application/json"}
        told = client.options(ignore_status=range(300, 600)).perform_request(
            method, path, headers=headers, body=body
        )
        return Answer(told.meta.status, told.body)

    return ask


class Life:
    """Files, and the servers that are to be as they say.

    Args:
        client: of the servers.
        directory: for the files, which is empty.
    """

    def __init__(self, client: Elasticsearch, directory: Path) -> None:
        self.client = client
        self.directory = directory
        self._servers = Servers(asked_by(client))

    def put(self, name: str, body: Any) -> None:
        """Write a file."""
        (self.directory / f"{name}.json").write_text(json.dumps(body))

    def drop(self, name: str) -> None:
        """Remove a file."""
        (self.directory / f"{name}.json").unlink()

    def brought(self, *, overwrite: bool = False) -> dict[str, str]:
        """Return what was done with each file."""
        done = bring_about(self._servers, read(self.directory), overwrite=overwrite)
        return {str(one): what for one, what in done}

    def refused(self, *, overwrite: bool = False) -> JobError:
        """Return why nothing was done."""
        with pytest.raises(JobError) as raised:
            self.brought(overwrite=overwrite)
        return raised.value

    def states(self) -> set[str]:
        """Return how the files compare."""
        return {one.state for one in survey(self._servers, read(self.directory))}


def check_life(client: Elasticsearch, directory: Path, *, makes_streams: bool) -> None:
    """Make everything of files, change it, and look at what the servers have of it.

    Args:
        client: of the servers.
        directory: for the files, which is empty.
        makes_streams: whether they have the interface for data streams, which is a module of
            Elasticsearch that is not among its artifacts; there a document makes one.
    """
    life = Life(client, directory)
    template = json.loads(json.dumps(TEMPLATE))
    life.put("component-template.life-base", COMPONENT)
    life.put("index-template.life", template)
    life.put("index.life-index", INDEX)
    if makes_streams:
        life.put("data-stream.life-stream", {})
    assert life.states() == {"missing"}
    _begin_at_once(life)
    if not makes_streams:
        first = {"@timestamp": "2026-03-01T00:00:00Z"}
        client.index(index="life-stream", op_type="create", document=first)
        life.put("data-stream.life-stream", {})
    assert set(life.brought().values()) == {"equal"}
    # Documents add fields to the index, which are none of the files' business.
    client.index(index="life-index", document={"n": 1, "other": "x"}, refresh=True)
    assert life.states() == {"equal"}
    _change_an_index(life)
    _change_a_type(life)
    _change_a_template(life, template)
    # The servers judge what is no template.
    life.put("component-template.life-wrong", {"template": {"settings": {"no.such": 1}}})
    assert "no.such" in life.refused().message
    life.drop("component-template.life-wrong")


def _begin_at_once(life: Life) -> None:
    """Several jobs that begin at the same time make everything once, and none of them fails."""
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: life.brought(), range(4)))
    assert all(one.keys() == done[0].keys() for one in done)
    assert {what for one in done for what in one.values()} <= {"created", "equal"}


def _change_an_index(life: Life) -> None:
    """A new field, a setting and an alias come in place; what is there stays."""
    changed = json.loads(json.dumps(INDEX))
    changed["mappings"]["properties"]["more"] = {"type": "ip"}
    changed["settings"]["refresh_interval"] = "9s"
    changed["aliases"]["life-more"] = {}
    life.put("index.life-index", changed)
    refused = life.refused().message
    for told in (
        'mappings.properties.more: the server has nothing, the file {"type": "ip"}',
        'settings.index.refresh_interval: the server has "1s", the file "9s"',
        "aliases.life-more: the server has nothing, the file {}",
    ):
        assert told in refused
    assert life.brought(overwrite=True)["index life-index"] == "changed"
    found = life.client.indices.get_mapping(index="life-more")["life-index"]["mappings"]
    assert found["properties"]["more"] == {"type": "ip"}
    assert life.client.count(index="life-index")["count"] == 1


def _change_a_type(life: Life) -> None:
    """A type and the number of shards stay, whatever is chosen."""
    changed = json.loads(json.dumps(INDEX))
    changed["mappings"]["properties"]["n"] = {"type": "keyword"}
    life.put("index.life-index", changed)
    refused = life.refused()
    assert 'properties.n.type: the server has "long", the file "keyword"' in refused.message
    assert "cannot be changed in place" in str(refused.hint)
    refused = life.refused(overwrite=True)
    assert "cannot be changed from type" in refused.message
    assert "reindex" in str(refused.hint)
    life.put("index.life-index", {"settings": {"number_of_shards": 2}})
    assert "elasticsearch-setup-refused" in life.refused(overwrite=True).message
    life.drop("index.life-index")


def _change_a_template(life: Life, template: dict[str, Any]) -> None:
    """Only the next index of a data stream is made by a template that changed."""
    template["template"]["mappings"]["properties"]["late"] = {"type": "boolean"}
    life.put("index-template.life", template)
    assert life.brought(overwrite=True) == {
        "component template life-base": "equal",
        "index template life": "changed",
        "data stream life-stream": "changed",
    }
    assert len(life.client.indices.get(index="life-stream")) == 2
    assert set(life.brought().values()) == {"equal"}
    life.put("index.life-stream", {})
    assert "is an alias or a data stream" in life.refused().message
    life.drop("index.life-stream")


def check_no_lifecycles(client: Elasticsearch, directory: Path, said: str) -> None:
    """Have a lifecycle refused by name by servers that have none."""
    path = directory / "lifecycle.week.json"
    path.write_text('{"policy": {"phases": {}}}')
    with pytest.raises(JobError, match="elasticsearch-without-lifecycles") as raised:
        bring_about(Servers(asked_by(client)), read(directory), overwrite=False)
    assert said in raised.value.message
    path.unlink()
