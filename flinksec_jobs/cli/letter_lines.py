# SPDX-License-Identifier: Apache-2.0
"""Dead letters and groups of them as lines of text, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, datetime
from typing import Any

from flinksec_jobs.cli.output import several
from flinksec_jobs.dead_letter_topics.groups import Group
from flinksec_jobs.dead_letter_topics.letter import Letter


def _time(millis: int) -> str:
    if millis < 0:
        return "at no time"
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="seconds")


def told(group: Group) -> Iterator[str]:
    """Give the lines of a group."""
    cause = group.cause
    span = f"from {_time(group.first)} to {_time(group.last)}"
    if not any(astuple(cause)):
        yield f"{cause.id}  {several(group.count, 'record')} without a cause, which no job wrote"
        yield f"  {span}"
        return
    way = cause.source or "somewhere"
    if cause.target:
        way += f" to {cause.target}"
    yield f"{cause.id}  {several(group.count, 'letter')}, {way}: {cause.stage} in {cause.found_by}"
    yield f"  {cause.error}, {span}"
    for message, count in group.messages.most_common(3):
        yield f"  {count} x {message}"
    if group.replayed:
        yield f"  {group.replayed} sent back"


def lines(letter: Letter, *, content: bool) -> Iterator[str]:
    """Give the lines of a letter; what it holds only with ``content``."""
    place = [f"{what} {which}" for what, which in letter.place.items()]
    yield ", ".join([letter.topic, *place[1:]])
    yield f"  cause: {letter.cause.id}, record of {_time(letter.timestamp)}"
    for name, said in letter.facts.items():
        for number, line in enumerate(said.splitlines() or [""]):
            yield f"  {name}: {line}" if number == 0 else f"    {line}"
    if content:
        # Nothing is told apart from the text "None".
        for part, held in (("key", letter.key), ("value", letter.value)):
            yield f"  no {part}" if held is None else f"  {part}: {_text(held)}"
        for name, held in letter.headers:
            yield f"  header {name}, null" if held is None else f"  header {name}: {_text(held)}"
    else:
        sizes = [
            f"{part} of {len(held)} bytes" if held is not None else f"no {part}"
            for part, held in (("key", letter.key), ("value", letter.value))
        ]
        yield f"  {', '.join(sizes)}, {len(letter.headers)} headers"


def as_dict(letter: Letter, *, content: bool) -> dict[str, Any]:
    """Return a letter for scripts; what it holds only with ``content``."""
    made: dict[str, Any] = {
        **letter.place,
        "timestamp": letter.timestamp,
        "cause": letter.cause.id,
        "facts": dict(letter.facts),
    }
    if content:
        made["key"] = _text(letter.key)
        made["value"] = _text(letter.value)
        made["headers"] = [[name, _text(held)] for name, held in letter.headers]
    return made


def _text(content: bytes | None) -> str | None:
    """Return bytes as text; those that are no UTF-8 as Python keeps them."""
    return None if content is None else content.decode("utf-8", "surrogateescape")
