# SPDX-License-Identifier: Apache-2.0
"""Which options a table of Elasticsearch has: the arguments of ``to_elasticsearch``, with dashes.

Its Java half is ``org.flinksec.tables.ElasticsearchOptions``, which judges them with the columns.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import get_args

from flinksec_jobs.bad_records import OnError
from flinksec_jobs.elasticsearch import documents, index_pattern
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.settings import ElasticsearchSettings
from flinksec_jobs.settings.names import nearest
from flinksec_jobs.settings.secret_names import holds_secret
from flinksec_jobs.sql.refusal import Refusal

NAME = "flinksec-elasticsearch"
OF_OTHERS = ("elasticsearch", "elasticsearch-6", "elasticsearch-7", "elasticsearch-8", "opensearch")
"""Connectors of Flink that write to the same servers without the job's settings."""

TEMPLATES = "dynamic-templates."
_BY_COLUMNS = ("id_field", "id_fields", "dynamic_templates")
_DOCUMENTS = tuple(
    field.name.replace("_", "-")
    for field in dataclasses.fields(documents.Documents)
    if field.name not in _BY_COLUMNS
)
OPTIONS = (
    "index",
    "on-error",
    "dead-letter-index",
    "cluster",
    "sink.parallelism",
    *_DOCUMENTS,
)
"""All options besides the connector; ``dynamic-templates.FIELD`` is one for each field."""

_WORDS: Mapping[str, tuple[str, ...]] = {
    "operation": get_args(documents.Operation),
    "version-conflict": ("success", "bad"),
    "omit-nulls": ("true", "false"),
    "require-alias": ("true", "false"),
    "on-error": get_args(OnError),
}
_IN_SETTINGS = {
    **{
        key: name
        for name in ElasticsearchSettings.model_fields
        if not holds_secret(key := name.replace("_", "-"))
    },
    "password": "password",
    "api-key": "api_key",
    "token": "token",
    # As Flink's own connectors call them:
    "connection.path-prefix": "hosts",
    "connection.request-timeout": "response_timeout",
    "connection.timeout": "connect_timeout",
    "socket.timeout": "response_timeout",
    "sink.bulk-flush.max-actions": "max_batch_size",
    "sink.bulk-flush.max-size": "max_batch_bytes",
    "sink.bulk-flush.interval": "flush_interval",
    "sink.bulk-flush.backoff.strategy": "retry_timeout",
    "sink.bulk-flush.backoff.max-retries": "retry_timeout",
    "sink.bulk-flush.backoff.delay": "retry_timeout",
    "ssl.certificate-fingerprint": "fingerprint",
}
_INSTEAD = {
    "format": ("is none here: documents are JSON", "leave it out of the table"),
    "failure-handler": ("runs other code", "write 'on-error' = 'skip' or 'dead_letter'"),
    "document-id.key-delimiter": (
        "is none here: columns of a PRIMARY KEY are joined by ':', and escaped",
        "leave it out of the table",
    ),
    "document-type": ("is none here: no server has types any more", "leave it out of the table"),
    "sink.flush-on-checkpoint": (
        "is none here: documents are in before a checkpoint completes",
        "leave it out of the table",
    ),
    "sink.delivery-guarantee": (
        "is none here: documents are written at least once, and once with a PRIMARY KEY",
        "leave it out of the table",
    ),
    **dict.fromkeys(
        ("id-field", "id-fields"),
        ("is none here: the id is the PRIMARY KEY", "write PRIMARY KEY (…) NOT ENFORCED"),
    ),
}


def refusals(options: Mapping[str, str], clusters: Collection[str]) -> Iterator[Refusal]:
    """Yield what is wrong with the options of such a table, as far as they tell without columns.

    Args:
        options: what is said.
        clusters: names of Kafka's clusters, of which one keeps dead letters.
    """
    for key, value in options.items():
        if key != "connector" and not key.startswith(TEMPLATES):
            yield from _wrong(key, value, clusters)


def _wrong(key: str, value: str, clusters: Collection[str]) -> Iterator[Refusal]:
    if setting := _IN_SETTINGS.get(key):
        yield Refusal(
            key,
            f"'{key}' has a setting of its own: use elasticsearch.{setting}",
            "leave it out of the table",
        )
    elif told := _INSTEAD.get(key):
        yield Refusal(key, f"'{key}' {told[0]}", told[1])
    elif key not in OPTIONS:
        yield _unknown(key)
    elif key in _WORDS and value not in _WORDS[key]:
        listed = ", ".join(f"'{one}'" for one in _WORDS[key])
        yield Refusal(key, f"'{key}' = '{value}' is not one of {listed}", f"choose from {listed}")
    elif key == "cluster" and value not in clusters:
        named = sorted(filter(None, clusters))
        yield Refusal(
            key,
            f"'{key}' = '{value}', and the settings have no section [kafka.{value}]",
            f"there are {', '.join(named)}" if named else "leave it out for [kafka]",
        )
    elif key == "index":
        yield from _refused(key, lambda: index_pattern.parse(value))


def _unknown(key: str) -> Refusal:
    if holds_secret(key):
        return Refusal(
            key,
            f"'{key}' holds a secret, which would stand in the statement, the plan and its stored "
            "copies",
            "leave it out: the login is that of [elasticsearch]",
        )
    guess = nearest(key, OPTIONS, cutoff=0.6)
    return Refusal(
        key,
        f"'{key}' is no option of '{NAME}'",
        f"did you mean '{guess}'?" if guess else f"there are {', '.join(OPTIONS)}",
    )


def _refused(key: str, read: Callable[[], object]) -> Iterator[Refusal]:
    try:
        read()
    except SettingsError as error:
        why = error.message.partition("): ")[2] or error.message
        yield Refusal(key, f"'{key}': {why}", error.hint or "")
