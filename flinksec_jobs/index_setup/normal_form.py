# SPDX-License-Identifier: Apache-2.0
"""One form for what a file says and what the servers answer, which write the same differently.

Settings come back flat or nested, with or without ``index.`` before them, and all of them as text;
a mapping may say ``"type": "object"`` where its properties say it; ``routing`` of an alias becomes
two. Sources: the answers of Elasticsearch 8.19 and 9.5 and of OpenSearch 2.19.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SETTINGS = "settings"
_MAPPINGS = "mappings"
_ALIASES = "aliases"
_DOC = "_doc"
_PREFIX = "index."
# What newer servers add to what they keep, and nobody says.
_OF_SERVERS = {
    "created_date",
    "created_date_millis",
    "modified_date",
    "modified_date_millis",
}


def body(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template, a lifecycle or an index in this form."""
    found: dict[str, Any] = {}
    for key, inner in value.items():
        if key == _SETTINGS and isinstance(inner, Mapping):
            found[key] = settings(inner)
        elif key == _MAPPINGS and isinstance(inner, Mapping):
            found[key] = mapping(inner)
        elif key == _ALIASES and isinstance(inner, Mapping):
            found[key] = {name: _alias(alias) for name, alias in inner.items()}
        elif key == "template" and isinstance(inner, Mapping):
            found[key] = body(inner)
        elif key not in _OF_SERVERS:
            found[key] = text(inner)
    return found


def settings(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of an index: flat, with ``index.`` before them, as text."""
    return {
        name if name.startswith(_PREFIX) else _PREFIX + name: text(inner)
        for name, inner in _flat(value, "").items()
        if inner is not None
    }


def mapping(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping as text, without what it says twice."""
    if value.keys() == {_DOC}:
        value = value[_DOC]
    found: dict[str, Any] = _without_object(text(value))
    return found


def text(value: Any) -> Any:
    """Return a value of JSON with its numbers and booleans as text, and without null.

    Of a parameter that is a double, such as the factor of a ``scaled_float``, servers say 100.0
    for 100.
    """
    if isinstance(value, Mapping):
        return {key: text(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [text(inner) for inner in value]
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if value is None or isinstance(value, str) else str(value)


def _flat(value: Mapping[str, Any], before: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            found |= _flat(inner, f"{before}{key}.")
        else:
            found[before + key] = inner
    return found


def _without_object(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    found = {key: _without_object(inner) for key, inner in value.items()}
    if found.get("type") == "object" and isinstance(found.get("properties"), dict):
        del found["type"]
    return found


def _alias(value: Any) -> Any:
    found = text(value) if value is not None else {}
    if isinstance(found, dict) and "routing" in found:
        routing = found.pop("routing")
        found = {"index_routing": routing, "search_routing": routing} | found
    return found
