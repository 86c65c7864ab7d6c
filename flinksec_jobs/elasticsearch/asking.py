# SPDX-License-Identifier: Apache-2.0
"""Single requests to Elasticsearch, by the client of the job's sink in the JVM."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from flinksec_jobs import parsing, refusals
from flinksec_jobs.elasticsearch.connection import connection_options
from flinksec_jobs.errors import JobError
from flinksec_jobs.index_setup.setup_requests import Answer, Ask
from flinksec_jobs.runtime import jvm

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings


@contextmanager
def asked(settings: Settings) -> Iterator[Ask]:
    """Open a client, and yield what sends a request and returns the answer, whatever it says.

    Args:
        settings: with a section ``[elasticsearch]``.

    Raises:
        JobError: there is no answer, or a file of certificates cannot be used.
    """
    with jvm.translated("Elasticsearch cannot be asked"):
        requests = jvm.view().org.flinksec.elasticsearch.connection.Requests.of(
            jvm.string_map(connection_options(settings))
        )
    try:
        yield partial(_send, requests)
    finally:
        requests.close()


def _send(requests: Any, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
    try:
        with jvm.translated(""):
            sent = "" if body is None else json.dumps(body)
            status, said = map(str, requests.send(method, path, sent))
    except JobError as error:
        told = error.message.removeprefix(": ")
        raise refusals.named(
            told, refusals.ELASTICSEARCH, otherwise="elasticsearch.hosts"
        ) from error
    try:
        return Answer(int(status), parsing.json_value(said))
    except parsing.ParseError:
        return Answer(int(status), None)
