# SPDX-License-Identifier: Apache-2.0
"""The job of test_documents.py: one job with a sink for each kind of operation.

documents.py SETTINGS CANARY
"""

import sys
from datetime import UTC, datetime
from typing import Any

from pyflink.common import Row, RowKind, Types

from flinksec_jobs import SecureJob, record, row_type

SETTINGS, CANARY = sys.argv[1:]
DAY = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
KINDS = {
    "+I": RowKind.INSERT,
    "-U": RowKind.UPDATE_BEFORE,
    "+U": RowKind.UPDATE_AFTER,
}
NEXT = datetime(2026, 3, 2, tzinfo=UTC)


@record
class Flight:
    airline: str
    number: int
    op: str
    version: int
    at: datetime
    note: str | None


def flights(made: SecureJob, *rows: tuple[str, int, str, int, datetime, str | None]) -> Any:
    type_ = row_type(Flight)
    return made.env.from_collection([Row(*row) for row in rows], type_info=type_)


def changed(change: tuple[str, int, str]) -> Row:
    kind, number, note = change
    row = Row("LH", number, "", 1, DAY, note)
    row.set_row_kind(KINDS[kind])
    return row


overrides = {"job.dead_letters": "refused-documents", "job.parallelism": 1}
with SecureJob("documents", settings=SETTINGS, overrides=overrides) as job:
    to = job.to_elasticsearch
    ids = ["airline", "number"]
    flights(
        job, ("LH", 1, "", 1, DAY, "a"), ("LH", 2, "", 1, NEXT, "b"), ("L:H", 2, "", 1, NEXT, "c")
    ).sink_to(
        to(
            "days-{at:%Y.%m.%d}-{airline:lower}",
            id_fields=ids,
            routing_field="note",
            on_error="skip",
        )
    )
    flights(
        job,
        ("LH", 1, "index", 1, DAY, "a"),
        ("LH", 2, "upsert", 1, DAY, "b"),
        ("LH", 1, "delete", 1, DAY, None),
        ("LH", 2, "update", 1, DAY, "changed"),
        ("LH", 3, "create", 1, DAY, "first"),
        ("LH", 3, "create", 1, DAY, "second"),
        ("LH", 4, "delete", 1, DAY, None),
    ).sink_to(to("operated", id_field="number", operation_field="op", exclude=["op", "version"]))
    flights(
        job, ("LH", 1, "", 7, DAY, "new"), ("LH", 1, "", 6, DAY, "old"), ("LH", 1, "", 7, DAY, "-")
    ).sink_to(to("versions", id_field="number", version_field="version"))
    flights(job, ("LH", 1, "", 1, DAY, "1"), ("LH", 2, "", 1, DAY, CANARY)).sink_to(
        to("counted", id_field="number", on_error="dead_letter")
    )
    flights(job, ("LH", 1, "", 1, DAY, "1"), ("LH", 2, "", 1, DAY, CANARY)).sink_to(
        to(
            "counted-too",
            id_field="number",
            pipeline="nothing",
            on_error="dead_letter",
            dead_letter_index="kept-letters",
        )
    )
    flights(job, ("LH", 1, "", 1, DAY, "one")).sink_to(
        to("templated", id_field="number", dynamic_templates={"note": "whole"})
    )
    flights(job, ("LH", 1, "", 1, DAY, "x")).sink_to(
        to("aliased", id_field="number", pipeline="nothing", require_alias=True)
    )
    # A table's changes: the first flight stays, the second gets another number, the third goes.
    changes = [
        ("+I", 1, "a"), ("+I", 2, "b"), ("+I", 3, "c"), ("-U", 1, "a"), ("+U", 1, "changed"),
        ("-U", 2, "b"), ("+U", 4, "b"), ("-U", 3, "c"),
    ]  # fmt: skip
    job.env.from_collection(
        changes, type_info=Types.TUPLE([Types.STRING(), Types.LONG(), Types.STRING()])
    ).map(changed, output_type=row_type(Flight)).sink_to(to("changes", id_field="number"))
    text = '{"@timestamp": "2026-03-01T00:00:00Z", "id": 1}'
    job.env.from_collection([text, text], type_info=Types.STRING()).sink_to(
        to("stream-of-documents", id_field="id", operation="create")
    )
