# SPDX-License-Identifier: Apache-2.0
"""The section ``[kafka]``: where Kafka is, and how it is reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, create_model

from flinksec_jobs.logins import fields, mechanism, mechanisms
from flinksec_jobs.sections.fields import (
    Duration,
    OneOf,
    OneOrMore,
    Section,
    Strings,
    refusal,
)
from flinksec_jobs.settings import addresses
from flinksec_jobs.settings.certificate_files import CertificateFiles
from flinksec_jobs.settings.kafka_properties import refused_in_kafka
from flinksec_jobs.settings.secret_names import is_secret_name

# What services call the keys in their addresses.
_KEYS_OF_URLS = {"code", "key", "sig", "signature"}


def _without_colon(value: str | None) -> str | None:
    if value is not None and ":" in value:
        raise refusal("must have no colon, which ends the job's name in transactional ids")
    return value


class _Protocol(Section):
    bootstrap_servers: OneOrMore[addresses.HostPort] = Field(
        description="Brokers to ask first, each as host:port."
    )
    security_protocol: Literal["SASL_SSL", "SSL", "SASL_PLAINTEXT", "PLAINTEXT"] = Field(
        default="SASL_SSL",
        description="SASL_SSL: a login by sasl_mechanism, over TLS. SSL: TLS, by a client "
        "certificate if one is set. SASL_PLAINTEXT: a login without encryption. PLAINTEXT: "
        "neither.",
    )
    sasl_mechanism: Annotated[str, BeforeValidator(addresses.sasl_mechanism), OneOf(mechanisms)] = (
        Field(default="GSSAPI", description="How SASL proves who the job is; GSSAPI is Kerberos.")
    )

    @property
    def uses_tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.security_protocol in {"SASL_SSL", "SSL"}

    @property
    def uses_sasl(self) -> bool:
        """Whether the job proves who it is by `sasl_mechanism`."""
        return self.security_protocol in {"SASL_SSL", "SASL_PLAINTEXT"}


if TYPE_CHECKING:
    # Which settings logins have is known when their files are; only the logins read them.
    class _Login(_Protocol): ...

else:
    _Login = create_model("_Login", __base__=_Protocol, **fields())


class KafkaSettings(CertificateFiles, _Login):
    """Where Kafka is, and how it is reached."""

    group_id: str | None = Field(
        default=None, min_length=1, description="Consumer group. Without it, the job's name."
    )
    transactional_id_prefix: Annotated[str | None, AfterValidator(_without_colon)] = Field(
        default=None,
        min_length=1,
        description="What transactional ids begin with, before a slash and the job's name. "
        "Without it they begin with the job's name.",
    )
    transaction_timeout: Duration = Field(
        default=timedelta(minutes=15),
        description="How long a transaction may stay open; at most the brokers' "
        "transaction.max.timeout.ms, by default 15 minutes.",
    )
    transaction_naming: Literal["incrementing", "pooling"] = Field(
        default="incrementing",
        description="How transactional ids are made. incrementing: a new one for each checkpoint, "
        "which the brokers remember for a week. pooling: a few, used again and again; it takes "
        "Kafka 3.0 and the right READ on the topics that are written.",
    )
    on_lost_transaction: Literal["fail", "log"] = Field(
        default="fail",
        description="What a job does when the brokers have aborted what it wrote before it was "
        "committed. fail: it ends, and does not start again by itself. log: it goes on without "
        "these records, and its log says so.",
    )
    on_lost_offsets: Literal["fail", "earliest"] = Field(
        default="fail",
        description="What a job does when it has to go on at an offset that its partition does "
        "not have: records have expired unread, or the topic was cut or made anew. fail: it ends, "
        "and does not start again by itself. earliest: it goes on at the earliest record.",
    )
    properties: Strings = Field(
        default={},
        description="More properties of Kafka's clients, by Kafka's names; only those that are "
        "known to weaken nothing.",
    )

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        yield from super()._contradictions()
        yield from self._without_effect()
        yield from self._secrets_of_logins()
        yield from refused_in_kafka(self.properties)

    def _secrets_of_logins(self) -> Iterator[tuple[str, str]]:
        """Yield what would put a secret into the job, where everybody reads it, and in no file."""
        for name in fields():
            value = getattr(self, name)
            if isinstance(value, Mapping):
                inside = [key for key in value if is_secret_name(key)]
            elif isinstance(value, str) and "://" in value:
                query = parse_qsl(urlsplit(value).query, keep_blank_values=True)
                inside = [
                    key for key, _ in query if is_secret_name(key) or key.lower() in _KEYS_OF_URLS
                ]
            else:
                continue
            if inside:
                yield (
                    name,
                    f"has a value for {inside[0]}, which would be a secret that stands in the job, "
                    "for all to read: remove it",
                )

    def _without_effect(self) -> Iterator[tuple[str, str]]:
        """Yield what is for another login than the one that is chosen."""
        chosen = self.sasl_mechanism if self.uses_sasl else None
        used = mechanism(chosen).fields if chosen else {}
        for known in mechanisms():
            for name, (_, field) in mechanism(known).fields.items():
                if name not in used and getattr(self, name) != field.default:
                    protocol = "" if self.uses_sasl else " and kafka.security_protocol = SASL_SSL"
                    yield (
                        name,
                        f"has no effect: it is for kafka.sasl_mechanism = {known}{protocol}",
                    )
        if chosen != "GSSAPI":
            for name in self.properties:
                if name.startswith("sasl.kerberos."):
                    yield f"properties.{name}", "has no effect: the login is not by Kerberos"
        if not self.uses_tls:
            for name in self.properties:
                if name.startswith("ssl."):
                    yield f"properties.{name}", "has no effect: there is no TLS"
