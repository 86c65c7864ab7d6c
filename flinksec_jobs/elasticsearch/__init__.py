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
from flinksec_jobs.elasticsearch.python_client import client
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.findings import Finding
from flinksec_jobs.https import jvm_options
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import ElasticsearchSettings
from flinksec_jobs.uses import Question, Use

if TYPE_CHECKING:
    from flinksec_jobs.record_sink import RecordSink
    from flinksec_jobs.settings import Settings


__all__ = ["ask", "client", "connection_options", "limits", "question", "sink", "use", "writing"]


def use(settings: Settings) -> Use:
    """Return what a job needs that speaks to Elasticsearch, whatever about."""
    kerberos = settings.elasticsearch is not None and settings.elasticsearch.kerberos
    sections = {"elasticsearch", *(("kerberos",) if kerberos else ())}
    return Use("Elasticsearch", files=lambda: check_files(settings, sections=sections))


def writing(settings: Settings, index: str) -> Use:
    """Return what a job needs that writes documents to an index."""
    return replace(
        use(settings),
        name=f"writes Elasticsearch index {index}",
        questions=(question(settings, index),),
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


def connection_options(settings: Settings) -> dict[str, str]:
    """How to reach Elasticsearch, as the flat options of the JVM's client; secrets are paths."""
    elasticsearch = settings.need(ElasticsearchSettings)
    kerberos = settings.kerberos if elasticsearch.kerberos else None
    return jvm_options.connection_options(elasticsearch, kerberos) | {
        name: jvm_options.as_option(getattr(elasticsearch, name)) for name in ("compress", "sniff")
    }


def limits(settings: ElasticsearchSettings) -> dict[str, str]:
    """How much the JVM sink batches, buffers and sends at once, as flat options."""
    options = {
        "max_batch_size": settings.max_batch_size,
        "max_batch_bytes": settings.max_batch_bytes,
        "max_in_flight": settings.max_in_flight,
        "max_buffered": settings.max_buffered or 10 * settings.max_batch_size,
        "flush_interval": settings.flush_interval,
        "retry_timeout": settings.retry_timeout,
    }
    return {name: jvm_options.as_option(value) for name, value in options.items()}


def sink(
    settings: Settings,
    index: str,
    *,
    id_field: str | None,
    on_error: bad_records.OnError,
    max_skipped_in_a_row: int,
) -> RecordSink:
    """Return a sink that indexes each row, or each string of JSON, as a document of an index.

    Raises:
        SettingsError: no index can have this name, or ``on_error`` is none of what it takes.
    """
    from flinksec_jobs.record_sink import RecordSink

    index_names.check(index)
    bad_records.check_on_error(on_error, letters=False)
    options = connection_options(settings) | limits(settings.need(ElasticsearchSettings))
    options |= {
        "index": index,
        "on_error": on_error,
        "max_skipped_in_a_row": str(max_skipped_in_a_row),
    }
    if id_field is not None:
        options["id_field"] = id_field

    def build(row_type: Any) -> Any:
        sinks = jvm.view().org.flinksec.elasticsearch.ElasticsearchSinks
        if row_type is None:
            return sinks.forJson(jvm.string_map(options))
        return sinks.forRows(jvm.string_map(options), row_type)

    return RecordSink(f"the Elasticsearch index {index}", f"Elasticsearch {index}", build)
