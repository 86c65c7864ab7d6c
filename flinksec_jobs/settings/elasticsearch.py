# SPDX-License-Identifier: Apache-2.0
"""The section ``[elasticsearch]``: where it is, and how much is sent to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.sections.fields import Duration, LocalPath, OneOrMore, Section
from flinksec_jobs.settings import addresses
from flinksec_jobs.settings.https import HttpsSettings


class _Hosts(Section):
    hosts: OneOrMore[addresses.ServerUrl] = Field(
        description="Nodes of one cluster as https://host:port, with a path if a gateway has one; "
        "http:// only with verification = none."
    )


class ElasticsearchSettings(HttpsSettings, _Hosts):
    """Where Elasticsearch or OpenSearch is, and how its certificate is checked."""

    servers_setting: ClassVar[str] = "hosts"
    logins: ClassVar[tuple[str, ...]] = ("username", "api_key", "token", "kerberos")

    api_key: SecretFile | None = Field(
        default=None,
        description="Encoded API key (base64 of id:key), as file:/path. It is read again for each "
        "request.",
    )
    kerberos: bool = Field(
        default=False,
        description="Whether the job logs in by Kerberos (SPNEGO), as who [kerberos] says.",
    )
    kerberos_service_name: str = Field(
        default="HTTP",
        min_length=1,
        description="First part of the nodes' principals, for kerberos; the rest is the host.",
    )
    compress: bool = Field(
        default=True, description="Whether requests are compressed (gzip), and answers may be."
    )
    sniff: bool = Field(
        default=False,
        description="Whether the cluster is asked for its nodes, which then take the place of "
        "hosts. Their addresses must be right for the job, and for their certificates.",
    )
    max_batch_size: int = Field(
        default=1000, ge=1, le=1_000_000, description="Documents of one bulk request, at most."
    )
    max_batch_bytes: int = Field(
        default=5 * 1024 * 1024,
        ge=1024,
        le=1024**3,
        description="Bytes of one bulk request before compression, and of the largest document; "
        "at most the servers' http.max_content_length, by default 100 MB.",
    )
    max_in_flight: int = Field(
        default=4,
        ge=1,
        le=1000,
        description="Bulk requests at the same time, of each parallel instance of a sink.",
    )
    max_buffered: int | None = Field(
        default=None,
        ge=2,
        le=10_000_000,
        description="Documents that wait in each parallel instance before the job is slowed down; "
        "more than max_batch_size. Without it ten batches.",
    )
    flush_interval: Duration = Field(
        default=timedelta(seconds=1),
        description="How long a document waits for its bulk request to fill.",
    )
    target_latency: Duration = Field(
        default=timedelta(seconds=10),
        description="A bulk request that takes longer makes the next ones fewer, and then smaller.",
    )
    retry_timeout: Duration = Field(
        default=timedelta(minutes=5),
        description="How long a document is retried while the servers are overloaded or "
        "unreachable, or refuse the credentials, before the job fails.",
    )
    retry_backoff: Duration = Field(
        default=timedelta(milliseconds=100),
        description="How long a document that was not taken waits before it is sent again; each "
        "time twice as long, with jitter.",
    )
    max_retry_backoff: Duration = Field(
        default=timedelta(seconds=10), description="How long it waits at most."
    )

    setup: LocalPath | None = Field(
        default=None,
        description="Directory of JSON files with lifecycles, templates, indices and data streams "
        "that are made when a job starts, unless they are there: index-template.NAME.json.",
    )
    on_difference: Literal["fail", "apply"] = Field(
        default="fail",
        description="What a job does that starts and finds something else there than its files "
        "say: fail with what differs, or put what the files say in its place.",
    )

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        yield from super()._contradictions()
        if self.max_buffered is not None and self.max_buffered <= self.max_batch_size:
            yield "max_buffered", f"must be more than max_batch_size, {self.max_batch_size}"
        if self.max_retry_backoff < self.retry_backoff:
            yield "max_retry_backoff", "must not be less than retry_backoff"
        if len({urlsplit(host).scheme for host in self.hosts}) > 1:
            yield "hosts", "mixes http:// and https://"
        paths = {urlsplit(host).path for host in self.hosts}
        if len(paths) > 1:
            yield "hosts", "have different paths behind their ports"
        if self.on_difference == "apply" and self.setup is None:
            yield "on_difference", "has no effect without setup"
        if self.sniff and any(paths):
            yield "sniff", "does not go with a path in hosts, which nodes do not know"
