# SPDX-License-Identifier: Apache-2.0
"""Which options tables may have: those that open nothing, hold no secret and lose no record.

They are judged where they are written, for the line, and once more as the planner has them, with
hints and everything else laid over each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import get_args

from flinksec_jobs.bad_records import OnError
from flinksec_jobs.settings.kafka_properties import STRONG, refused_in_kafka
from flinksec_jobs.settings.names import nearest
from flinksec_jobs.settings.secret_names import holds_secret
from flinksec_jobs.sql import elasticsearch_options, own_formats
from flinksec_jobs.sql.refusal import Refusal

APPEND, UPSERT = "flinksec-kafka", "flinksec-upsert-kafka"
KAFKA = (APPEND, UPSERT)
"""The connectors of Kafka whose tables have the job's login."""

_HARMLESS = ("datagen", "blackhole")
_OURS = {
    "kafka": f"'{APPEND}', which has the same options, and the login of [kafka]",
    "upsert-kafka": f"'{UPSERT}', which has the same options, and the login of [kafka]",
    "dynamic-kafka": f"'{APPEND}', which has the same options, and the login of [kafka]",
    **dict.fromkeys(
        elasticsearch_options.OF_OTHERS,
        f"'{elasticsearch_options.NAME}', which has the login of [elasticsearch]",
    ),
}
_ON_ERROR: tuple[OnError, ...] = get_args(OnError)
_GUARANTEES = ("exactly-once", "at-least-once")
_PARTITIONERS = ("default", "fixed", "round-robin")
_REGISTRIES = ("avro-confluent", "debezium-avro-confluent")
_FORMATS = ("format", "value.format", "key.format")
_PROPERTIES = "properties."
_SETTINGS = {
    "sink.transactional-id-prefix": "kafka.transactional_id_prefix",
    "sink.transaction-naming-strategy": "kafka.transaction_naming",
}
_SILENT = ".ignore-parse-errors"


def refusals(
    options: Mapping[str, str], *, more: Collection[str] = (), clusters: Collection[str] = ("",)
) -> Iterator[Refusal]:
    """Yield what is wrong with the options of a table.

    Args:
        options: what is said; options without a connector are judged as far as they go.
        more: ``sql.connectors``.
        clusters: names that ``'cluster'`` may have; the empty one is that of tables without it.
    """
    connector = options.get("connector")
    if connector is not None:
        yield from _connector(connector, more)
    if connector == elasticsearch_options.NAME:
        yield from elasticsearch_options.refusals(options, clusters)
        return
    for key, value in options.items():
        if (is_secret := _secret(key, connector)) is not None:
            yield is_secret
        elif connector in {*KAFKA, None}:
            yield from _kafka(key, value, clusters)
    if connector in {*KAFKA, None}:
        for name, wrong in own_formats.wrong(options, whole=connector is not None):
            yield Refusal(name, wrong.message, wrong.hint or "")


def formats(options: Mapping[str, str]) -> set[str]:
    """Return the formats that a table names."""
    return {options[key] for key in _FORMATS if key in options}


def _connector(connector: str, more: Collection[str]) -> Iterator[Refusal]:
    ours = {*KAFKA, elasticsearch_options.NAME}
    allowed = {*ours, *_HARMLESS, *more} - _OURS.keys()  # which would have another login
    if connector in allowed:
        return
    said = f"'connector' = '{connector}'"
    if instead := _OURS.get(connector):
        yield Refusal(
            "connector",
            f"{said} connects without the job's settings",
            f"write {instead}",
        )
        return
    guess = nearest(connector, allowed, cutoff=0.85)
    listed = ", ".join(sorted(allowed))
    yield Refusal(
        "connector",
        f"{said} is none of those that are allowed: {listed}",
        f"did you mean {guess}?"
        if guess
        else f'if it is meant, set sql.connectors = ["{connector}"]; nobody then checks what its '
        "tables connect to",
    )


def _secret(key: str, connector: str | None) -> Refusal | None:
    if key.startswith(_PROPERTIES) and connector in {*KAFKA, None}:
        return None  # told by the property
    if connector == "datagen" or not (holds_secret(key) or key.endswith("user-info")):
        return None
    return Refusal(
        key,
        f"'{key}' holds a secret, which would stand in the statement, the plan and its stored "
        "copies",
        "take a connector whose login is a file, or a stream of the job: from_kafka, "
        "to_elasticsearch, to_hdfs",
    )


def _kafka(key: str, value: str, clusters: Collection[str]) -> Iterator[Refusal]:
    if key.startswith(_PROPERTIES):
        name = key.removeprefix(_PROPERTIES)
        for _, why in refused_in_kafka({name: value}):
            yield Refusal(key, f"'{key}' {why}", "leave it out of the table")
        if name in STRONG and value not in STRONG[name]:
            yield Refusal(
                key,
                f"'{key}' = '{value}' is weaker than what holds without it, and no table may choose"
                " that unseen",
                "leave it out of the table; kafka.properties may set it, which is warned of at "
                "every start",
            )
    elif setting := _SETTINGS.get(key):
        yield Refusal(
            key, f"'{key}' has a setting of its own: use {setting}", "leave it out of the table"
        )
    elif key == "sink.semantic":
        yield Refusal(key, f"'{key}' is an old name", "write 'sink.delivery-guarantee'")
    elif key == "sink.delivery-guarantee" and value not in _GUARANTEES:
        listed = " or ".join(f"'{one}'" for one in _GUARANTEES)
        yield Refusal(
            key,
            f"'{key}' = '{value}' is not {listed}, and any other may lose records",
            f"write {listed}",
        )
    elif key == "sink.partitioner" and value not in _PARTITIONERS:
        yield Refusal(
            key,
            f"'{key}' = '{value}' runs other code on every record",
            f"it may be {', '.join(_PARTITIONERS)}",
        )
    elif key.endswith(_SILENT) and value.strip().lower() != "false":
        yield Refusal(
            key,
            f"'{key}' loses records, and fields of records, that nobody counts",
            "write 'on-error' = 'skip', which counts them and tells of them",
        )
    elif key == "on-error" and value not in _ON_ERROR:
        listed = ", ".join(f"'{one}'" for one in _ON_ERROR)
        yield Refusal(key, f"'{key}' = '{value}' is not one of {listed}", f"choose from {listed}")
    elif key == "cluster" and value not in clusters:
        named = sorted(filter(None, clusters))
        yield Refusal(
            key,
            f"'{key}' = '{value}', and the settings have no section [kafka.{value}]",
            f"there are {', '.join(named)}" if named else "leave it out for [kafka]",
        )
    elif key in _FORMATS and value in _REGISTRIES:
        yield Refusal(
            key,
            f"'{key}' = '{value}' reaches a schema registry without the job's settings",
            f"write '{key}' = 'avro', which asks the registry of [schema_registry]"
            if value == "avro-confluent"
            else "read it as a stream of the job, and declare the table by it: "
            'job.table("NAME", Record, topic="…", format=Debezium(updates="both"))',
        )
