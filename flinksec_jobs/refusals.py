# SPDX-License-Identifier: Apache-2.0
"""What the refusals of servers mean: which setting is behind them, and what to do.

The texts looked for are those of the JVM's clients, which say what failed in their own terms and
seldom what to change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from flinksec_jobs.errors import JobError
from flinksec_jobs.findings import Finding, Kind, Where, problem

KEY_REFUSED = problem("kerberos-key-refused", "the KDC refuses the key in the keytab")
PRINCIPAL_UNKNOWN = problem("principal-unknown", "the KDC does not know the principal")
CLOCK_SKEW = problem("clock-skew", "the clocks of this machine and the KDC differ too much")
NO_KDC = problem("kdc-not-named", "krb5.conf names no KDC for the realm")
NO_REALM = problem("realm-not-named", "krb5.conf names no default realm")
NOT_LOADED = problem("krb5-conf-not-loaded", "Java cannot read krb5.conf, or a file it includes")
KDC_SILENT = problem("kdc-not-reached", "the KDC does not answer")
SERVICE_UNKNOWN = problem("service-unknown", "the KDC does not know the service")
SERVER_EXPIRED = problem("server-certificate-expired", "a server's certificate has ended")
SERVER_UNTRUSTED = problem(
    "server-certificate-untrusted", "no trusted CA has signed a server's certificate"
)
SERVER_NAME = problem(
    "server-certificate-of-another-host", "a server's certificate is for another host"
)
WANTS_CERTIFICATE = problem("client-certificate-wanted", "a server requires a client certificate")
HOST_UNKNOWN = problem("host-name-unknown", "a host name cannot be resolved")
LOGIN_REFUSED = problem("kafka-login-refused", "Kafka refuses the login")
MECHANISM_OFF = problem("kafka-mechanism-not-enabled", "the brokers do not offer the mechanism")
CERTIFICATE_REFUSED = problem(
    "client-certificate-refused", "the brokers refuse the job's certificate"
)
SECRET_GONE = problem("kafka-secret-unusable", "a secret of the login cannot be read any more")
TOKEN_REFUSED = problem("token-refused", "no token for this client, or one that is over")
TOKEN_SERVER = problem("token-endpoint-not-usable", "the token endpoint gives no token")
TOKEN_UNTRUSTED = problem(
    "token-endpoint-untrusted", "the certificate of the token endpoint is not to be trusted"
)
TOPIC_FORBIDDEN = problem(
    "kafka-not-authorized", "the job has no right on a topic, or the topic does not exist"
)
TOPIC_UNKNOWN = problem("topic-unknown", "a topic does not exist")
TOPIC_NAME = problem("topic-name-invalid", "no topic can have this name")
PROPERTY_WRONG = problem(
    "kafka-property-unusable", "a property has a value that Kafka's clients do not take"
)
NOT_IDEMPOTENT = problem(
    "kafka-properties-forbid-transactions", "properties of Kafka's clients exclude transactions"
)
KAFKA_SILENT = problem("kafka-not-reached", "no broker answers")
PATH_NAME = problem("hdfs-path-invalid", "HDFS does not accept the path")
HDFS_SILENT = problem("hdfs-not-reached", "the NameNode does not answer")
NO_NAMENODE = problem("hdfs-is-something-else", "another program than a NameNode answers")
PROTECTION = problem(
    "hdfs-protection-mismatch", "client and servers of HDFS protect connections differently"
)
NO_TICKET = problem("hdfs-login-refused", "the NameNode refuses the job's ticket")
SERVICE_PRINCIPAL = problem("hdfs-principal-mismatch", "the NameNode has another principal")
HDFS_FORBIDDEN = problem("hdfs-not-authorized", "the job has no right on a path of HDFS")
FINGERPRINT = problem("fingerprint-mismatch", "a server's certificate has another fingerprint")
NO_TLS = problem("server-speaks-no-tls", "a server does not speak TLS")
CREDENTIALS = problem("elasticsearch-login-refused", "Elasticsearch refuses the credentials")
INDEX_FORBIDDEN = problem("elasticsearch-not-authorized", "the job has no right on an index")
INDEX_NAME = problem("index-name-invalid", "no index can have this name")
SOMETHING_ELSE = problem(
    "elasticsearch-is-something-else", "another program than Elasticsearch answers"
)
ELASTICSEARCH_SILENT = problem("elasticsearch-not-reached", "Elasticsearch does not answer")
REGISTRY_CREDENTIALS = problem(
    "schema-registry-login-refused", "the schema registry refuses the credentials, or a request"
)
REGISTRY_ELSE = problem(
    "schema-registry-is-something-else", "another program than a schema registry answers"
)
REGISTRY_SILENT = problem("schema-registry-not-reached", "the schema registry does not answer")
SCHEMA_MISSING = problem(
    "schema-not-registered", "the schema registry does not have the schema to write with"
)
SCHEMA_INCOMPATIBLE = problem(
    "schema-incompatible", "a schema does not fit the record class, or the schemas before it"
)
REFUSED = problem("refused", "a server refuses the job for a reason that has no id of its own")

_SETTING = re.compile(r"[a-z_]+\.[a-z0-9_]+")


class Cause(NamedTuple):
    """What a part of an exception's text means.

    Attributes:
        part: of the text.
        setting: the one behind it, or the argument of a method.
        hint: the way out.
        kind: of the finding.
    """

    part: str
    setting: str
    hint: str
    kind: Kind = REFUSED


KEYTAB = (
    "compare principal and keytab with `klist -k`, and export the keytab again if its key is old"
)
_CLOCK = "the clocks of this machine and the KDC differ too much: synchronise them"
_UNTRUSTED = "name the file with the certificate of the CA that signed the server's"
_EXPIRED = "the server's certificate has expired: have it renewed"
_NAME = "the certificate is for another host: use the name that stands in it"

KERBEROS = (
    Cause("Unable to obtain password", "kerberos.keytab", KEYTAB, KEY_REFUSED),
    Cause("Unable to obtain Principal Name", "kerberos.keytab", KEYTAB, KEY_REFUSED),
    Cause("Checksum failed", "kerberos.keytab", KEYTAB, KEY_REFUSED),
    # What a key that does not fit looks like when the KDC asks for no pre-authentication.
    Cause("Identifier doesn't match expected value", "kerberos.keytab", KEYTAB, KEY_REFUSED),
    Cause("Pre-authentication information was invalid", "kerberos.keytab", KEYTAB, KEY_REFUSED),
    Cause("Client not found in Kerberos database", "kerberos.principal", KEYTAB, PRINCIPAL_UNKNOWN),
    Cause("Clock skew", "kerberos.krb5_conf", _CLOCK, CLOCK_SKEW),
    Cause(
        "krb5.conf loading failed",
        "kerberos.krb5_conf",
        "make sure that it is text in the form of krb5.conf, and that the job's user may read "
        "every file that it includes",
        NOT_LOADED,
    ),
    Cause(
        "Cannot locate KDC",
        "kerberos.krb5_conf",
        "add a KDC for the realm of kerberos.principal to it",
        NO_KDC,
    ),
    Cause(
        "Cannot locate default realm", "kerberos.krb5_conf", "add a default_realm to it", NO_REALM
    ),
    Cause(
        "Connection refused",
        "kerberos.krb5_conf",
        "check that the KDC that it names is up and can be reached",
        KDC_SILENT,
    ),
    Cause(
        "timed out",
        "kerberos.krb5_conf",
        "check that the KDC that it names is up and can be reached",
        KDC_SILENT,
    ),
)

KAFKA = (
    Cause(
        "UnsupportedSaslMechanismException",
        "kafka.sasl_mechanism",
        "choose one that the brokers have enabled on this listener (sasl.enabled.mechanisms)",
        MECHANISM_OFF,
    ),
    *(
        Cause(
            alert,
            "kafka.client_cert",
            f"have the job's certificate renewed, or ask why the brokers refuse it: {why}",
            CERTIFICATE_REFUSED,
        )
        for alert, why in (
            ("fatal alert: certificate_expired", "it has expired"),
            ("fatal alert: certificate_revoked", "it is revoked"),
            ("fatal alert: certificate_unknown", "they do not trust it"),
            (
                "fatal alert: bad_certificate",
                "they do not trust it, it has expired, or the job has none",
            ),
            ("fatal alert: unknown_ca", "they do not trust the CA that signed it"),
        )
    ),
    Cause(
        "client_cert: ",
        "kafka.client_cert",
        "write a certificate that is valid, with its key, into the file again",
        SECRET_GONE,
    ),
    Cause(
        "client_key: ",
        "kafka.client_key",
        "write the key of the certificate into the file again, readable by the job's user",
        SECRET_GONE,
    ),
    Cause(
        "client_key_password: ",
        "kafka.client_key_password",
        "compare it with keytool -list -keystore, or with openssl pkey -in",
        SECRET_GONE,
    ),
    Cause(
        "ca_certs_password: ",
        "kafka.ca_certs_password",
        "compare it with keytool -list -keystore",
        SECRET_GONE,
    ),
    Cause(
        "kafka.ca_certs: ",
        "kafka.ca_certs",
        "write the certificates of the trusted CAs into the file again",
        SECRET_GONE,
    ),
    Cause("CertificateExpired", "kafka.ca_certs", _EXPIRED, SERVER_EXPIRED),
    Cause("NotAfter", "kafka.ca_certs", _EXPIRED, SERVER_EXPIRED),
    Cause("certification path", "kafka.ca_certs", _UNTRUSTED, SERVER_UNTRUSTED),
    # Of a CA that has the name of the right one and another key.
    Cause("Signature does not match", "kafka.ca_certs", _UNTRUSTED, SERVER_UNTRUSTED),
    Cause("No subject alternative", "kafka.bootstrap_servers", _NAME, SERVER_NAME),
    Cause("No name matching", "kafka.bootstrap_servers", _NAME, SERVER_NAME),
    Cause(
        "certificate_required",
        "kafka.client_cert",
        "set client_cert and client_key: the broker requires a client certificate",
        WANTS_CERTIFICATE,
    ),
    Cause("SslAuthenticationException", "kafka.ca_certs", _UNTRUSTED, SERVER_UNTRUSTED),
    Cause("SSLHandshakeException", "kafka.ca_certs", _UNTRUSTED, SERVER_UNTRUSTED),
    Cause(
        "without also enabling idempotence",
        "kafka.properties",
        'leave out acks and enable.idempotence, or write delivery="at_least_once"',
        NOT_IDEMPOTENT,
    ),
    Cause(
        "No resolvable bootstrap urls",
        "kafka.bootstrap_servers",
        "correct the host name that cannot be resolved",
        HOST_UNKNOWN,
    ),
    Cause(
        "for configuration transaction.timeout.ms",
        "kafka.transaction_timeout",
        "shorten it: brokers allow 15 minutes, unless their transaction.max.timeout.ms says more",
        PROPERTY_WRONG,
    ),
    Cause(
        "ConfigException: ",
        "kafka.properties",
        "correct the property that is named, or leave it out",
        PROPERTY_WRONG,
    ),
    Cause(
        "UnknownTopicOrPartition",
        "topic",
        "create it first: the library creates no topics",
        TOPIC_UNKNOWN,
    ),
    Cause(
        "InvalidTopicException",
        "topic",
        "use up to 249 ASCII letters, digits, dots, dashes and "
        "underscores; patterns of names are not possible",
        TOPIC_NAME,
    ),
    Cause(
        "Timeout",
        "kafka.bootstrap_servers",
        "check that the broker is up, and that this is the listener for kafka.security_protocol",
        KAFKA_SILENT,
    ),
)

HDFS = (
    Cause(
        "is not a valid DFS filename",
        "the path of to_hdfs",
        "choose another path, such as /flights",
        PATH_NAME,
    ),
    Cause(
        "Connection refused",
        "hdfs.uri",
        "check that the NameNode is up, and that this is its RPC port",
        HDFS_SILENT,
    ),
    Cause(
        "RPC response has",
        "hdfs.uri",
        "check that this is the NameNode's RPC port: another program answers there",
        NO_NAMENODE,
    ),
    Cause("timed out", "hdfs.uri", "check that the NameNode is up and can be reached", HDFS_SILENT),
    Cause("Timeout", "hdfs.uri", "check that the NameNode is up and can be reached", HDFS_SILENT),
    Cause(
        "UnknownHost", "hdfs.uri", "correct the host name, which cannot be resolved", HOST_UNKNOWN
    ),
    Cause(
        "No common protection layer",
        "hdfs.rpc_protection",
        "set it to one of the servers' hadoop.rpc.protection",
        PROTECTION,
    ),
    Cause(
        "Client cannot authenticate",
        "kerberos.keytab",
        "look into the log of the NameNode, which says why it refused the ticket",
        NO_TICKET,
    ),
    Cause(
        "Server not found in Kerberos",
        "hdfs.namenode_principal",
        "correct the principal, which the KDC does not know",
        SERVICE_UNKNOWN,
    ),
    Cause(
        "invalid Kerberos principal",
        "hdfs.namenode_principal",
        "set it to the servers' dfs.namenode.kerberos.principal",
        SERVICE_PRINCIPAL,
    ),
    Cause(
        "Permission denied",
        "kerberos.principal",
        "ask the administrator of HDFS for rights of the principal's user on this directory",
        HDFS_FORBIDDEN,
    ),
)

ELASTICSEARCH = (
    Cause(
        "elasticsearch.min_tls_version",
        "elasticsearch.min_tls_version",
        "have a newer version of TLS switched on there",
        NO_TLS,
    ),
    Cause(
        "elasticsearch.kerberos",
        "elasticsearch.kerberos",
        "compare kerberos.principal and keytab with `klist -k`, and the node's name with its "
        "principal",
        CREDENTIALS,
    ),
    Cause(
        "redirects",
        "elasticsearch.hosts",
        "name the address that it redirects to",
        SOMETHING_ELSE,
    ),
    Cause("leads to none", "elasticsearch.ca_certs", _UNTRUSTED, SERVER_UNTRUSTED),
    Cause("not issued for this host name", "elasticsearch.hosts", _NAME, SERVER_NAME),
    Cause("expired", "elasticsearch.ca_certs", _EXPIRED, SERVER_EXPIRED),
    Cause(
        "fingerprint",
        "elasticsearch.fingerprint",
        "compare it with the server's own "
        "certificate: openssl x509 -noout -fingerprint -sha256 -in server.pem",
        FINGERPRINT,
    ),
    Cause(
        "client_cert",
        "elasticsearch.client_cert",
        "get a client certificate from the servers' administrator; set client_cert and client_key",
        WANTS_CERTIFICATE,
    ),
    Cause(
        "does not speak TLS",
        "elasticsearch.hosts",
        "check that this is its HTTP port, and that TLS is on there (xpack.security.http.ssl)",
        NO_TLS,
    ),
    Cause(
        "refuses the credentials",
        "elasticsearch.username",
        "check user name and password, or "
        "the API key; a newline at the end of their files does not count",
        CREDENTIALS,
    ),
    Cause(
        "does not allow this on index",
        "elasticsearch.username",
        "give the user or API key the "
        "privileges `index` and `view_index_metadata` on the index, and `auto_configure` or "
        "`create_index` where it does not exist yet",
        INDEX_FORBIDDEN,
    ),
    Cause(
        "for the name of an index",
        "to_elasticsearch",
        "choose another name for the index",
        INDEX_NAME,
    ),
    Cause(
        "is it Elasticsearch?",
        "elasticsearch.hosts",
        "ask it with curl: a proxy or another program seems to answer there",
        SOMETHING_ELSE,
    ),
    Cause(
        "no answer",
        "elasticsearch.hosts",
        "check that it is up and can be reached",
        ELASTICSEARCH_SILENT,
    ),
)

SCHEMA_REGISTRY = (
    Cause(
        "schema_registry.min_tls_version",
        "schema_registry.min_tls_version",
        "have a newer version of TLS switched on there",
        NO_TLS,
    ),
    Cause("leads to none", "schema_registry.ca_certs", _UNTRUSTED, SERVER_UNTRUSTED),
    Cause("not issued for this host name", "schema_registry.urls", _NAME, SERVER_NAME),
    Cause("expired", "schema_registry.ca_certs", _EXPIRED, SERVER_EXPIRED),
    Cause(
        "SHA-256 fingerprint",
        "schema_registry.fingerprint",
        "compare it with the server's own "
        "certificate: openssl x509 -noout -fingerprint -sha256 -in server.pem",
        FINGERPRINT,
    ),
    Cause(
        "schema_registry.client_cert",
        "schema_registry.client_cert",
        "get a client certificate from the registry's administrator; set client_cert and "
        "client_key",
        WANTS_CERTIFICATE,
    ),
    Cause(
        "does not speak TLS",
        "schema_registry.urls",
        "check that this is its port for HTTPS",
        NO_TLS,
    ),
    Cause(
        "(status 401)",
        "schema_registry.username",
        "check user name and password, or the token; a newline at the end of their files does "
        "not count",
        REGISTRY_CREDENTIALS,
    ),
    Cause(
        "(status 403)",
        "schema_registry.username",
        "give the job's user the right to read the subject, and to register schemas if "
        "auto_register is true",
        REGISTRY_CREDENTIALS,
    ),
    Cause(
        "redirects",
        "schema_registry.urls",
        "name the address that it redirects to",
        REGISTRY_ELSE,
    ),
    Cause(
        "not compatible with its newest",
        "schema_registry.urls",
        "change the record class by what the subject's rule allows: new fields with defaults, no "
        "field removed that has none",
        SCHEMA_INCOMPATIBLE,
    ),
    Cause(
        "cannot be read:",
        "schema_registry.urls",
        "change the field's type, make it optional or give it a default; an alias names the "
        "schema's field",
        SCHEMA_INCOMPATIBLE,
    ),
    Cause(
        "cannot be written with:",
        "schema_registry.urls",
        "change the record class to what the schema has",
        SCHEMA_INCOMPATIBLE,
    ),
    Cause(
        "does not have the schema to write with",
        "schema_registry.urls",
        "register the schema before, write with the newest one (use_latest=True), or let the job "
        "register it: schema_registry.auto_register = true",
        SCHEMA_MISSING,
    ),
    Cause(
        "has no schema yet",
        "schema_registry.urls",
        "register a schema before, or leave use_latest out",
        SCHEMA_MISSING,
    ),
    Cause(
        "is it a schema registry?",
        "schema_registry.urls",
        "ask it with curl, at /subjects: a proxy or another program seems to answer there, or the "
        "path of the interface is missing",
        REGISTRY_ELSE,
    ),
    Cause(
        "no answer",
        "schema_registry.urls",
        "check that it is up and can be reached",
        REGISTRY_SILENT,
    ),
)


def explained(error: JobError, what: str, causes: Sequence[Cause], *, otherwise: str) -> JobError:
    """Return the error in terms of settings, with its finding.

    Args:
        error: what the JVM's client said.
        what: what cannot be used, with its address.
        causes: the table of the system.
        otherwise: the setting to name when no cause fits.
    """
    cause = _cause(error.message, causes, otherwise)
    # Our own code in the JVM names the setting already.
    section, _, field = cause.setting.rpartition(".")
    said = re.sub(rf"\b{section}\.(?:[\w-]+\.)?{field}: ", "", error.message, count=1)
    found = cause.kind.at(_where(cause.setting), f"{what} {said}", fix=cause.hint)
    return _error(found)


def named(message: str, causes: Sequence[Cause], *, otherwise: str) -> JobError:
    """Return the error of a message of our own clients, which name the setting already."""
    cause = _cause(message, causes, otherwise)
    setting = _SETTING.match(message)
    return _error(
        cause.kind.at(_where(setting[0] if setting else cause.setting), message, fix=cause.hint)
    )


def _cause(message: str, causes: Sequence[Cause], otherwise: str) -> Cause:
    for cause in causes:
        if cause.part.lower() in message.lower():
            return cause
    return Cause("", otherwise, "look into the log of the job")


def _where(setting: str) -> Where:
    """Return the place: a setting, or an argument of a method."""
    return Where(setting=setting) if _SETTING.fullmatch(setting) else Where(object=setting)


def _error(found: Finding) -> JobError:
    return JobError(f"{found} [{found.id}]", hint=found.fix, findings=[found])
