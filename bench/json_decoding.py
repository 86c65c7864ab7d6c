# SPDX-License-Identifier: Apache-2.0
"""Decode JSON from Kafka in the JVM, or with json.loads in Python.

Once with a trivial Python function behind it, in both of PyFlink's execution modes, and twice with
a sink in the JVM behind it, which takes typed rows: behind a Python filter, and at once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bench.side_by_side import TOPIC, Comparison, Way, command
from flinksec_jobs import row_type
from jobs.flight_delays import DELAYED_MINUTES, Flight

if TYPE_CHECKING:
    from pyflink.datastream import DataStream

    from flinksec_jobs import SecureJob


def strings(job: SecureJob) -> DataStream:
    """The documents as text, by PyFlink's own means, with the library's security."""
    from pyflink.common import WatermarkStrategy
    from pyflink.common.serialization import SimpleStringSchema
    from pyflink.datastream.connectors.kafka import KafkaOffsetsInitializer, KafkaSource

    kafka = job.settings.kafka
    assert kafka is not None  # noqa: S101 - the sandbox's settings have it
    builder = (
        KafkaSource.builder()
        .set_bootstrap_servers(",".join(kafka.bootstrap_servers))
        .set_topics(TOPIC)
        .set_group_id(kafka.group_id)
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_bounded(KafkaOffsetsInitializer.latest())
        .set_value_only_deserializer(SimpleStringSchema())
    )
    for name, value in job.kafka_properties().items():
        builder.set_property(name, value)
    return job.env.from_source(
        builder.build(), WatermarkStrategy.no_watermarks(), f"Kafka {TOPIC}, strings"
    )


def rows(job: SecureJob) -> DataStream:
    """The documents as rows, decoded in the JVM."""
    return job.from_kafka(TOPIC, Flight, bounded=True)


def delay_of_row(flight: Any) -> int:
    """The trivial function, for a row."""
    return flight.dep_delay or 0


def delay_of_dict(flight: dict[str, Any]) -> int:
    """The trivial function, for what json.loads returns."""
    return flight["dep_delay"] or 0


def jvm_then_function(job: SecureJob) -> DataStream:
    """Rows to a Python function."""
    from pyflink.common import Types

    return rows(job).map(delay_of_row, Types.LONG())


def python_then_function(job: SecureJob) -> DataStream:
    """Text to json.loads to a Python function; PyFlink runs the two in one operator."""
    from pyflink.common import Types

    return strings(job).map(json.loads).map(delay_of_dict, Types.LONG())


def python_then_row(job: SecureJob) -> DataStream:
    """Text to json.loads to a row, which the JVM gets back."""
    return strings(job).map(lambda line: Flight(**json.loads(line)), row_type(Flight))


def is_late(flight: Any) -> bool:
    """The filter, for a row or a record."""
    return (flight.dep_delay or 0) > DELAYED_MINUTES


def jvm_then_filter(job: SecureJob) -> DataStream:
    """Rows to a Python filter and back."""
    return rows(job).filter(is_late)


def python_then_filter(job: SecureJob) -> DataStream:
    """Text to json.loads to a Python filter, and what is left to the JVM as a row."""
    return python_then_row(job).filter(is_late)


COMPARISONS = [
    Comparison(
        "decode, then a Python function",
        [
            Way("JVM decodes, thread mode", jvm_then_function),
            Way("json.loads, thread mode", python_then_function),
            Way("JVM decodes, process mode", jvm_then_function, "process"),
            Way("json.loads, process mode", python_then_function, "process"),
        ],
    ),
    Comparison(
        "decode, a Python filter, a sink in the JVM",
        [
            Way("JVM decodes, filter in thread mode", jvm_then_filter),
            Way("json.loads to a row, filter in thread mode", python_then_filter),
        ],
    ),
    Comparison(
        "decode, a sink in the JVM",
        [
            Way("JVM decodes, no Python", rows),
            Way("json.loads to a row, thread mode", python_then_row),
        ],
    ),
]

main = command(__doc__, COMPARISONS)

if __name__ == "__main__":
    main()
