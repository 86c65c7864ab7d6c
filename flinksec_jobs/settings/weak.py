# SPDX-License-Identifier: Apache-2.0
"""Which choices in the settings are weaker than they could be; announced at every start."""

from collections.abc import Iterator

from flinksec_jobs.settings.flink_options import options_set_by
from flinksec_jobs.settings.models import Settings
from flinksec_jobs.settings.passthrough import is_sealed

# Properties of Kafka's clients that may be set to something weaker: name, strong values, effect.
_KAFKA_PROPERTIES = (
    ("ssl.endpoint.identification.algorithm", ("https",), "may have any host name"),
    (
        "client.dns.lookup",
        ("use_all_dns_ips",),
        "may have the host name that the reverse DNS of its address gives",
    ),
    ("acks", ("all", "-1"), "may lose what was written"),
)


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
    return [*found, *_state_weaknesses(settings)]


def _state_weaknesses(settings: Settings) -> Iterator[str]:
    yield from _flink_weaknesses(settings)
    cluster = settings.cluster
    if cluster and cluster.high_availability == "zookeeper":
        said = _said(settings, "cluster.high_availability", "zookeeper")
        yield (
            f"ZooKeeper at {','.join(cluster.zookeeper_quorum)} is neither encrypted nor "
            f"authenticated, and tells a JobManager which job and checkpoint are its own: {said}"
        )


def _flink_weaknesses(settings: Settings) -> Iterator[str]:
    sealed = settings.state is not None and settings.state.sealed
    for key, value in settings.flink.items():
        said = _said(settings, f"flink.{key}", str(value))
        options = options_set_by(key)
        for option in options:
            if option.kind == "announced":
                yield f"{option.detail}: {said}"
            if option.kind == "recovery" and sealed and not is_sealed(value):
                yield f"the state that the job starts from is not authenticated: {said}"
        if not options:
            yield f"this release of Flink knows no such option: {said}"


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
    for name, strong, effect in _KAFKA_PROPERTIES:
        value = kafka.properties.get(name, strong[0])
        if value not in strong and (kafka.uses_tls or name == "acks"):
            said = _said(settings, f"kafka.properties.{name}", value or "''")
            yield f"{where} {effect}: {said}"


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
