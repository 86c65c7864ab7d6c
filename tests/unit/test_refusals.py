# SPDX-License-Identifier: Apache-2.0
"""Every cause in the tables is met by a text that a client or server really says."""

import re

import pytest

from flinksec_jobs import logins, refusals
from flinksec_jobs.errors import JobError
from flinksec_jobs.settings import schema

RIGHTS = {
    "TopicAuthorizationException": "TopicAuthorizationException: Not authorized to access topics: "
    "[orders]",
    "AuthorizationException": "GroupAuthorizationException: Not authorized to access group: g",
}
# The words of SecretText, and of the broker.
BY_PASSWORD = {
    ".password: ": "kafka.password: there is no file /etc/kafka/password",
    "SaslAuthenticationException": "SaslAuthenticationException: Authentication failed during "
    "authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512",
    **RIGHTS,
}
# The words of TokenEndpoint, SecretText and Tokens.
OAUTHBEARER = {
    "oauth_client_secret: the token endpoint": "kafka.oauth_client_secret: the token endpoint "
    "https://a/t refuses the client flink: invalid_client",
    "oauth_client_secret: ": "kafka.oauth_client_secret: there is no file /etc/kafka/secret",
    "oauth_scope: ": "kafka.oauth_scope: the token endpoint https://a/t refuses it: invalid_scope",
    "oauth_audience: ": "kafka.oauth_audience: the token endpoint https://a/t refuses it: "
    "invalid_target",
    "oauth_ca_certs: ": "kafka.oauth_ca_certs: no trusted CA has signed the certificate of the "
    "token endpoint https://a/t",
    "certificate for another host": "kafka.oauth_token_endpoint: the token endpoint https://a/t "
    "has a certificate for another host",
    "certificate that has expired": "kafka.oauth_token_endpoint: the token endpoint https://a/t "
    "has a certificate that has expired",
    "oauth_token_endpoint: ": "kafka.oauth_token_endpoint: the token endpoint https://a/t gives "
    "no token: Connection refused",
    "oauth_token_file: the token has expired": "kafka.oauth_token_file: the token has expired",
    "oauth_token_file: ": "kafka.oauth_token_file: what it gives is no JSON Web Token that says "
    "when it ends (exp)",
    "SaslAuthenticationException": 'SaslAuthenticationException: {"status":"invalid_token"}',
    **RIGHTS,
}


def over_https(section: str, addresses: str) -> dict[str, str]:
    """The words of TlsFailures, and of those who ask the servers."""
    return {
        f"{section}.min_tls_version": f"{section}.min_tls_version: https://a:1 speaks no version "
        "of TLS from TLSv1.2 on",
        "leads to none": f"{section}.ca_certs: the certificate of https://a:1 leads to none of "
        "the authorities in /ca.pem",
        "not issued for this host name": f'{section}.verification = "full": the certificate of '
        "https://a:1 is not issued for this host name; use a name that it is issued for",
        "is expired or not yet valid": f"{section}.{addresses}: the certificate of https://a:1 is "
        "expired or not yet valid",
        "SHA-256 fingerprint": f"{section}.fingerprint: at https://a:1, the server's certificate "
        "has the SHA-256 fingerprint 00",
        f"{section}.client_cert": f"{section}.client_cert is not set; the server may demand one: "
        "https://a:1 ends the TLS handshake",
        "redirects": f"{section}.{addresses}: https://a:1 redirects to another address",
        "no answer": f"{section}.{addresses}: no answer from https://a:1 (Connection refused)",
    }


