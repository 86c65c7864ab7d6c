# SPDX-License-Identifier: Apache-2.0
"""What the refusals of HDFS and its client mean."""

from __future__ import annotations

from flinksec_jobs.findings import problem
from flinksec_jobs.refusals.by_kerberos import ENDED, KDC_AWAY, SERVICE_UNKNOWN
from flinksec_jobs.refusals.cause import Cause
from flinksec_jobs.refusals.no_connection import HOST_UNKNOWN

PATH_NAME = problem("hdfs-path-invalid", "HDFS does not accept the path")
HDFS_SILENT = problem("hdfs-not-reached", "the NameNode does not answer")
NO_NAMENODE = problem("hdfs-is-something-else", "another program than a NameNode answers")
PROTECTION = problem(
    "hdfs-protection-mismatch", "client and servers of HDFS protect connections differently"
)
NO_TICKET = problem("hdfs-login-refused", "the NameNode refuses the job's ticket")
SERVICE_PRINCIPAL = problem("hdfs-principal-mismatch", "the NameNode has another principal")
SERVICE_UNNAMED = problem("hdfs-principal-not-named", "the NameNode's principal is not set")
HDFS_FORBIDDEN = problem("hdfs-not-authorized", "the job has no right on a path of HDFS")
SAFE_MODE = problem("hdfs-safe-mode", "the NameNode is in safe mode, in which nothing is written")
HDFS_QUOTA = problem("hdfs-quota-exceeded", "a quota of HDFS is used up")
NO_DATANODE = problem("hdfs-no-datanode", "no DataNode takes what is written")
PROXY_FORBIDDEN = problem("hdfs-proxy-refused", "the NameNode lets the job be a proxy of nobody")
NO_KMS = problem("hdfs-kms-not-named", "a directory is an encryption zone, and no KMS is named")
KEY_FORBIDDEN = problem("hdfs-key-refused", "the KMS does not let the job use an encryption key")
KMS_UNTRUSTED = problem("hdfs-kms-untrusted", "the certificate of the KMS is not trusted")
KMS_SILENT = problem("hdfs-kms-not-reached", "the KMS of an encryption zone does not answer")
MISSING_FILE = problem(
    "hdfs-file-missing", "a file that the state of a job is to make visible is gone"
)
NO_ACTIVE = problem("hdfs-no-active-namenode", "none of the NameNodes is active")

_KMS_TLS = (
    "name the CAs of the KMS's certificate in hdfs.ca_certs, and the KMS as its certificate does"
)
HDFS = (
    ENDED,
    Cause(
        "is not allowed to impersonate",
        "hdfs.proxy_user",
        "have hadoop.proxyuser options for the job's principal set on the NameNodes, and for the "
        "KMS hadoop.kms.proxyuser, or leave hdfs.proxy_user out",
        PROXY_FORBIDDEN,
    ),
    Cause(
        "No KeyProvider is configured",
        "hdfs.kms_urls",
        "set it to the KMS of the encryption zone, such as https://kms.example.com:9600/kms",
        NO_KMS,
    ),
    Cause(
        "[DECRYPT_EEK]",
        "kerberos.principal",
        "ask the administrator of the KMS for the right DECRYPT_EEK on this key",
        KEY_FORBIDDEN,
    ),
    Cause(
        "is neither there nor left unfinished",
        "to_hdfs(missing_files=…)",
        "go on from the newest checkpoint of the job; or, if something takes finished files away, "
        'accept that by to_hdfs(…, missing_files="accept")',
        MISSING_FILE,
    ),
    Cause("certification path", "hdfs.ca_certs", _KMS_TLS, KMS_UNTRUSTED),
    Cause("No subject alternative", "hdfs.kms_urls", _KMS_TLS, KMS_UNTRUSTED),
    Cause("the KMS is not trusted", "hdfs.ca_certs", _KMS_TLS, KMS_UNTRUSTED),
    Cause(
        "not supported in state standby",
        "hdfs.namenodes",
        "have one of the NameNodes made active, and list all of them in hdfs.namenodes",
        NO_ACTIVE,
    ),
    Cause(
        "hdfs.data_transfer_protection",
        "hdfs.data_transfer_protection",
        "have the DataNodes listen on ports from 1024 on, or dfs.encrypt.data.transfer set there",
        PROTECTION,
    ),
    KDC_AWAY,
    Cause(
        "the KMS does not answer",
        "hdfs.kms_urls",
        "check that the KMS is up, and that this is its address",
        KMS_SILENT,
    ),
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
        "Failed to specify server's Kerberos principal name",
        "hdfs.namenode_principal",
        "set it to the servers' dfs.namenode.kerberos.principal, such as hdfs/_HOST@EXAMPLE.COM",
        SERVICE_UNNAMED,
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
    Cause(
        "in safe mode",
        "hdfs.uri",
        "wait until the NameNode has left it; `hdfs dfsadmin -safemode get` tells",
        SAFE_MODE,
    ),
    Cause(
        "quota (directories and files)",
        "hdfs.uri",
        "remove files, or ask the administrator of HDFS for a larger quota of names: "
        "`hdfs dfs -count -q PATH`",
        HDFS_QUOTA,
    ),
    Cause(
        "DiskSpace quota",
        "hdfs.uri",
        "remove files, or ask the administrator of HDFS for a larger quota of space: "
        "`hdfs dfs -count -q PATH`",
        HDFS_QUOTA,
    ),
    # Of those, and no others, the client has tried each, and none took it.
    Cause(
        "and 1 node(s) are excluded",
        "hdfs.data_transfer_protection",
        "check that it is the DataNode's dfs.data.transfer.protection, and that its port can be "
        "reached; the log of the job says why it did not take what was written",
        NO_DATANODE,
    ),
    Cause(
        "could only be written to 0",
        "hdfs.uri",
        "make room on the DataNodes, or start more: `hdfs dfsadmin -report` tells",
        NO_DATANODE,
    ),
    Cause(
        "are bad. Aborting",
        "hdfs.uri",
        "start the DataNodes that were lost: `hdfs dfsadmin -report` tells",
        NO_DATANODE,
    ),
)
