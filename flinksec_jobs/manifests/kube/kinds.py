# SPDX-License-Identifier: Apache-2.0
"""Which fields a kind has, which type they are, and which values they take.

``kubernetes.json`` is made from Kubernetes' own OpenAPI by ``scripts/manifest_schema.py``;
``custom_kinds.json`` is written by hand for the custom resources that our components use. Both map
type names to fields, and fields to types: ``string``, ``.Name`` of another type, ``["list", T]``,
``["map", T]``, ``intstr``, ``quantity``, ``any``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from flinksec_jobs.manifests.kube.objects import Object, Place, mapping

_FILES = ("kubernetes.json", "custom_kinds.json")


@cache
def _table(part: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name in _FILES:
        content = json.loads(files(__package__).joinpath(name).read_text("utf-8"))
        merged |= content.get(part, {})
    return merged


def type_of(entry: Object) -> str | None:
    """Return the type of an object, `None` if its kind is unknown."""
    found = _table("kinds").get(f"{entry.api_version} {entry.kind}")
    return str(found) if found else None


def wrong_fields(entry: Object) -> Iterator[tuple[str, Place]]:
    """Yield what does not fit: ``unknown``, ``type`` or ``value``, and where."""
    name = type_of(entry)
    if name:
        yield from _fields(entry, name, entry.content, "")


def _fields(
    entry: Object, name: str, value: Mapping[str, Any], path: str
) -> Iterator[tuple[str, Place]]:
    fields = _table("types")[name]
    for key, inner in value.items():
        here = f"{path}.{key}" if path else str(key)
        if key not in fields:
            yield "unknown", entry.at(here, f"{name.rpartition('.')[2]} has no field {key}")
        elif inner is not None:
            yield from _typed(entry, fields[key], inner, here)
            yield from _valued(entry, f"{name}.{key}", inner, here)


def _typed(entry: Object, wanted: Any, value: object, path: str) -> Iterator[tuple[str, Place]]:
    if isinstance(wanted, list):
        outer, inner = wanted
        if not isinstance(value, list if outer == "list" else Mapping):
            yield "type", entry.at(path, f"is {_kind(value)}, not a {outer}")
        elif isinstance(value, list):
            for index, one in enumerate(value):
                yield from _typed(entry, inner, one, f"{path}[{index}]")
        else:
            for key, one in mapping(value).items():
                yield from _typed(entry, inner, one, f"{path}[{key}]")
    elif wanted.startswith("."):
        if isinstance(value, Mapping):
            yield from _fields(entry, wanted[1:], value, path)
        else:
            yield "type", entry.at(path, f"is {_kind(value)}, not a mapping")
    elif not _is(wanted, value):
        yield "type", entry.at(path, f"is {_kind(value)}, not {_ARTICLE.get(wanted, wanted)}")


def _valued(entry: Object, name: str, value: object, path: str) -> Iterator[tuple[str, Place]]:
    allowed: list[str] = _table("values").get(name, [])
    given = value if isinstance(value, list) else [value]
    for one in given:
        if allowed and one not in allowed:
            yield "value", entry.at(path, f"{one!r} is none of {', '.join(map(repr, allowed))}")


_ARTICLE = {"string": "a text", "integer": "an integer", "boolean": "true or false"}


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text"}
    return names.get(type(value), "a list" if isinstance(value, list) else "a mapping")


def _is(wanted: str, value: object) -> bool:
    is_bool = isinstance(value, bool)
    return {
        "string": isinstance(value, str),
        "integer": isinstance(value, int) and not is_bool,
        "number": isinstance(value, int | float) and not is_bool,
        "boolean": is_bool,
        "intstr": isinstance(value, int | str) and not is_bool,
        "quantity": isinstance(value, int | float | str) and not is_bool,
    }.get(wanted, True)
