# SPDX-License-Identifier: Apache-2.0
"""Which choices in the settings are weaker than they could be; announced at every start."""

from collections.abc import Iterator
from typing import NamedTuple

from flinksec_jobs.findings import Finding, Kind, Where, warning
from flinksec_jobs.settings.flink_options import options_set_by
from flinksec_jobs.settings.https import HttpsSettings
from flinksec_jobs.settings.kafka_properties import STRONG
from flinksec_jobs.settings.models import Settings
from flinksec_jobs.settings.passthrough import is_sealed

_KAFKA_OPEN = warning("kafka-open", "Kafka is neither encrypted nor authenticated")
_KAFKA_CLEAR = warning("kafka-not-encrypted", "Kafka is not encrypted")
_KAFKA_ANONYMOUS = warning("kafka-anonymous", "the job does not log in to Kafka")
_KAFKA_ANY_HOST = warning("kafka-any-host-name", "Kafka's certificate may be for another host")
_KAFKA_REVERSE_DNS = warning("kafka-host-name-by-dns", "reverse DNS chooses Kafka's host name")
_KAFKA_LOSES = warning("kafka-may-lose-records", "Kafka may lose what was written")
_KAFKA_READS_ALL = warning(
    "kafka-reads-uncommitted", "a job reads what others wrote in attempts that failed"
)
_KAFKA_GOES_ON = warning(
    "kafka-goes-on-without-records", "a job goes on without records that it has lost"
)


class _Https(NamedTuple):
    """What may be weak about servers over HTTPS."""

    clear: Kind
    anyone: Kind
    any_host: Kind
    anonymous: Kind
    proxy: Kind


_HTTPS = {
    "elasticsearch": _Https(
        warning("elasticsearch-not-encrypted", "Elasticsearch is not encrypted"),
        warning("elasticsearch-unchecked", "Elasticsearch's certificate is not checked"),
        warning(
            "elasticsearch-any-host-name", "Elasticsearch's certificate may be for another host"
        ),
        warning("elasticsearch-anonymous", "the job does not log in to Elasticsearch"),
        warning("elasticsearch-proxy-password", "the password of the proxy goes to it unencrypted"),
    ),
    "schema_registry": _Https(
        warning("schema-registry-not-encrypted", "the schema registry is not encrypted"),
        warning("schema-registry-unchecked", "the schema registry's certificate is not checked"),
        warning(
            "schema-registry-any-host-name",
            "the schema registry's certificate may be for another host",
        ),
        warning("schema-registry-anonymous", "the job does not log in to the schema registry"),
        warning(
            "schema-registry-proxy-password", "the password of the proxy goes to it unencrypted"
        ),
    ),
}
_REGISTERS = warning("schemas-registered-by-the-job", "the job may register schemas")
_HDFS_CLEAR = warning("hdfs-not-encrypted", "HDFS is not encrypted")
_STATE_CLEAR = warning("state-not-sealed", "state is neither encrypted nor authenticated")
_METRICS = warning("metrics-not-encrypted", "whoever reaches a process reads its metrics")
_ZOOKEEPER = warning("zookeeper-open", "ZooKeeper is neither encrypted nor authenticated")
_SQL_CONNECTOR = warning(
    "sql-connector-unchecked", "what a connector of tables connects to is checked by nobody"
)
_FLINK_WEAK = warning("flink-option-weakens", "an option in [flink] weakens something")
_FLINK_UNKNOWN = warning("flink-option-unknown", "Flink knows no option of this name in [flink]")
_RECOVERY = warning("recovery-not-authenticated", "a job starts from state that is not sealed")

# Properties of Kafka's clients that may be set to something weaker: kind and effect.
_KAFKA_PROPERTIES = (
    (
        "ssl.endpoint.identification.algorithm",
        _KAFKA_ANY_HOST,
        "may have any host name",
    ),
    (
        "client.dns.lookup",
        _KAFKA_REVERSE_DNS,
        "may have the host name that the reverse DNS of its address gives",
    ),
    ("acks", _KAFKA_LOSES, "may lose what was written"),
    (
        "isolation.level",
        _KAFKA_READS_ALL,
        "gives records of transactions that are aborted, or not yet committed",
    ),
)


