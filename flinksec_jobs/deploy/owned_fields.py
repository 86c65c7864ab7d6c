# SPDX-License-Identifier: Apache-2.0
"""Who has set which fields of an object, by the API server's ``metadata.managedFields``.

A field that somebody else has applied stays when we apply without it. So what a person has put in
with kubectl is taken over before, and goes then, unless the version has it. Fields of others, such
as a controller that is not Kubernetes' own, stay, and are told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeAlias

from flinksec_jobs.deploy.outside import KubeObject

Path: TypeAlias = tuple[str, ...]
_APPLY, _FIELDS = "Apply", "fieldsV1"
# A person's. What they have labelled or annotated is no part of a version, and stays.
_KUBECTL, _BEFORE = "kubectl", "before-first-apply"
_STAYS = frozenset({"kubectl-label", "kubectl-annotate"})
_OF_MANY = frozenset({("f:metadata", "f:labels"), ("f:metadata", "f:annotations")})
_LAST_APPLIED = (
    "f:metadata",
    "f:annotations",
    "f:kubectl.kubernetes.io/last-applied-configuration",
)
# Kubernetes' own, which set what nobody else may.
_CONTROLLERS = ("kube-", "kubelet", "cloud-controller")


def taken_over(found: KubeObject, manager: str) -> list[dict[str, Any]] | None:
    """Return an object's managed fields with a person's as those of a manager that applies.

    Returns:
        ``None`` if there is nothing to take over.
    """
    entries = _entries(found)
    ours = [one for one in entries if _is_taken(one, found, manager)]
    if not ours:
        return None
    own = next((one for one in entries if _is_applied_by(one, manager)), None)
    new = deepcopy(own or ours[-1]) | {"manager": manager, "operation": _APPLY}
    for one in ours:
        new[_FIELDS] = _union(new.get(_FIELDS) or {}, one.get(_FIELDS) or {})
    return [*(one for one in entries if one not in ours and one is not own), new]


def left_out(found: KubeObject, content: Mapping[str, Any], manager: str) -> Iterator[str]:
    """Yield the fields that a person has set and a version does not: they go when it is applied."""
    for one in _entries(found):
        if _is_taken(one, found, manager) and one["manager"] != manager:
            yield from (shown(path) for path in _missing(one, content))


def others_fields(
    found: KubeObject, content: Mapping[str, Any], manager: str
) -> dict[str, list[str]]:
    """Return the fields that stay because another program has set them, by its name."""
    stay: dict[str, list[str]] = {}
    for one in _entries(found):
        name = str(one.get("manager") or "")
        is_known = name == manager or name in _STAYS or name.startswith(_CONTROLLERS)
        if is_known or one.get("subresource") or _is_taken(one, found, manager):
            continue
        paths = [shown(path) for path in _missing(one, content)]
        if paths:
            stay.setdefault(name, []).extend(paths)
    return stay


def without_left_out(
    after: KubeObject, found: KubeObject, content: Mapping[str, Any], manager: str
) -> KubeObject:
    """Return what a dry run told, without what goes because it is taken over before."""
    result = deepcopy(after)
    for one in _entries(found):
        if _is_taken(one, found, manager):
            for path in _missing(one, content):
                _remove(result, path)
    return result


def shown(path: Path) -> str:
    """Return a path for people: ``spec.egress``, ``containers[name=jobmanager].env``."""
    text = ""
    for part in path:
        kind, _, name = part.partition(":")
        if kind == "f":
            text += f".{name}"
        elif kind == "k":
            keys = ",".join(f"{key}={value}" for key, value in json.loads(name).items())
            text += f"[{keys}]"
        else:
            text += f"[{name}]"
    return text.lstrip(".")


def _entries(found: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    entries: Sequence[dict[str, Any]] = found["metadata"].get("managedFields") or ()
    return entries


def _is_applied_by(entry: Mapping[str, Any], manager: str) -> bool:
    is_apply = entry.get("manager") == manager and entry.get("operation") == _APPLY
    return is_apply and not entry.get("subresource")


def _is_taken(entry: Mapping[str, Any], found: KubeObject, manager: str) -> bool:
    name = str(entry.get("manager") or "")
    if entry.get("subresource") or entry.get("apiVersion") != found.get("apiVersion"):
        return False
    if name == manager:  # what we have patched is as what we apply
        return entry.get("operation") != _APPLY
    return name == _BEFORE or (name.startswith(_KUBECTL) and name not in _STAYS)


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _union(one.get(key) or {}, other.get(key) or {}) for key in (*one, *other)}


def _missing(entry: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the uppermost fields of an entry that an object does not have, but kubectl's notes."""
    yield from _not_in(entry.get(_FIELDS) or {}, content, ())


def _not_in(fields: Mapping[str, Any], value: Any, above: Path) -> Iterator[Path]:
    for part, below in fields.items():
        if part == ".":
            continue
        path = (*above, part)
        there, inner = _step(value, part)
        if below and (there or path in _OF_MANY):
            yield from _not_in(below, inner, path)
        elif not there and path != _LAST_APPLIED:
            yield path


def _step(value: Any, part: str) -> tuple[bool, Any]:
    """Go down a part of a path; tell whether there is something."""
    kind, _, name = part.partition(":")
    if kind == "f":
        return (True, value[name]) if isinstance(value, dict) and name in value else (False, None)
    if not isinstance(value, list):
        return False, None
    wanted = json.loads(name)
    if kind == "k":
        for one in value:
            if isinstance(one, dict) and _has_keys(one, wanted):
                return True, one
        return False, None
    return wanted in value, None


def _has_keys(item: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    # The API server puts in a default for one of the keys of ports.
    defaults = {"protocol": "TCP"}
    return all(item.get(key, defaults.get(key)) == value for key, value in wanted.items())


def _remove(value: Any, path: Path) -> None:
    *above, last = path
    for part in above:
        there, value = _step(value, part)
        if not there:
            return
    kind, _, name = last.partition(":")
    if kind == "f" and isinstance(value, dict):
        value.pop(name, None)
    elif isinstance(value, list):
        wanted = json.loads(name)
        value[:] = [
            one for one in value if not (_has_keys(one, wanted) if kind == "k" else one == wanted)
        ]
