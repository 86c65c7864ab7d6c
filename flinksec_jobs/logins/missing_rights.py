# SPDX-License-Identifier: Apache-2.0
"""What it means that Kafka authorizes the job's login for less than the job does."""

from __future__ import annotations

from flinksec_jobs.refusals import TOPIC_FORBIDDEN, Cause


def causes(setting: str, who: str) -> tuple[Cause, ...]:
    """Return what a lack of rights means.

    Args:
        setting: the one that says who the job is for the brokers.
        who: the same in words: "the principal has a ticket but".
    """
    needs = "not the rights: it needs READ or WRITE and DESCRIBE on the topic"
    return (
        # A broker that authorizes says the same of a topic that does not exist.
        Cause(
            "TopicAuthorizationException",
            f"topic, or {setting}",
            f"either the topic does not exist, since the library creates none, or {who} {needs}",
            TOPIC_FORBIDDEN,
        ),
        Cause("AuthorizationException", setting, f"{who} {needs}", TOPIC_FORBIDDEN),
    )