def weaknesses(settings: Settings) -> list[Finding]:
    """Return a warning for every choice that is weaker than the default, naming the endpoint."""
    return [
        *_clusters(settings),
        *_elasticsearch(settings),
        *_schema_registry(settings),
        *_hdfs(settings),
        *_state(settings),
        *_sql(settings),
        *_flink(settings),
        *_metrics(settings),
        *_zookeeper(settings),
    ]


def _found(
    kind: Kind, settings: Settings, setting: str, value: str, effect: str, *, fix: str
) -> Finding:
    origin = settings.origin(setting)
    where = Where(setting=setting, origin=None if origin == "default" else origin)
    return kind.at(where, f"with {value}, {effect}", fix=fix)


def _clusters(settings: Settings) -> Iterator[Finding]:
    for cluster in settings.clusters:
        view = settings.on_kafka(cluster)
        yield from view.spelling.findings(_kafka(view))


def _kafka(settings: Settings) -> Iterator[Finding]:
    kafka = settings.kafka
    if kafka is None:
        return
    endpoint = f"Kafka at {','.join(kafka.bootstrap_servers)}"
    setting, protocol = "kafka.security_protocol", kafka.security_protocol
    if protocol == "PLAINTEXT":
        effect = f"{endpoint} is neither encrypted nor authenticated"
        yield _found(_KAFKA_OPEN, settings, setting, protocol, effect, fix="use SASL_SSL or SSL")
    if protocol == "SASL_PLAINTEXT":
        effect = f"{endpoint} is not encrypted"
        yield _found(_KAFKA_CLEAR, settings, setting, protocol, effect, fix="use SASL_SSL")
    if protocol == "SSL" and not kafka.client_cert:
        effect = f"and without kafka.client_cert, {endpoint} does not know who the job is"
        fix = "use SASL_SSL, or set kafka.client_cert and kafka.client_key"
        yield _found(_KAFKA_ANONYMOUS, settings, setting, protocol, effect, fix=fix)
    if kafka.on_lost_transaction == "log":
        setting = "kafka.on_lost_transaction"
        effect = f"a job goes on without what {endpoint} has lost of its records"
        yield _found(_KAFKA_GOES_ON, settings, setting, "log", effect, fix="leave it out")
    if kafka.on_lost_offsets == "earliest":
        setting = "kafka.on_lost_offsets"
        effect = f"a job passes over what {endpoint} has lost, or reads a topic again"
        yield _found(_KAFKA_GOES_ON, settings, setting, "earliest", effect, fix="leave it out")
    for name, kind, effect in _KAFKA_PROPERTIES:
        strong = STRONG[name]
        value = kafka.properties.get(name, strong[0])
        if value not in strong and (kafka.uses_tls or name in {"acks", "isolation.level"}):
            setting, told = f"kafka.properties.{name}", f"{endpoint} {effect}"
            fix = f"leave it out, or set it to {strong[0]}"
            yield _found(kind, settings, setting, value or "''", told, fix=fix)


def _elasticsearch(settings: Settings) -> Iterator[Finding]:
    if settings.elasticsearch is not None:
        yield from _https(settings, "elasticsearch", "Elasticsearch", settings.elasticsearch)


def _schema_registry(settings: Settings) -> Iterator[Finding]:
    registry = settings.schema_registry
    if registry is None:
        return
    yield from _https(settings, "schema_registry", "the schema registry", registry)
    if registry.auto_register:
        effect = "a job may register schemas that nobody has looked at"
        fix = "register schemas before they are used, and leave it out"
        yield _found(_REGISTERS, settings, "schema_registry.auto_register", "true", effect, fix=fix)


