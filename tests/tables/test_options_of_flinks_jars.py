# SPDX-License-Identifier: Apache-2.0
"""Flink's own options, found in its jars, against the table that classifies them."""

from typing import get_args

from flinksec_jobs.functions.fast import BATCH_MODE
from flinksec_jobs.settings.flink_options import Class, flink_options
from tests.tables.conftest import Rows

# Flink reads these by a prefix, without an option of its own for each.
FAMILIES = {
    "containerized.master.env.<name>",
    "containerized.taskmanager.env.<name>",
    "metrics.reporter.<name>.factory.class",
    "metrics.reporter.<name>.<key>",
    "events.reporter.<name>.<key>",
    "traces.reporter.<name>.<key>",
    "fs.<scheme>.<key>",
    "s3.<key>",
}
# Our own that only Python reads.
OF_PYTHON = {BATCH_MODE}
# Of tools and formats that are not part of a cluster; their libraries are not here.
UNREAD = (
    "org.apache.flink.connector.kafka.util.JacksonMapperFactory",
    "org.apache.flink.formats.avro.AvroRow",
    "org.apache.flink.management.jmx.JMXServer$",
    "org.apache.flink.runtime.metrics.util.SystemResourcesCounter",
    "org.apache.flink.sql.parser.impl.FlinkSqlParserImpl",
    "org.apache.flink.streaming.util.serialization.JSONKeyValueDeserializationSchema",
    "org.apache.flink.table.client.",
)


def test_every_option_of_flink_is_classified_and_no_other(tables: Rows) -> None:
    known = {name for name, _ in tables["flink"]}
    ours = flink_options().keys() - FAMILIES - OF_PYTHON
    assert known - ours == set(), "new in this release of Flink: classify them"
    assert ours - known == set(), "gone in this release of Flink: remove them"
    assert len(known) > 1000
    assert {option.kind for option in flink_options().values()} <= set(get_args(Class))


def test_old_names_are_resolved_as_flink_resolves_them(tables: Rows) -> None:
    others: dict[str, list[str]] = {}
    for name, listed in tables["flink"]:
        found = others.setdefault(name, [])
        found += [other for other in listed.split() if other not in (*found, name)]
    for name, expected in others.items():
        assert list(flink_options()[name].others) == expected, name


def test_no_class_of_flink_was_passed_over(tables: Rows) -> None:
    assert tables["failed"] == []
    assert [name for (name,) in tables["unread"] if not name.startswith(UNREAD)] == []
