# SPDX-License-Identifier: Apache-2.0
"""A sink that writes to Kafka exactly once: Flink's own, committed by a committer of ours.

The committer (`org.flinksec.kafka.ExactlyOnceCommitter`) asks Kafka what became of a transaction
where Flink's would guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import KafkaSettings


def check(kafka: KafkaSettings, target: str, topic: str | None) -> None:
    """Refuse what does not go together.

    Args:
        kafka: how transactions are named.
        target: what is written to, for messages.
        topic: the one that all records go to; ``None`` if it is chosen for each.

    Raises:
        SettingsError: ids are pooled, and the topics are not known before the records are.
    """
    if kafka.transaction_naming == "pooling" and topic is None:
        raise SettingsError(
            f"what is written to {target} may go to other topics, too, by metadata or as a dead "
            "letter, and kafka.transaction_naming is pooling, which has to know the topics at "
            "start",
            hint='set kafka.transaction_naming = "incrementing"',
        )


def sink(
    kafka: KafkaSettings,
    properties: Mapping[str, str],
    serializer: Any,
    topic: str | None,
    transactional_id_prefix: str,
) -> Any:
    """Return the Java sink.

    Args:
        kafka: how transactions are named, and what follows when one is lost.
        properties: of its producers.
        serializer: Java's, from elements to records.
        topic: the one that all records go to; ``None`` if it is chosen for each.
        transactional_id_prefix: which no other sink has.
    """
    return jvm.view().org.flinksec.kafka.ExactlyOnceSink.of(
        serializer,
        jvm.string_map(properties),
        transactional_id_prefix,
        kafka.transaction_naming,
        kafka.on_lost_transaction,
        topic,
    )
