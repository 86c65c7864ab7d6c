# SPDX-License-Identifier: Apache-2.0
"""What tables use of servers, registered as the connectors of streams do it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from flinksec_jobs import elasticsearch, formats
from flinksec_jobs.kafka import client, exactly_once, sink, source
from flinksec_jobs.kafka.start import Offsets
from flinksec_jobs.kafka.topics import Chosen
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.settings import KafkaSettings, Settings
from flinksec_jobs.sql import allowed, elasticsearch_options, own_formats
from flinksec_jobs.sql.gate import Used
from flinksec_jobs.uses import Use

# What Flink's list options are written with.
_BETWEEN = ";"
_LETTERS = "dead-letter-index"
_WITHOUT_STATE = ("datagen", "blackhole", "print")
# In what Flink takes for offsets: partition:0,offset:42;partition:1,offset:300
_OFFSET = re.compile(r"partition:(\d+),offset:(\d+)")


def clusters(settings: Settings) -> dict[str, Settings]:
    """Return the settings by the names of Kafka clusters; that of ``[kafka]`` is empty."""
    return {name or "": settings.on_kafka(name) for name in settings.clusters}


def first(settings: Settings) -> Iterator[Use]:
    """Yield what is needed before the first table is declared: the jar that Kafka's are made by."""
    for of in clusters(settings).values():
        yield client.clients(of)


def of_elasticsearch(settings: Settings) -> dict[str, str] | None:
    """Return how the JVM's sink reaches Elasticsearch, and its limits; None without a section."""
    section = settings.elasticsearch
    if section is None:
        return None
    return elasticsearch.connection_options(settings) | elasticsearch.limits(section)


def has_letters(used: Used) -> bool:
    """Whether dead letters of a table may go to the topic: of Kafka's while it is read."""
    is_elasticsearch = used.options.get("connector") == elasticsearch_options.NAME
    return used.reads or (is_elasticsearch and _LETTERS not in used.options)


def of_formats(names: Iterable[str]) -> Iterator[Use]:
    """Yield what formats of ours need before a table of them is planned: their jars."""
    for name in names:
        if name in own_formats.NAMES and (sets := formats.all_formats()[name].jars):
            yield Use(f"the format {name}", jars=partial(_jars, sets))


def _jars(sets: Iterable[str]) -> list[Path]:
    return [jar for one in sets for jar in artifacts.jars(one)]


def uses_of(used: Used, settings: Settings, job: str) -> Iterator[Use]:
    """Yield what the job needs for a table, and what its checkpoint's owner is told by.

    Args:
        used: a table whose options are allowed.
        settings: the job's.
        job: its name.
    """
    connector = used.options.get("connector", "")
    if connector == elasticsearch_options.NAME:
        index = used.options.get("index", "")
        yield elasticsearch.writing(settings, index, used.options.get(_LETTERS))
        return
    if connector not in allowed.KAFKA:
        verb = "reads" if used.reads else "writes"
        name = None if connector in _WITHOUT_STATE else f"{verb} {connector} table {used.table}"
        yield Use(f"the connector {connector}", name=name)
        return
    of = clusters(settings)[used.options.get("cluster", "")]
    topics = used.options.get("topic", "").split(_BETWEEN)
    chosen = Chosen(
        tuple(topic.strip() for topic in topics if topic.strip()), used.options.get("topic-pattern")
    )
    if used.reads:
        start, stop = (_place(used.options, part) for part in ("startup", "bounded"))
        # Flink's formats are Flink's: of ours, JSON needs nothing.
        json = formats.to_read("json")
        options = source.SourceOptions(chosen, object, json, start or "earliest", stop)
        yield from source.uses(of, options, of.need(KafkaSettings).group_id or job)
    else:
        yield from _writes(chosen, _guarantee(used.options), of, job)


def _place(options: Mapping[str, str], part: str) -> str | Offsets | None:
    """Return where a table begins or ends, if the brokers are asked whether it is there."""
    mode = options.get(f"scan.{part}.mode")
    if mode == "group-offsets":
        return "committed"
    if mode == "specific-offsets":
        found = _OFFSET.findall(options.get(f"scan.{part}.specific-offsets", ""))
        return {int(partition): int(offset) for partition, offset in found} or None
    return None


def _writes(
    chosen: Chosen, guarantee: sink.Guarantee, settings: Settings, job: str
) -> Iterator[Use]:
    json = formats.to_write("json")
    if guarantee == "exactly_once":
        only = chosen.names[0] if len(chosen.names) == 1 else None
        with settings.spelling.told():
            exactly_once.check(settings.need(KafkaSettings), f"the table of {chosen}", only)
    for topic in chosen.names or (str(chosen),):
        for use in sink.uses(settings, sink.SinkOptions(topic, json, guarantee), job):
            # Nobody can be asked for topics that a pattern matches, only for the login.
            asked = use.questions if chosen.names else (client.question(settings),)
            yield replace(use, questions=asked)


def _guarantee(options: Mapping[str, str]) -> sink.Guarantee:
    said = options.get("sink.delivery-guarantee", "exactly-once")
    return "exactly_once" if said == "exactly-once" else "at_least_once"
