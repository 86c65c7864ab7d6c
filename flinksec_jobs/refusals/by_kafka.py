# SPDX-License-Identifier: Apache-2.0
"""What the refusals of Kafka's brokers and clients mean."""

from __future__ import annotations

from flinksec_jobs.findings import problem
from flinksec_jobs.refusals.cause import Cause
from flinksec_jobs.refusals.no_connection import (
    EXPIRED,
    HOST_UNKNOWN,
    NAME,
    SERVER_EXPIRED,
    SERVER_NAME,
    SERVER_UNTRUSTED,
    UNTRUSTED,
    WANTS_CERTIFICATE,
)

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
            # So say Java's brokers of one that has ended, too.
            ("fatal alert: certificate_unknown", "they do not trust it, or it has expired"),
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
    Cause("CertificateExpired", "kafka.ca_certs", EXPIRED, SERVER_EXPIRED),
    Cause("NotAfter", "kafka.ca_certs", EXPIRED, SERVER_EXPIRED),
    Cause("certification path", "kafka.ca_certs", UNTRUSTED, SERVER_UNTRUSTED),
    # Of a CA that has the name of the right one and another key.
    Cause("Signature does not match", "kafka.ca_certs", UNTRUSTED, SERVER_UNTRUSTED),
    Cause("No subject alternative", "kafka.bootstrap_servers", NAME, SERVER_NAME),
    Cause("No name matching", "kafka.bootstrap_servers", NAME, SERVER_NAME),
    Cause(
        "certificate_required",
        "kafka.client_cert",
        "set client_cert and client_key: the broker requires a client certificate",
        WANTS_CERTIFICATE,
    ),
    Cause("SslAuthenticationException", "kafka.ca_certs", UNTRUSTED, SERVER_UNTRUSTED),
    Cause("SSLHandshakeException", "kafka.ca_certs", UNTRUSTED, SERVER_UNTRUSTED),
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
        "underscores; a pattern is written as re.compile(…), as 'topic-pattern', or for "
        "flinksec doctor as /…/",
        TOPIC_NAME,
    ),
    Cause(
        "Timeout",
        "kafka.bootstrap_servers",
        "check that the broker is up, and that this is the listener for kafka.security_protocol",
        KAFKA_SILENT,
    ),
)
