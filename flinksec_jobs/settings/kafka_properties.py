# SPDX-License-Identifier: Apache-2.0
"""Which properties of Kafka's clients may be handed through, and with which values.

An allow-list: `kafka_properties.tsv` names every property that the clients of this release know
(a test asks Kafka's own tables), and what is not in it is refused.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from flinksec_jobs.logins import mechanisms
from flinksec_jobs.settings.addresses import no_such_mechanism
from flinksec_jobs.settings.cluster_tls import CIPHER_SUITES
from flinksec_jobs.settings.names import nearest
from flinksec_jobs.settings.secret_names import holds_secret

Class = Literal["free", "connector", "setting", "secret", "refused"]
_FILE = Path(__file__).with_name("kafka_properties.tsv")
_PROTOCOLS = frozenset(CIPHER_SUITES)
_VALUES = {
    "isolation.level": frozenset({"read_committed", "read_uncommitted"}),
    "ssl.endpoint.identification.algorithm": frozenset({"", "https"}),
    "ssl.protocol": _PROTOCOLS,
}
# Each of a list is one of these.
_PARTS = {
    "ssl.enabled.protocols": _PROTOCOLS,
    "ssl.cipher.suites": frozenset(suite for suites in CIPHER_SUITES.values() for suite in suites),
}

STRONG = {
    "ssl.endpoint.identification.algorithm": ("https",),
    "client.dns.lookup": ("use_all_dns_ips",),
    "acks": ("all", "-1"),
    "isolation.level": ("read_committed",),
}
"""Properties that may be set to something weaker, with the values that are not."""


@dataclass(frozen=True)
class KafkaProperty:
    """What is known of one property.

    Attributes:
        name: Kafka's name.
        kind: ``free`` and ``connector`` (of Flink's connector) may be set, nothing else.
        why: why not, or the settings that decide it.
    """

    name: str
    kind: Class
    why: str


@functools.cache
def kafka_properties() -> Mapping[str, KafkaProperty]:
    """Every property, by its name."""
    rows = (line.split("\t") for line in _FILE.read_text("utf-8").splitlines() if line[0] != "#")
    return {
        name: KafkaProperty(name, cast(Class, kind), why[0] if why else "")
        for name, kind, *why in rows
    }


def refused_in_kafka(properties: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield (setting, problem) for Kafka properties that must not be handed through."""
    for name, value in properties.items():
        if problem := _problem(name, value):
            yield f"properties.{name}", problem


def _problem(name: str, value: str) -> str | None:
    known = kafka_properties().get(name)
    if name == "sasl.mechanism" and value not in mechanisms():
        return no_such_mechanism()
    if known and known.kind == "setting":
        return f"has a setting of its own: use {known.why}"
    if holds_secret(name) or (known and known.kind == "secret"):
        instead = f"use {known.why}" if known else "name a file by the setting for it"
        return f"holds a secret, which is never written into the settings: {instead}"
    if known is None:
        guess = nearest(name, kafka_properties())
        return "is no property of Kafka's clients" + (f", did you mean {guess}?" if guess else "")
    if known.kind == "refused":
        return f"cannot be set: {known.why}"
    return _problem_of_value(name, value)


def _problem_of_value(name: str, value: str) -> str | None:
    if "${" in value:
        return "refers to a file or a variable by ${…}, which is not followed: write the value"
    parts = {item.strip() for item in value.split(",")} if name in _PARTS else {value}
    allowed = _VALUES.get(name) or _PARTS.get(name)
    if allowed and not parts <= allowed:
        listed = ", ".join(f'"{item}"' for item in sorted(allowed))
        return f"holds a value that is weak or unknown; there are {listed}"
    return None
