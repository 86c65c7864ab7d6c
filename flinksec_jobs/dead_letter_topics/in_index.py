# SPDX-License-Identifier: Apache-2.0
"""Dead letters of an index of Elasticsearch, where a sink's ``dead_letter_index`` keeps them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from flinksec_jobs import elasticsearch, index_names
from flinksec_jobs.dead_letter_topics.letter import HOLDS, TARGET, Letter
from flinksec_jobs.errors import JobError

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from flinksec_jobs.dead_letter_topics.topic import Progress
    from flinksec_jobs.settings import Settings

_PAGE = 500
_FACTS = {
    "topic": "topic",
    "partition": "partition",
    "offset": "offset",
    "job": "connector.name",
    "exception": "exception.class.name",
    "reason": "exception.message",
    "index": TARGET,
}
_STAGES = {"encode": "TASK_PUT", "refused": "TASK_PUT"}
_FOUND_BY = "org.flinksec.elasticsearch.ElasticsearchSinkWriter"


@contextmanager
def opened(
    settings: Settings, index: str, progress: Progress | None = None
) -> Iterator[Iterator[Letter]]:
    """Open Elastic's client, and yield the letters of an index, the oldest first.

    One page of them is held at a time, whatever the index holds.

    Args:
        settings: with a section ``[elasticsearch]``.
        index: an index, alias or data stream.
        progress: is told how many have been read, and how many there are.

    Raises:
        SettingsError: it is no name of an index, or the package ``elasticsearch`` is missing.
        JobError: there is no such index, or the servers refuse or do not answer.
    """
    index_names.check(index)
    with (
        elasticsearch.client(settings) as client,
        _told(index),
        closing(_letters(client, index, progress)) as found,  # before the client
    ):
        yield found


@contextmanager
def _told(index: str) -> Iterator[None]:
    from elastic_transport import TransportError
    from elasticsearch import ApiError, NotFoundError

    try:
        yield
    except NotFoundError as error:
        raise JobError(
            f"there is no index {index} for this login",
            hint="name the dead_letter_index of the job; it is there since its first letter",
        ) from error
    except (ApiError, TransportError) as error:
        said = getattr(error, "status_code", None)
        why = f"status {said}" if said else type(error).__name__
        raise JobError(
            f"elasticsearch.hosts: the letters of the index {index} cannot be read ({why})",
            hint="`flinksec doctor --only elasticsearch` tells what keeps this login out; it needs "
            "the privilege `read` on the index",
        ) from error


def _letters(
    client: Elasticsearch, index: str, progress: Progress | None
) -> Generator[Letter, None, None]:
    from elasticsearch import helpers

    total = int(client.count(index=index)["count"])
    oldest_first = {"sort": [{"@timestamp": {"order": "asc", "unmapped_type": "date"}}]}
    scanned = helpers.scan(client, index=index, query=oldest_first, size=_PAGE, preserve_order=True)
    with closing(cast("Generator[dict[str, Any], None, None]", scanned)) as hits:
        for number, hit in enumerate(hits, 1):
            yield letter_of(hit)
            if progress:
                progress(number, max(number, total))


def letter_of(hit: Mapping[str, Any]) -> Letter:
    """Read a document of such an index; what is no letter has no facts."""
    source = hit.get("_source") or {}
    facts = {
        said: str(source[name]) for name, said in _FACTS.items() if source.get(name) is not None
    }
    stage = source.get("stage")
    if isinstance(stage, str):
        facts |= {"stage": _STAGES.get(stage, stage), "class.name": _FOUND_BY}
    return Letter(
        topic=str(hit.get("_index", "")),
        partition=-1,
        offset=-1,
        timestamp=_millis(source.get("@timestamp")),
        key=None,
        value=_held(source),
        headers=(),
        facts=facts | {HOLDS: "element"},
        id=str(hit.get("_id", "")),
    )


def _held(source: Mapping[str, Any]) -> bytes | None:
    if isinstance(text := source.get("document"), str):
        return text.encode("utf-8", "surrogateescape")
    try:
        return base64.b64decode(source.get("document_base64") or "", validate=True) or None
    except (binascii.Error, TypeError, ValueError):
        return None


def _millis(text: object) -> int:
    try:
        return int(datetime.fromisoformat(str(text)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return -1
