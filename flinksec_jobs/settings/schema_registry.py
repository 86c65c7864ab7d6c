# SPDX-License-Identifier: Apache-2.0
"""The section ``[schema_registry]``: where schemas of records are registered."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field

from flinksec_jobs.sections.fields import Duration, OneOrMore, Section
from flinksec_jobs.settings import addresses
from flinksec_jobs.settings.https import HttpsSettings

SubjectNaming = Literal["topic_name", "record_name", "topic_record_name"]


class _Urls(Section):
    urls: OneOrMore[addresses.ServerUrl] = Field(
        description="Addresses of one registry as https://host:port, with the path of its "
        "interface if it has one, asked in turn; http:// only with verification = none."
    )


class SchemaRegistrySettings(HttpsSettings, _Urls):
    """Where schemas of records are registered, in Confluent's interface."""

    servers_setting: ClassVar[str] = "urls"

    subject_naming: SubjectNaming = Field(
        default="topic_name",
        description="Under which subject a schema is: topic_name: TOPIC-value, TOPIC-key. "
        "record_name: the record's full name. topic_record_name: TOPIC-NAME.",
    )
    auto_register: bool = Field(
        default=False,
        description="Whether a job registers a schema that its subject does not have, where the "
        "subject's rule of compatibility allows it.",
    )
    retry_timeout: Duration = Field(
        default=timedelta(minutes=1),
        description="How long a running job asks a registry that does not answer, before it fails.",
    )
