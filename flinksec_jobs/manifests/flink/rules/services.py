# SPDX-License-Identifier: Apache-2.0
"""Flink's services beside its clusters: SQL gateways and history servers."""

from __future__ import annotations

from collections.abc import Iterator

from flinksec_jobs.manifests.flink.flink_processes import FlinkProcess, services
from flinksec_jobs.manifests.kube.objects import Manifests, Place
from flinksec_jobs.manifests.rule import rule

_LOOPBACK = ("localhost", "127.", "::1")


@rule(
    "flink-sql-gateway",
    why="an SQL gateway asks nobody who they are, and runs what anyone sends who reaches it",
    fix="bind it to loopback, or set security.ssl.rest.authentication-enabled with its stores",
)
def _sql_gateway(manifests: Manifests) -> Iterator[Place]:
    option = "sql-gateway.endpoint.rest.address"
    for service in services(manifests):
        if service.program != "sql-gateway":
            continue
        bound = service.options.get("sql-gateway.endpoint.rest.bind-address")
        address = bound or service.options.get(option, "")
        kind = service.options.get("sql-gateway.endpoint.type", "rest")
        closed = address.startswith(_LOOPBACK) or (_asks(service) and kind == "rest")
        if not closed or "hiveserver2" in kind:
            yield service.at(option, address or "missing")


@rule(
    "flink-history-server",
    why="a history server shows the configuration and the failures of all jobs to whoever asks",
    fix="set historyserver.web.ssl.enabled and security.ssl.rest.authentication-enabled",
)
def _history_server(manifests: Manifests) -> Iterator[Place]:
    option = "historyserver.web.ssl.enabled"
    for service in services(manifests):
        if service.program == "history-server":
            encrypted = service.options.get(option, "").lower() == "true"
            if not (encrypted and _asks(service)):
                yield service.at(option, service.options.get(option, "missing"))


def _asks(service: FlinkProcess) -> bool:
    """Whether its port wants a certificate of the client."""
    return all(
        service.options.get(f"security.ssl.rest.{name}", "").lower() not in {"", "false"}
        for name in ("enabled", "authentication-enabled", "truststore")
    )