# As Java's Kerberos, Kafka's, Hadoop's and our own clients word them; shortened, never reworded.
SAID = {
    "KERBEROS": {
        "no KDC answers": "LoginException: no KDC answers (ConnectException: Connection refused)",
        "Failed to find any Kerberos tgt": "GSSException: No valid credentials provided (Mechanism "
        "level: Failed to find any Kerberos tgt)",
        "the tickets are those of": "the tickets are those of bob@EXAMPLE.COM",
        "Unable to obtain password": "LoginException: Unable to obtain password from user",
        "Unable to obtain Principal Name": "LoginException: Unable to obtain Principal Name for "
        "authentication",
        "Checksum failed": "KrbException: Checksum failed",
        "Identifier doesn't match expected value": "Asn1Exception: Identifier doesn't match "
        "expected value (906)",
        "Pre-authentication information was invalid": "LoginException: Pre-authentication "
        "information was invalid (24)",
        "Client not found in Kerberos database": "LoginException: Client not found in Kerberos "
        "database (6) - CLIENT_NOT_FOUND",
        "Clock skew": "KrbException: Clock skew too great (37)",
        "krb5.conf loading failed": "LoginException: krb5.conf loading failed",
        "Cannot locate KDC": "KrbException: Cannot locate KDC",
        "Cannot locate default realm": "KrbException: Cannot locate default realm",
        "Connection refused": "ConnectException: Connection refused",
        "timed out": "SocketTimeoutException: Receive timed out",
    },
    "GSSAPI": {
        "Server not found in Kerberos": "KrbException: Server not found in Kerberos database (7) "
        "- LOOKING_UP_SERVER",
        "no KDC answers": "GSSException: no KDC answers (SocketTimeoutException: Receive timed "
        "out)",
        "LoginException": "LoginException: Could not login: the client is being asked for a "
        "password",
        "Checksum failed": "KrbException: Checksum failed",
        "Identifier doesn't match": "Asn1Exception: Identifier doesn't match expected value (906)",
        "SaslAuthenticationException": "SaslAuthenticationException: Authentication failed",
        "TopicAuthorizationException": "TopicAuthorizationException: Not authorized to access "
        "topics: [orders]",
        "AuthorizationException": "GroupAuthorizationException: Not authorized to access group: g",
    },
    "without SASL": {
        "TopicAuthorizationException": "TopicAuthorizationException: Not authorized to access "
        "topics: [orders]",
        "AuthorizationException": "GroupAuthorizationException: Not authorized to access group: g",
    },
    **dict.fromkeys(("SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"), BY_PASSWORD),
    "OAUTHBEARER": OAUTHBEARER,
    "KAFKA": {
        "UnsupportedSaslMechanismException": "UnsupportedSaslMechanismException: Client SASL "
        "mechanism 'PLAIN' not enabled in the server, enabled mechanisms are [GSSAPI]",
        **{
            f"fatal alert: {alert}": f"SSLHandshakeException: Received fatal alert: {alert}"
            for alert in (
                "certificate_expired",
                "certificate_revoked",
                "certificate_unknown",
                "bad_certificate",
                "unknown_ca",
            )
        },
        "client_cert: ": "kafka.client_cert: the certificate in /c.pem has expired, at 2026-01-01",
        "client_key: ": "kafka.client_key: there is no PEM private key in /c.key",
        "client_key_password: ": "kafka.client_key_password: is not the password of the store /c",
        "ca_certs_password: ": "kafka.ca_certs_password: is not the password of the store /ca",
        "kafka.ca_certs: ": "kafka.ca_certs: there is no file /ca.pem",
        "CertificateExpired": "CertificateExpiredException: it has ended",
        "NotAfter": "SslAuthenticationException: NotAfter: Sun Nov 01 00:00:00 UTC 2020",
        "certification path": "SunCertPathBuilderException: unable to find valid certification "
        "path to requested target",
        "Signature does not match": "SignatureException: Signature does not match.",
        "No subject alternative": "CertificateException: No subject alternative DNS name "
        "matching localhost found.",
        "No name matching": "CertificateException: No name matching localhost found",
        "certificate_required": "SSLException: Received fatal alert: certificate_required",
        "SslAuthenticationException": "SslAuthenticationException: SSL handshake failed",
        "SSLHandshakeException": "SSLHandshakeException: Received fatal alert: handshake_failure",
        "without also enabling idempotence": "ConfigException: Cannot set a transactional.id "
        "without also enabling idempotence.",
        "No resolvable bootstrap urls": "ConfigException: No resolvable bootstrap urls given in "
        "bootstrap.servers",
        "for configuration transaction.timeout.ms": "ConfigException: Invalid value 2592000000 for "
        "configuration transaction.timeout.ms: Not a number of type INT",
        "ConfigException: ": "ConfigException: delivery.timeout.ms should be equal to or "
        "larger than linger.ms + request.timeout.ms",
        "UnknownTopicOrPartition": "UnknownTopicOrPartitionException: This server does not host "
        "this topic-partition.",
        "InvalidTopicException": "InvalidTopicException: The given topic name 'a*' cannot be "
        "represented in a request.",
        "Timeout": "TimeoutException: Timed out waiting for a node assignment.",
    },
    "HDFS": {
        "Failed to find any Kerberos tgt": "GSSException: No valid credentials provided (Mechanism "
        "level: Failed to find any Kerberos tgt)",
        "is not allowed to impersonate": "RemoteException: User: flink@SANDBOX.LOCAL is not "
        "allowed to impersonate hdfs",
        "No KeyProvider is configured": "IOException: No KeyProvider is configured, cannot access "
        "an encrypted file",
        "[DECRYPT_EEK]": "AuthorizationException: User [flink] is not authorized to perform "
        "[DECRYPT_EEK] on key with ACL name [closed]!!",
        "is neither there nor left unfinished": "IOException: the file /d/part-0, which the job's "
        "state is to make visible, is neither there nor left unfinished: its rows may be missing",
        "certification path": "SunCertPathBuilderException: unable to find valid certification "
        "path to requested target",
        "No subject alternative": "CertificateException: No subject alternative DNS name matching "
        "kms found.",
        "the KMS is not trusted": "the KMS is not trusted: SSLHandshakeException: Received fatal "
        "alert: bad_certificate",
        "not supported in state standby": "RemoteException: Operation category READ is not "
        "supported in state standby.",
        "hdfs.data_transfer_protection": "hdfs.data_transfer_protection: Hadoop's client protects "
        "nothing that goes to the DataNode n/10.0.0.1:1004, whose port is below 1024",
        "no KDC answers": "GSSException: no KDC answers (ConnectException: Connection refused)",
        "the KMS does not answer": "the KMS does not answer when it is asked for the key 'k' of "
        "the encryption zone /z: ConnectException: Connection refused",
        "is not a valid DFS filename": "IllegalArgumentException: Pathname /10:30 from "
        "hdfs://n:8020/10:30 is not a valid DFS filename.",
        "Connection refused": "ConnectException: Connection refused",
        "RPC response has": "RpcException: RPC response has a length of 352518912 exceeds maximum "
        "data length",
        "timed out": "ConnectTimeoutException: 5000 millis timed out while waiting for channel",
        "Timeout": "ConnectTimeoutException: no channel",
        "UnknownHost": "UnknownHostException: namenode",
        "No common protection layer": "SaslException: No common protection layer between client "
        "and server",
        "Client cannot authenticate": "AccessControlException: Client cannot authenticate via:"
        "[TOKEN, KERBEROS]",
        "Server not found in Kerberos": "KrbException: Server not found in Kerberos database (7)",
        "Failed to specify server's Kerberos principal name": "/: IllegalArgumentException: Failed "
        "to specify server's Kerberos principal name",
        "invalid Kerberos principal": "IllegalArgumentException: Server has invalid Kerberos "
        "principal: hdfs/n@R, expecting: nn/n@R",
        "Permission denied": "AccessControlException: Permission denied: user=guest, access=WRITE",
        "in safe mode": "SafeModeException: Cannot create file/d/.part-0. Name node is in safe "
        "mode.",
        "quota (directories and files)": "NSQuotaExceededException: The NameSpace quota "
        "(directories and files) of directory /d is exceeded: quota=2 file count=3",
        "DiskSpace quota": "DSQuotaExceededException: The DiskSpace quota of /d is exceeded: "
        "quota = 1024 B = 1 KB but diskspace consumed = 134217728 B = 128 MB",
        "and 1 node(s) are excluded": "IOException: File /d/.part-0 could only be written to 0 of "
        "the 1 minReplication nodes. There are 1 datanode(s) running and 1 node(s) are excluded in "
        "this operation.",
        "could only be written to 0": "IOException: File /d/.part-0 could only be written to 0 of "
        "the 1 minReplication nodes. There are 1 datanode(s) running",
        "are bad. Aborting": "IOException: All datanodes [DatanodeInfoWithStorage[127.0.0.1:1,"
        "DS-1,DISK]] are bad. Aborting...",
    },
    # The words of ConnectionFailures, FirstContact and Credentials in the connectors.
    "ELASTICSEARCH": {
        "elasticsearch.kerberos": "elasticsearch.kerberos: the KDC gives a@R no ticket for HTTP@a",
        "does not speak TLS": "elasticsearch.hosts: https://a:1 does not speak TLS",
        "refuses the credentials": "https://a:1 refuses the credentials (status 401): "
        "elasticsearch.username 'x'",
        "does not allow this on index": "https://a:1 does not allow this on index 'i' (status "
        "403): elasticsearch.username 'x'",
        "for the name of an index": "Elasticsearch at https://a:1 does not take '<x>' for the name "
        "of an index (status 400)",
        "is it Elasticsearch?": "elasticsearch.hosts: https://a:1 answers with status 302 when "
        "asked for the index 'i'; is it Elasticsearch?",
        **over_https("elasticsearch", "hosts"),
    },
    # The words of the client of the registry, and of Avro's readers and writers.
    "SCHEMA_REGISTRY": {
        "does not speak TLS": "schema_registry.urls: https://a:1 does not speak TLS",
        "(status 401)": "https://a:1 refuses the credentials (status 401): "
        "schema_registry.username 'x'",
        "(status 403)": "https://a:1 refuses the job what it asks (status 403): "
        "schema_registry.username 'x'",
        "not compatible with its newest": "the subject s does not have the schema to write with, "
        "which is not compatible with its newest: READER_FIELD_MISSING_DEFAULT_VALUE",
        "cannot be read:": "the newest schema of the subject s cannot be read: field 'a' is int "
        "in the schema, and a str in the record",
        "cannot be written with:": "the schema of the subject s cannot be written with: field 'a' "
        "has no place in the schema",
        "does not have the schema to write with": "the subject s does not have the schema to "
        "write with, and schema_registry.auto_register is false",
        "has no schema yet": "the subject s has no schema yet, and use_latest needs one",
        "is it a schema registry?": "schema_registry.urls: https://a:1 answers with status 404; "
        "is it a schema registry?",
        **over_https("schema_registry", "urls"),
    },
}
ARGUMENTS = {
    "topic",
    "topic, or kerberos.principal",
    "topic, or kafka.client_cert",
    "topic, or kafka.sasl_mechanism",
    "topic, or kafka.username",
    "the path of to_hdfs",
    "to_hdfs(missing_files=…)",
    "to_elasticsearch",
}
TABLES = {
    "KERBEROS": refusals.KERBEROS,
    "KAFKA": refusals.KAFKA,
    "HDFS": refusals.HDFS,
    "ELASTICSEARCH": refusals.ELASTICSEARCH,
    "SCHEMA_REGISTRY": refusals.SCHEMA_REGISTRY,
    "without SASL": logins.WithoutSasl.causes,
    **{name: logins.mechanism(name).causes for name in logins.mechanisms()},
}
CAUSES = [(table, cause) for table, causes in TABLES.items() for cause in causes]


