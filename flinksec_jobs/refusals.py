# SPDX-License-Identifier: Apache-2.0
"""What the refusals of servers mean: which setting is behind them, and what to do.

The texts looked for are those of the JVM's clients, which say what failed in their own terms and
seldom what to change.
"""

from __future__ import annotations

from typing import NamedTuple

from flinksec_jobs.errors import JobError


class Cause(NamedTuple):
    """A part of an exception's text, the setting behind it, and the way out."""

    part: str
    setting: str
    hint: str


KEYTAB = (
    "Compare principal and keytab with `klist -k`, and export the keytab again if its key is old."
)
_CLOCK = "The clocks of this machine and the KDC differ too much: synchronise them."
_UNTRUSTED = "Name the file with the certificate of the CA that signed the server's."
_EXPIRED = "The server's certificate has expired: have it renewed."
_NAME = "The certificate is for another host: use the name that stands in it."

KERBEROS = (
    Cause("Unable to obtain password", "kerberos.keytab", KEYTAB),
    Cause("Unable to obtain Principal Name", "kerberos.keytab", KEYTAB),
    Cause("Checksum failed", "kerberos.keytab", KEYTAB),
    # What a key that does not fit looks like when the KDC asks for no pre-authentication.
    Cause("Identifier doesn't match expected value", "kerberos.keytab", KEYTAB),
    Cause("Pre-authentication information was invalid", "kerberos.keytab", KEYTAB),
    Cause("Client not found in Kerberos database", "kerberos.principal", KEYTAB),
    Cause("Clock skew", "kerberos.krb5_conf", _CLOCK),
    Cause(
        "Cannot locate KDC",
        "kerberos.krb5_conf",
        "It names no KDC for the realm of kerberos.principal.",
    ),
    Cause("Cannot locate default realm", "kerberos.krb5_conf", "It names no default_realm."),
    Cause("Connection refused", "kerberos.krb5_conf", "The KDC that it names does not answer."),
    Cause("timed out", "kerberos.krb5_conf", "The KDC that it names does not answer."),
)

KAFKA = (
    Cause("CertificateExpired", "kafka.ca_certs", _EXPIRED),
    Cause("NotAfter", "kafka.ca_certs", _EXPIRED),
    Cause("certification path", "kafka.ca_certs", _UNTRUSTED),
    Cause("No subject alternative", "kafka.bootstrap_servers", _NAME),
    Cause("No name matching", "kafka.bootstrap_servers", _NAME),
    Cause("certificate_required", "kafka.client_cert", "The broker wants a client certificate."),
    Cause("SslAuthenticationException", "kafka.ca_certs", _UNTRUSTED),
    Cause("SSLHandshakeException", "kafka.ca_certs", _UNTRUSTED),
    Cause("UnknownTopicOrPartition", "topic", "Create it first: the library creates no topics."),
    Cause("InvalidTopicException", "topic", "A topic's name is made of up to 249 letters, digits, "
          "dots, dashes and underscores of ASCII; patterns of names are not taken."),
    Cause("Timeout", "kafka.bootstrap_servers", "Is the broker up, and is this the listener of "
          "kafka.security_protocol?"),
    Cause("No resolvable bootstrap urls", "kafka.bootstrap_servers", "A host name cannot be "
          "resolved."),
)  # fmt: skip

HDFS = (
    Cause("is not a valid DFS filename", "the path of to_hdfs", "HDFS takes no such path: choose "
          "another, such as /flights."),
    Cause("Connection refused", "hdfs.uri", "Is the NameNode up, and is this its RPC port?"),
    Cause("timed out", "hdfs.uri", "Is the NameNode up, and may this machine reach it?"),
    Cause("Timeout", "hdfs.uri", "Is the NameNode up, and may this machine reach it?"),
    Cause("UnknownHost", "hdfs.uri", "The host name cannot be resolved."),
    Cause("No common protection layer", "hdfs.rpc_protection", "It must be one of the servers' "
          "hadoop.rpc.protection."),
    Cause("Client cannot authenticate", "kerberos.keytab", "The job has no ticket that the "
          "NameNode takes; its log says why."),
    Cause("Server not found in Kerberos", "hdfs.namenode_principal", "The KDC does not know this "
          "principal."),
    Cause("invalid Kerberos principal", "hdfs.namenode_principal", "It must be the servers' "
          "dfs.namenode.kerberos.principal."),
    Cause("Permission denied", "kerberos.principal", "Let the NameNode's administrator give the "
          "principal's user this directory."),
)  # fmt: skip

ELASTICSEARCH = (
    Cause("leads to none", "elasticsearch.ca_certs", _UNTRUSTED),
    Cause("not issued for this host name", "elasticsearch.hosts", _NAME),
    Cause("expired", "elasticsearch.ca_certs", _EXPIRED),
    Cause("fingerprint", "elasticsearch.fingerprint", "Compare it with the server's own "
          "certificate: openssl x509 -noout -fingerprint -sha256 -in server.pem"),
    Cause("client_cert", "elasticsearch.client_cert", "Ask who runs the servers for a client "
          "certificate, and set client_cert and client_key."),
    Cause("does not speak TLS", "elasticsearch.hosts", "Is this the port of its HTTP interface, "
          "and is TLS on there (xpack.security.http.ssl)?"),
    Cause("refuses the credentials", "elasticsearch.username", "Check user name and password, or "
          "the API key; files may end with a newline, which does not count."),
    Cause("does not allow this on index", "elasticsearch.username", "Give the user or API key the "
          "privileges `index` and `view_index_metadata` on the index, and `auto_configure` or "
          "`create_index` where it does not exist yet."),
    Cause("for the name of an index", "to_elasticsearch", "Choose another name for the index."),
    Cause("is it Elasticsearch?", "elasticsearch.hosts", "A proxy or another program seems to "
          "answer there: ask it with curl."),
    Cause("no answer", "elasticsearch.hosts", "Is it up, and may this machine reach it?"),
)  # fmt: skip


def explained(error: JobError, what: str, causes: tuple[Cause, ...], *, otherwise: str) -> JobError:
    """Return the error in terms of settings.

    Args:
        error: what the JVM's client said.
        what: what cannot be used, with its address.
        causes: the table of the system.
        otherwise: the setting to name when no cause fits.
    """
    for cause in causes:
        if cause.part.lower() in error.message.lower():
            return JobError(f"{cause.setting}: {what} {error.message}", hint=cause.hint)
    return JobError(
        f"{otherwise}: {what} {error.message}", hint="the log of the job has the whole story"
    )


def hint_for(message: str, causes: tuple[Cause, ...]) -> str | None:
    """Return the way out for a message that names its setting already."""
    return next((c.hint for c in causes if c.part.lower() in message.lower()), None)
