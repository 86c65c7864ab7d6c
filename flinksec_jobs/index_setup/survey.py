# SPDX-License-Identifier: Apache-2.0
"""What the servers have of what is planned."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from flinksec_jobs.errors import JobError
from flinksec_jobs.findings import problem
from flinksec_jobs.index_setup import normal_form
from flinksec_jobs.index_setup.differences import NOTHING, Difference, compare
from flinksec_jobs.index_setup.planned import COMPONENT, INDEX, LIFECYCLE, STREAM, TEMPLATE, Planned
from flinksec_jobs.index_setup.setup_requests import Servers, path_of

State = Literal["missing", "equal", "different"]

_OTHER_KIND = problem(
    "elasticsearch-setup-name-taken", "a name of elasticsearch.setup stands for something else"
)
_CONTAINERS = {"properties", "fields"}
_ATTEMPTS, _PAUSE = 40, 0.25  # seconds


@dataclass(frozen=True)
class Found:
    """What the servers have of one that is planned.

    Attributes:
        planned: what the file says.
        differences: where they differ; empty if they do not, or if it is missing.
        is_there: whether they have it at all.
    """

    planned: Planned
    differences: tuple[Difference, ...]
    is_there: bool

    @property
    def state(self) -> State:
        """All of it in a word."""
        return "missing" if not self.is_there else "different" if self.differences else "equal"

    def as_dict(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "kind": self.planned.kind.word,
            "name": self.planned.name,
            "file": str(self.planned.file),
            "state": self.state,
            "differences": [one.as_dict() for one in self.differences],
        }


def look(servers: Servers, one: Planned, *, whole: bool = True) -> Found:
    """Look at one.

    Args:
        servers: that are asked.
        one: what is planned.
        whole: whether templates and lifecycles on the servers may have nothing besides.

    Raises:
        JobError: the servers refuse, or have something else by this name.
    """
    # What an index has, a data stream's indices have, which are there by its name.
    answer = servers.get(one, f"/{quote(one.name, safe='')}" if one.kind is STREAM else None)
    if answer is None or not (found := _extracted(one, answer)):
        return Found(one, (), is_there=False)
    if one.kind is INDEX:
        return Found(one, tuple(_of_index(servers, one, found)), is_there=True)
    if one.kind is STREAM:
        return Found(one, tuple(_of_stream(servers, one, found)), is_there=True)
    differ = compare(normal_form.body(found), normal_form.body(one.body), whole=whole)
    return Found(one, tuple(differ), is_there=True)


def survey(servers: Servers, planned: Iterable[Planned]) -> list[Found]:
    """Look at all; see `look`."""
    return [look(servers, one) for one in planned]


def _extracted(one: Planned, answer: Any) -> dict[str, Any]:
    """Return what an answer holds of it, from around which the API's own names are taken."""
    found: Any = None
    if one.kind is LIFECYCLE:
        found = {"policy": answer.get(one.name, {}).get("policy", {})}
    elif one.kind is COMPONENT:
        found = _named(answer.get("component_templates", []), one.name, "component_template")
    elif one.kind is TEMPLATE:
        found = _named(answer.get("index_templates", []), one.name, "index_template")
    elif one.kind is STREAM and all(_is_behind(one, index) for index in answer.values()):
        found = answer
    elif one.kind is STREAM or one.name not in answer:
        is_ = "an index or an alias" if one.kind is STREAM else "an alias or a data stream"
        finding = _OTHER_KIND.at(
            one.where,
            f"on the servers {one.name} is {is_}, of {', '.join(answer)[:200]}",
            fix="give the file the name of an index, or of a data stream",
        )
        raise JobError(f"{finding} [{finding.id}]", hint=finding.fix, findings=[finding])
    else:
        found = answer.get(one.name)
    return found if isinstance(found, dict) else {}


def _is_behind(stream: Planned, index: Any) -> bool:
    return isinstance(index, dict) and index.get("data_stream") == stream.name


def _generation(index: str) -> int:
    """Return the number that an index of a data stream ends with; the newest has the highest."""
    number = index.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _named(listed: Any, name: str, key: str) -> Any:
    return next((one.get(key) for one in listed if one.get("name") == name), None)


def _of_index(servers: Servers, one: Planned, found: dict[str, Any]) -> Iterator[Difference]:
    """Compare an index, which has more than a file says, and leaves out what it takes anyway."""
    parts = {key: found.get(key, {}) for key in ("settings", "mappings", "aliases")}
    ours = {"settings": {}, "mappings": {}, "aliases": {}, **one.body}
    differ = list(compare(normal_form.body(parts), normal_form.body(ours), whole=False))
    if any(each.server is NOTHING for each in differ):
        settings = servers.get(one, f"{path_of(one)}/_settings?include_defaults=true") or {}
        flat = normal_form.settings(settings.get(one.name, {}).get("defaults", {}))
        mapped = _fields(servers, one) if parts["mappings"].get("properties") else {}
        differ = [each for each in differ if each.file != _default(each.path, flat, mapped)]
    yield from differ


def _fields(servers: Servers, one: Planned) -> dict[str, Any]:
    """Return the fields of an index with all of their parameters.

    A shard of the index says so, and of one that was made just now, by another job perhaps, none
    may be there yet.
    """
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE)
        found = servers.get(one, f"{path_of(one)}/_mapping/field/*?include_defaults=true") or {}
        if mapped := found.get(one.name, {}).get("mappings", {}):
            return dict(mapped)
    return {}


def _default(path: tuple[str, ...], settings: dict[str, Any], fields: dict[str, Any]) -> Any:
    """Return what an index takes for what nobody has said."""
    if path[0] == "settings":
        return settings.get(path[-1], NOTHING)
    name, parameter = [], ""
    rest = list(path[1:])
    while len(rest) > 1 and rest[0] in _CONTAINERS:
        name.append(rest[1])
        rest = rest[2:]
    parameter = rest[0] if len(rest) == 1 else ""
    mapping = fields.get(".".join(name), {}).get("mapping", {})
    leaf = mapping.get(name[-1], {}) if name and isinstance(mapping, dict) else {}
    return normal_form.text(leaf.get(parameter, NOTHING)) if parameter in leaf else NOTHING


def _of_stream(servers: Servers, one: Planned, found: dict[str, Any]) -> Iterator[Difference]:
    """Compare a data stream with the template that its next index will be made by."""
    lifecycle = one.body.get("lifecycle")
    if lifecycle is not None:
        streams = (servers.get(one) or {}).get("data_streams") or [{}]
        theirs = {"lifecycle": normal_form.text(streams[0].get("lifecycle") or {})}
        yield from compare(theirs, {"lifecycle": normal_form.text(lifecycle)}, whole=False)
    newest = found[max(found, key=_generation)]
    made = servers.get(one, _simulation(servers, one), method="POST") or {}
    has = normal_form.body({"mappings": newest.get("mappings", {})})
    will = normal_form.body({"mappings": made.get("template", {}).get("mappings", {})})
    for each in compare(has, will, whole=False):
        yield Difference(("newest index", *each.path), each.server, each.file)


def _simulation(servers: Servers, one: Planned) -> str:
    """Return where a server is asked what its next index would be."""
    if not servers.are_opensearch:
        return f"/_index_template/_simulate_index/{quote(one.name, safe='')}"
    # OpenSearch 2.19 takes the data stream for an index that is in its own way.
    streams = (servers.get(one) or {}).get("data_streams") or [{}]
    return f"/_index_template/_simulate/{quote(streams[0].get('template', ''), safe='')}"
