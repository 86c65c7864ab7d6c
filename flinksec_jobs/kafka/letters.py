# SPDX-License-Identifier: Apache-2.0
"""Dead letters on Kafka: the policy that the JVM is told, and the sink of a stream of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flinksec_jobs import formats
from flinksec_jobs.job_name import transactional_id_prefix
from flinksec_jobs.kafka import exactly_once
from flinksec_jobs.kafka.client import producer_properties
from flinksec_jobs.kafka.sink import SinkOptions, uses
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import KafkaSettings

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings
    from flinksec_jobs.uses import Use

_LARGEST_REQUEST = "33554432"  # ``TopicLimits.REQUEST``: the topic says what is too large


@dataclass(frozen=True)
class Policy:
    """Where the dead letters of a job go, and how many there may be.

    Attributes:
        job: the job's name.
        topic: that keeps them.
        most: so many may there be in the window; 0 for any number.
        window: the time that this is about.
    """

    job: str
    topic: str
    most: int
    window: timedelta

    def in_java(self) -> Any:
        """Return the Java ``LetterPolicy``."""
        window = self.window // timedelta(milliseconds=1)
        return jvm.view().org.flinksec.badrecords.LetterPolicy(
            self.job, self.topic, self.most, window
        )


def uses_of_letters(settings: Settings, policy: Policy) -> list[Use]:
    """Return what a job needs that writes dead letters."""
    return uses(settings, SinkOptions(policy.topic, formats.to_write("json")), policy.job)


def properties(settings: Settings) -> dict[str, str]:
    """Return the properties of a producer that may write letters, which can be large."""
    return {"max.request.size": _LARGEST_REQUEST} | producer_properties(settings)


def sink_of_letters(settings: Settings, policy: Policy) -> Any:
    """Return the Java sink of a stream of letters, exactly once."""
    kafka = settings.need(KafkaSettings)
    given = properties(settings)
    schema = jvm.view().org.flinksec.kafka.LetterSerializationSchema.of(
        policy.in_java(), jvm.string_map(given)
    )
    prefix = transactional_id_prefix(
        policy.job,
        policy.topic,
        "letters",
        prefix=kafka.transactional_id_prefix,
        cluster=settings.kafka_cluster,
    )
    return exactly_once.sink(kafka, given, schema, policy.topic, prefix)
