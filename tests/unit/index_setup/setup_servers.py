# SPDX-License-Identifier: Apache-2.0
"""Servers that hold what ``elasticsearch.setup`` makes there, and files of it.

The answers have the shapes of Elasticsearch 8.19's, with lifecycles as its reference shows them;
tests/elasticsearch asks real ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flinksec_jobs.errors import JobError
from flinksec_jobs.index_setup import planned
from flinksec_jobs.index_setup.setup_requests import Answer

POLICY = {
    "policy": {
        "phases": {"hot": {"actions": {}}, "delete": {"min_age": "7d", "actions": {"delete": {}}}}
    }
}
POLICY_KEPT = {
    "version": 1,
    "modified_date": "2026-03-01T00:00:00.000Z",
    "policy": {
        "phases": {
            "hot": {"min_age": "0ms", "actions": {}},
            "delete": {
                "min_age": "7d",
                "actions": {"delete": {"delete_searchable_snapshot": True}},
            },
        }
    },
    "in_use_by": {"indices": [], "data_streams": [], "composable_templates": []},
}
TEMPLATE = {
    "index_patterns": "flights-*",
    "priority": 500,
    "composed_of": ["base"],
    "data_stream": {},
    "template": {
        "settings": {"number_of_replicas": 0, "index": {"refresh_interval": "5s"}},
        "mappings": {"properties": {"delay": {"type": "integer", "doc_values": True}}},
        "aliases": {"all": {"routing": "x"}},
    },
}
TEMPLATE_KEPT = {
    "index_patterns": ["flights-*"],
    "template": {
        "settings": {"index": {"number_of_replicas": "0", "refresh_interval": "5s"}},
        "mappings": {"properties": {"delay": {"type": "integer", "doc_values": True}}},
        "aliases": {"all": {"index_routing": "x", "search_routing": "x"}},
    },
    "composed_of": ["base"],
    "priority": 500,
    "data_stream": {"hidden": False, "allow_custom_routing": False},
}
INDEX = {
    "settings": {"number_of_shards": 1},
    "mappings": {
        "dynamic": False,
        "properties": {"place": {"type": "object", "properties": {"x": {"type": "long"}}}},
    },
}
INDEX_KEPT = {
    "aliases": {"other": {}},
    "mappings": {
        "dynamic": "false",
        "properties": {"place": {"properties": {"x": {"type": "long"}}}, "n": {"type": "long"}},
    },
    "settings": {"index": {"number_of_shards": "1", "uuid": "u", "provided_name": "late"}},
}


class Fake:
    """Servers that hold JSON by path and answer as Elasticsearch does."""

    def __init__(self, *, distribution: str = "") -> None:
        self.held: dict[str, Any] = {}
        self.sent: list[tuple[str, str, Any]] = []
        self.refuses: dict[str, Answer] = {}
        self.distribution = distribution

    def __call__(self, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
        if method != "GET":
            self.sent.append((method, path, body))
        if refused := self.refuses.get(f"{method} {path}"):
            return refused
        if method == "GET" and path == "/":
            return Answer(200, {"version": {"distribution": self.distribution}})
        bare = path.partition("?")[0]
        if method == "GET":
            return Answer(200, self.held[bare]) if bare in self.held else error(404, "none", "none")
        self.hold(bare, body)
        return Answer(200, {"acknowledged": True})

    def hold(self, path: str, body: Any) -> None:
        """Keep what was put there, as the API gives it back."""
        name = path.rpartition("/")[2]
        if path.startswith("/_ilm"):
            self.held[path] = {name: body if "version" in body else POLICY_KEPT}
        elif path.startswith("/_component"):
            self.held[path] = {"component_templates": [{"name": name, "component_template": body}]}
        elif path.startswith("/_index_template"):
            self.held[path] = {"index_templates": [{"name": name, "index_template": body}]}
        else:
            self.held[path] = {name: body}


def error(status: int, type_: str, reason: str) -> Answer:
    return Answer(status, {"error": {"type": type_, "reason": reason}, "status": status})


def files(directory: Path, **bodies: Any) -> list[planned.Planned]:
    for name, body in bodies.items():
        path = directory / f"{name.replace('__', '.').replace('_', '-')}.json"
        path.write_text(body if isinstance(body, str) else json.dumps(body))
    return planned.read(directory)


def problem(call: Any) -> JobError:
    with pytest.raises(JobError) as raised:
        call()
    return raised.value
