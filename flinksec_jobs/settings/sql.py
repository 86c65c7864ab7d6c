# SPDX-License-Identifier: Apache-2.0
"""The section ``[sql]``: what tables of Flink SQL may use."""

from __future__ import annotations

from pydantic import Field

from flinksec_jobs.sections.fields import Section


class SqlSettings(Section):
    """What tables of Flink SQL may use."""

    connectors: tuple[str, ...] = Field(
        default=(),
        description="More connectors of tables, by Flink's names, such as filesystem or print. "
        "Without it: flinksec-kafka, flinksec-upsert-kafka, flinksec-elasticsearch, datagen and "
        "blackhole.",
    )