@pytest.mark.parametrize("table", TABLES)
def test_every_cause_is_tried_and_nothing_else(table: str) -> None:
    assert list(SAID[table]) == [cause.part for cause in TABLES[table]]


@pytest.mark.parametrize(("table", "cause"), CAUSES)
def test_what_is_said_leads_to_its_own_setting_and_hint(table: str, cause: refusals.Cause) -> None:
    said = SAID[table][cause.part]
    told = refusals.explained(JobError(said), "it.", TABLES[table], otherwise="other")
    once = said.replace(f"{cause.setting}: ", "")
    assert told.message == f"{cause.setting}: it. {once} [{cause.kind.id}]"
    assert told.hint == cause.hint
    (found,) = told.findings
    assert (found.id, found.fix) == (cause.kind.id, cause.hint)
    assert (found.where.setting or found.where.object) == cause.setting
    assert found.where.setting is None or cause.setting not in ARGUMENTS


@pytest.mark.parametrize("said", SAID["ELASTICSEARCH"].values())
def test_a_message_that_names_its_setting_says_it_once(said: str) -> None:
    told = refusals.named(said, refusals.ELASTICSEARCH, otherwise="elasticsearch.hosts")
    (found,) = told.findings
    assert found.why == said
    assert str(found) in {said, f"{found.where}: {said}"}
    assert told.message == f"{found} [{found.id}]"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (
            "https://a:1 refuses the credentials (status 401): SECTION.client_cert (/c.pem) and "
            "no other credentials",
            "SYSTEM-login-refused",
        ),
        (
            "SECTION.client_cert is /c.pem; the server may not accept it: https://a:1 ends the "
            "TLS handshake (Received fatal alert: certificate_expired)",
            "client-certificate-wanted",
        ),
        ("SECTION.urls: no answer from https://expired.example:1", "SYSTEM-not-reached"),
    ],
)
@pytest.mark.parametrize("table", ["ELASTICSEARCH", "SCHEMA_REGISTRY"])
def test_what_a_message_names_besides_is_not_taken_for_its_cause(
    table: str, said: str, kind: str
) -> None:
    section = table.lower()
    told = refusals.named(said.replace("SECTION", section), TABLES[table], otherwise="other")
    (found,) = told.findings
    assert found.id == kind.replace("SYSTEM", section.replace("_", "-"))


@pytest.mark.parametrize(("table", "cause"), CAUSES)
def test_a_cause_names_settings_that_exist(table: str, cause: refusals.Cause) -> None:
    names = {setting.name for setting in schema.settings()}
    assert cause.setting in names | ARGUMENTS
    assert (
        set(
            re.findall(
                r"\b(?:kafka|kerberos|hdfs|elasticsearch|schema_registry)\.[a-z_0-9]+", cause.hint
            )
        )
        <= names
    )


def test_what_is_unknown_names_the_setting_that_it_is_about() -> None:
    told = refusals.explained(JobError("odd"), "it.", refusals.HDFS, otherwise="hdfs.uri")
    assert told.message == "hdfs.uri: it. odd [refused]"
    assert told.hint == "look into the log of the job"
