# SPDX-License-Identifier: Apache-2.0
"""What is planned made so on the servers, of two jobs at the same time, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from flinksec_jobs.errors import JobError
from flinksec_jobs.findings import Finding, problem, refuse
from flinksec_jobs.index_setup.planned import (
    COMPONENT,
    INDEX,
    LIFECYCLE,
    SETTING,
    STREAM,
    TEMPLATE,
    Kind,
    Planned,
)
from flinksec_jobs.index_setup.setup_requests import Servers, path_of
from flinksec_jobs.index_setup.survey import Found, look, survey

_DIFFERS = problem(
    "elasticsearch-setup-differs", "the servers have something else than elasticsearch.setup says"
)
_SHOWN = 5
_FIX = (
    "`flinksec elasticsearch diff` shows all; `flinksec elasticsearch apply`, or "
    'elasticsearch.on_difference = "apply", puts what the file says in its place'
)
_FIXED = (
    "the type of a field cannot be changed in place: make another index, reindex into it, and have "
    "an alias point there; or put into the file what is there"
)
_ROLLS = "`flinksec elasticsearch apply` rolls the data stream over, so that new documents have it"


def create(servers: Servers, one: Planned) -> None:
    """Make something that is missing; it is well if another one did so meanwhile.

    Raises:
        JobError: the servers refuse, or have something else than the file says afterwards.
    """
    only_new = "?create=true" if one.kind in {COMPONENT, TEMPLATE} else ""
    body: Mapping[str, Any] | None = None if one.kind is STREAM else one.body
    servers.send(one, "PUT", path_of(one) + only_new, body)
    if one.kind is STREAM and "lifecycle" in one.body:
        _put_lifecycle(servers, one)
    require_equal(look(servers, one, whole=False))


def change(servers: Servers, found: Found) -> None:
    """Put what the file says in the place of what is there.

    Raises:
        JobError: the servers refuse, or have something else than the file says afterwards.
    """
    one = found.planned
    _CHANGES[one.kind](servers, found)
    require_equal(look(servers, one, whole=False))


def bring_about(
    servers: Servers, planned: Iterable[Planned], *, overwrite: bool
) -> list[tuple[Planned, str]]:
    """Make what is missing, and compare or change what is there.

    Args:
        servers: that are asked.
        planned: in the order in which one may need another.
        overwrite: whether what differs is changed; else it is refused, before anything is made.

    Returns:
        What was done with each: ``created``, ``changed`` or ``equal``.

    Raises:
        JobError: something differs, or the servers refuse.
    """
    planned = list(planned)
    if not overwrite:
        refuse(
            [difference(found) for found in survey(servers, planned) if found.differences],
            lambda count: f"{count} files of {SETTING} say something else than the servers have",
            error=JobError,
        )
    done = []
    for one in planned:
        found = look(servers, one)
        if not found.is_there:
            create(servers, one)
            done.append((one, "created"))
        elif not found.differences:
            done.append((one, "equal"))
        elif overwrite:
            change(servers, found)
            done.append((one, "changed"))
        else:
            require_equal(found)
    return done


def difference(found: Found) -> Finding:
    """Return what is told of one that differs."""
    shown = "; ".join(map(str, found.differences[:_SHOWN]))
    if (more := len(found.differences) - _SHOWN) > 0:
        shown += f"; and {more} more"
    return _DIFFERS.at(
        found.planned.where, f"the {found.planned} differs: {shown}", fix=_way_out(found)
    )


def require_equal(found: Found) -> None:
    """Refuse what differs.

    Raises:
        JobError: it says where.
    """
    if found.differences:
        refuse([difference(found)], error=JobError)


def _way_out(found: Found) -> str:
    if found.planned.kind is STREAM and all(
        one.path[0] != "lifecycle" for one in found.differences
    ):
        return _ROLLS
    fixed = found.planned.kind is INDEX and any(
        one.path[0] == "mappings" and one.path[-1] == "type" and isinstance(one.server, str)
        for one in found.differences
    )
    return _FIXED if fixed else _FIX


def _replace(servers: Servers, found: Found) -> None:
    servers.send(found.planned, "PUT", path_of(found.planned), found.planned.body)


def _change_index(servers: Servers, found: Found) -> None:
    one = found.planned
    parts = {each.path[0] for each in found.differences}
    if "mappings" in parts:
        servers.send(one, "PUT", f"{path_of(one)}/_mapping", one.body["mappings"])
    if "settings" in parts:
        changed = {
            each.path[-1]: each.file for each in found.differences if each.path[0] == "settings"
        }
        servers.send(one, "PUT", f"{path_of(one)}/_settings", changed)
    if "aliases" in parts:
        actions = [
            {"add": {"index": one.name, "alias": alias, **(how or {})}}
            for alias, how in one.body["aliases"].items()
        ]
        servers.send(one, "POST", "/_aliases", {"actions": actions})


def _change_stream(servers: Servers, found: Found) -> None:
    one = found.planned
    if any(each.path[0] == "lifecycle" for each in found.differences):
        _put_lifecycle(servers, one)
    if any(each.path[0] != "lifecycle" for each in found.differences):
        servers.send(one, "POST", f"/{quote(one.name, safe='')}/_rollover", {})


def _put_lifecycle(servers: Servers, one: Planned) -> None:
    servers.send(one, "PUT", f"{path_of(one)}/_lifecycle", one.body["lifecycle"])


_CHANGES: Mapping[Kind, Callable[[Servers, Found], None]] = {
    LIFECYCLE: _replace,
    COMPONENT: _replace,
    TEMPLATE: _replace,
    INDEX: _change_index,
    STREAM: _change_stream,
}
