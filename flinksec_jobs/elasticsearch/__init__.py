# SPDX-License-Identifier: Apache-2.0
"""Elasticsearch: settings to a sink that runs in the JVM over HTTPS.

What a job needs for it is registered by `writing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from flinksec_jobs import bad_records, index_names, refusals
from flinksec_jobs.delivery import Delivery
from flinksec_jobs.elasticsearch import index_pattern, setup
from flinksec_jobs.elasticsearch.connection import connection_options
from flinksec_jobs.elasticsearch.documents import Documents
from flinksec_jobs.elasticsearch.python_client import client
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.findings import Finding
from flinksec_jobs.https import jvm_options
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import ElasticsearchSettings
from flinksec_jobs.uses import Question, Use

if TYPE_CHECKING:
    from pyflink.datastream import DataStream

    from flinksec_jobs.kafka.sink import Bad
    from flinksec_jobs.record_sink import RecordSink
    from flinksec_jobs.settings import Settings


__all__ = [
    "Documents",
    "ask",
    "client",
    "connection_options",
    "limits",
    "question",
    "sink",
    "use",
    "writing",
]


def use(settings: Settings) -> Use:
    """Return what a job needs that speaks to Elasticsearch, whatever about."""
    kerberos = settings.elasticsearch is not None and settings.elasticsearch.kerberos
    sections = {"elasticsearch", *(("kerberos",) if kerberos else ())}
    return Use("Elasticsearch", files=lambda: check_files(settings, sections=sections))


def writing(settings: Settings, index: str, dead_letter_index: str | None = None) -> Use:
    """Return what a job needs that writes documents to an index, or to those of a pattern.

    Args:
        settings: with a section ``[elasticsearch]``.
        index: the name or the pattern.
        dead_letter_index: the index that keeps dead letters; None for none.
    """
    contacts = [index_pattern.parse(index).contact]
    contacts += [] if dead_letter_index is None else [dead_letter_index]
    return replace(
        use(settings),
        name=f"writes Elasticsearch index {index}",
        questions=(question(settings, *contacts), *setup.questions(settings)),
        delivery=Delivery(f"the Elasticsearch index {index}", by_checkpoint=False),
    )


def question(settings: Settings, *indices: str) -> Question:
    """Return the question whether Elasticsearch lets the job in, and to the indices."""
    return Question(
        id="elasticsearch-indices",
        label="Elasticsearch lets the job in, and to its indices",
        setting="elasticsearch.hosts",
        ask=partial(ask, settings),
        about=indices,
    )


def ask(settings: Settings, indices: Sequence[str]) -> Iterable[Finding]:
    """Connect to Elasticsearch, check its certificate, log in, and ask for the indices.

    Args:
        settings: with a section ``[elasticsearch]``.
        indices: none asks for the connection and the login alone.

    Raises:
        JobError: it cannot be reached or refuses us, or its certificate is refused.
    """
    with jvm.translated("Elasticsearch cannot be asked"):
        check = jvm.view().org.flinksec.elasticsearch.connection.ElasticsearchPreflight.check
        options = jvm.string_map(connection_options(settings))
        problem = str(check(options, jvm.string_list(indices)) or "")
    if problem:
        raise refusals.named(problem, refusals.ELASTICSEARCH, otherwise="elasticsearch.hosts")
    return ()


def limits(settings: ElasticsearchSettings) -> dict[str, str]:
    """How much the JVM sink batches, buffers and sends at once, as flat options."""
    options = {
        "max_batch_size": settings.max_batch_size,
        "max_batch_bytes": settings.max_batch_bytes,
        "max_in_flight": settings.max_in_flight,
        "max_buffered": settings.max_buffered or 10 * settings.max_batch_size,
        "flush_interval": settings.flush_interval,
        "target_latency": settings.target_latency,
        "retry_timeout": settings.retry_timeout,
        "retry_backoff": settings.retry_backoff,
        "max_retry_backoff": settings.max_retry_backoff,
    }
    return {name: jvm_options.as_option(value) for name, value in options.items()}


def sink(
    settings: Settings,
    index: str,
    documents: Documents,
    bad: Bad,
    dead_letter_index: str | None = None,
) -> RecordSink:
    """Return a sink that does with each row, or each string of JSON, what is said of documents.

    Args:
        settings: with a section ``[elasticsearch]``.
        index: the name, or a pattern of names.
        documents: what is done with them.
        bad: what becomes of those that cannot be written.
        dead_letter_index: the index that keeps dead letters; None for the topic of ``bad``.

    Raises:
        SettingsError: an argument is none of what it takes, or contradicts another.
    """
    from flinksec_jobs.record_sink import RecordSink

    pattern = index_pattern.parse(index)
    documents.check()
    bad_records.check_on_error(bad.on_error)
    options = connection_options(settings) | limits(settings.need(ElasticsearchSettings))
    options |= documents.options() | {
        "index": index,
        "on_error": bad.on_error,
        "max_skipped_in_a_row": str(bad.max_skipped_in_a_row),
    }
    if dead_letter_index is not None:
        index_names.check(dead_letter_index)
        if dead_letter_index == index:
            raise SettingsError(
                f"dead_letter_index is {index!r}, which the documents go to",
                hint="name an index of its own for dead letters",
            )
        options["dead_letter_index"] = dead_letter_index
    if pattern.pieces is not None:
        options |= {"index_pattern": pattern.pieces, "index_contact": pattern.contact}
    streams: list[DataStream] = []

    def see(stream: DataStream, _: Any) -> DataStream:
        streams.append(stream)
        return stream

    def build(row_type: Any) -> Any:
        sinks = jvm.view().org.flinksec.elasticsearch.ElasticsearchSinks
        if row_type is None and (documents.exclude or documents.omit_nulls):
            argument = "exclude" if documents.exclude else "omit_nulls"
            raise SettingsError(
                f"the stream that goes to the Elasticsearch index {index} has strings, "
                f"which go out as they are, and {argument} leaves fields out",
                hint="make records of them: .map(function, output_type=row_type(YourRecord))",
            )
        if row_type is None:
            made = sinks.forJson(jvm.string_map(options))
        else:
            made = sinks.forRows(jvm.string_map(options), row_type)
        if bad.on_error != "dead_letter":
            return made
        traced = jvm.is_traced(streams[-1])
        if dead_letter_index is not None:
            return sinks.withIndexedLetters(made, bad.letters(), traced)
        return sinks.withLetters(made, bad.letters(), jvm.string_map(bad.properties), traced)

    target = f"the Elasticsearch index {index}"
    return RecordSink(target, f"Elasticsearch {index}", build, see)
