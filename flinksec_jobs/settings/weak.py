# SPDX-License-Identifier: Apache-2.0
"""Which choices in the settings are weaker than they could be; announced at every start."""

from collections.abc import Iterator

from .models import Settings


def weaknesses(settings: Settings) -> list[str]:
    """Return one line for every choice that is weaker than the default, naming the endpoint."""
    found = [*_kafka_weaknesses(settings), *_elasticsearch_weaknesses(settings)]
    if settings.hdfs:
        for name in ("rpc_protection", "data_transfer_protection"):
            if (level := getattr(settings.hdfs, name)) != "privacy":
                found.append(
                    f"HDFS at {settings.hdfs.uri} is not encrypted: "
                    + _said(settings, f"hdfs.{name}", level)
                )
    if settings.state and not settings.state.sealed:
        found.append(
            f"state in {settings.state.uri} is neither encrypted nor authenticated: "
            + _said(settings, "state.sealed", "false")
        )
    return found


def _kafka_weaknesses(settings: Settings) -> Iterator[str]:
    kafka = settings.kafka
    if kafka is None:
        return
    where = f"Kafka at {','.join(kafka.bootstrap_servers)}"
    protocol = _said(settings, "kafka.security_protocol", kafka.security_protocol)
    if kafka.security_protocol == "PLAINTEXT":
        yield f"{where} is neither encrypted nor authenticated: {protocol}"
    if kafka.security_protocol == "SASL_PLAINTEXT":
        yield f"{where} is not encrypted: {protocol}"
    if kafka.security_protocol == "SSL" and not kafka.client_cert:
        yield f"{where} does not know who the job is: {protocol} without kafka.client_cert"
    name = "ssl.endpoint.identification.algorithm"
    if kafka.uses_tls and kafka.properties.get(name, "https").lower() != "https":
        yield f"{where} may have any host name: " + _said(
            settings, f"kafka.properties.{name}", kafka.properties[name] or "''"
        )


def _elasticsearch_weaknesses(settings: Settings) -> Iterator[str]:
    elasticsearch = settings.elasticsearch
    if elasticsearch is None:
        return
    where = f"Elasticsearch at {','.join(elasticsearch.hosts)}"
    verification = _said(settings, "elasticsearch.verification", elasticsearch.verification)
    if any(host.startswith("http:") for host in elasticsearch.hosts):
        yield f"{where} is not encrypted, credentials included: http:// in elasticsearch.hosts"
    elif elasticsearch.verification == "none":
        yield f"{where} may be anyone, its certificate is not checked: {verification}"
    elif elasticsearch.verification == "certificate":
        yield f"{where} may have any host name: {verification}"
    if not (elasticsearch.username or elasticsearch.api_key or elasticsearch.client_cert):
        yield f"{where} does not know who the job is: neither username, api_key nor client_cert"


def _said(settings: Settings, setting: str, value: str) -> str:
    return f"{setting} = {value} (set by {settings.origin(setting)})"