def _https(settings: Settings, section: str, name: str, found: HttpsSettings) -> Iterator[Finding]:
    kinds = _HTTPS[section]
    endpoint = f"{name} at {','.join(found.servers)}"
    setting, verification = f"{section}.verification", found.verification
    if not found.uses_tls:
        effect = f"{endpoint} is not encrypted, credentials included"
        fix = "have TLS switched on there, and use https://"
        where = f"{section}.{found.servers_setting}"
        yield _found(kinds.clear, settings, where, "http://", effect, fix=fix)
    elif verification == "none":
        effect = f"{endpoint} may be anyone, its certificate is not checked"
        fix = f"set it to full, with {section}.ca_certs, or to fingerprint"
        yield _found(kinds.anyone, settings, setting, verification, effect, fix=fix)
    elif verification == "certificate":
        effect = f"{endpoint} may have any host name"
        fix = "set it to full, and name the host as its certificate does"
        yield _found(kinds.any_host, settings, setting, verification, effect, fix=fix)
    if found.proxy and found.proxy_username:
        effect = f"the password of the proxy {found.proxy} goes to it unencrypted"
        fix = "use a password that opens nothing else, or a proxy that knows the job's address"
        where = f"{section}.proxy_username"
        yield _found(kinds.proxy, settings, where, found.proxy_username, effect, fix=fix)
    if not found.says_who:
        ways = [*found.logins, "client_cert"]
        yield kinds.anonymous.at(
            Where(setting=section),
            f"with none of {', '.join(ways)}, {endpoint} does not know who the job is",
            fix=f"set one of them, such as {section}.{found.logins[1]}",
        )


def _hdfs(settings: Settings) -> Iterator[Finding]:
    if settings.hdfs is None:
        return
    effect = f"HDFS at {settings.hdfs.uri} is not encrypted"
    fix = "set it to privacy, here and on the servers"
    for name in ("rpc_protection", "data_transfer_protection"):
        if (level := getattr(settings.hdfs, name)) != "privacy":
            yield _found(_HDFS_CLEAR, settings, f"hdfs.{name}", level, effect, fix=fix)


def _state(settings: Settings) -> Iterator[Finding]:
    if settings.state and not settings.state.sealed:
        effect = f"state in {settings.state.uri} is neither encrypted nor authenticated"
        fix = "leave it out, and name a key ring in state.keys"
        yield _found(_STATE_CLEAR, settings, "state.sealed", "false", effect, fix=fix)


def _sql(settings: Settings) -> Iterator[Finding]:
    for connector in settings.sql.connectors:
        effect = (
            "tables print their rows into the log"
            if connector == "print"
            else "nobody checks what its tables connect to, and how"
        )
        fix = "leave it out unless it is meant"
        yield _found(_SQL_CONNECTOR, settings, "sql.connectors", connector, effect, fix=fix)


def _flink(settings: Settings) -> Iterator[Finding]:
    sealed = settings.state is not None and settings.state.sealed
    for key, value in settings.flink.items():
        setting, said = f"flink.{key}", str(value)
        options = options_set_by(key)
        for option in options:
            if option.kind == "announced":
                fix = "leave it out unless it is meant"
                yield _found(_FLINK_WEAK, settings, setting, said, option.detail, fix=fix)
            if option.kind == "recovery" and sealed and not is_sealed(value):
                effect = "the state that the job starts from is not authenticated"
                fix = "name a sealed checkpoint or savepoint: sealed+ before its scheme"
                yield _found(_RECOVERY, settings, setting, said, effect, fix=fix)
        if not options:
            effect = "nothing happens: this release of Flink knows no such option"
            fix = "compare its name with Flink's documentation"
            yield _found(_FLINK_UNKNOWN, settings, setting, said, effect, fix=fix)


def _metrics(settings: Settings) -> Iterator[Finding]:
    cluster = settings.cluster
    if cluster and cluster.metrics.prometheus == "plain":
        effect = f"metrics on port {cluster.metrics.port} are in clear, and anyone may ask for them"
        fix = "set it to mutual-tls, and make its certificate: `flinksec certs metrics`"
        setting = "cluster.metrics.prometheus"
        yield _found(_METRICS, settings, setting, "plain", effect, fix=fix)


def _zookeeper(settings: Settings) -> Iterator[Finding]:
    cluster = settings.cluster
    if cluster and cluster.high_availability == "zookeeper":
        quorum = ",".join(cluster.zookeeper_quorum)
        yield _found(
            _ZOOKEEPER,
            settings,
            "cluster.high_availability",
            "zookeeper",
            f"ZooKeeper at {quorum} is neither encrypted nor authenticated, and tells a "
            "JobManager which job and checkpoint are its own",
            fix="let nobody else reach ZooKeeper, or use kubernetes where there is Kubernetes",
        )
