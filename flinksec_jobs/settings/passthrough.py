# SPDX-License-Identifier: Apache-2.0
"""What may be handed through to Flink under its own names, and what may not.

Refused are keys that hold a secret's value (secrets are files), keys that one of our own
settings decides (two answers to one question), and keys that would quietly undo sealed state.
"""

from collections.abc import Iterator, Mapping

from .secret_names import holds_secret

_FLINK_OWNED = {
    "execution.checkpointing.dir": "state.directory",
    "state.checkpoints.dir": "state.directory",
    "execution.checkpointing.interval": "state.checkpoint_interval",
    "flinksec.sealed.keys": "state.keys",
    "flinksec.sealed.pkcs11.module": "state.pkcs11.module",
    "flinksec.sealed.pkcs11.token": "state.pkcs11.token",
    "flinksec.sealed.pkcs11.slot": "state.pkcs11.slot",
    "flinksec.sealed.pkcs11.pin-source": "state.pkcs11.pin",
    "flinksec.sealed.pkcs11.primary": "state.pkcs11.primary",
    "state.backend": "state.backend",
    "state.backend.type": "state.backend",
    "python.execution-mode": "python.execution_mode",
    "parallelism.default": "job.parallelism",
    "security.kerberos.login.keytab": "kerberos.keytab",
    "security.kerberos.login.principal": "kerberos.principal",
    "security.kerberos.login.use-ticket-cache": "kerberos.keytab",
    "security.kerberos.krb5-conf.path": "kerberos.krb5_conf",
    "jobmanager.memory.process.size": "cluster.jobmanager_memory",
    "taskmanager.memory.process.size": "cluster.taskmanager_memory",
    "jobmanager.rpc.address": "cluster.jobmanager_address",
    "jobmanager.rpc.port": "cluster.jobmanager_rpc_port",
    "blob.server.port": "cluster.blob_port",
    "taskmanager.rpc.port": "cluster.taskmanager_rpc_port",
    "taskmanager.data.port": "cluster.taskmanager_data_port",
    "high-availability": "cluster.high_availability",
    "high-availability.type": "cluster.high_availability",
    "high-availability.cluster-id": "cluster.cluster_id",
    "kubernetes.cluster-id": "cluster.cluster_id",
    "kubernetes.namespace": "cluster.kubernetes_namespace",
    "high-availability.zookeeper.quorum": "cluster.zookeeper_quorum",
    "io.tmp.dirs": "cluster.temp_dir",
}
_CLUSTER_TLS = "security.ssl."
# What takes the TLS of internal traffic away again when it is false.
TLS_PLANES = {
    "pekko.ssl.enabled": "RPC",
    "blob.service.ssl.enabled": "the blob server",
    "taskmanager.data.ssl.enabled": "the data between TaskManagers",
}
# Flink writes state there as well; with sealed state it must go through the sealed file system.
STATE_DIRECTORIES = (
    "execution.checkpointing.savepoint-dir",
    "state.savepoints.dir",
    "high-availability.storageDir",
    "job-result-store.storage-path",
    "state.changelog.storage",
    "state.changelog.dstl.dfs.base-path",
    "dstl.dfs.base-path",
)
_FILE_MERGING = "execution.checkpointing.file-merging.enabled"


def refused_in_flink(options: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield (setting, problem) for Flink options that must not be handed through."""
    yield from _refused("flink", options, _FLINK_OWNED, "security.ssl.* belongs to the cluster; ")
    for key, value in options.items():
        if key == "security.ssl.enabled":
            yield f"flink.{key}", "has no effect since Flink 2.0: [cluster.tls] sets up TLS"
        elif key.startswith(_CLUSTER_TLS) and not holds_secret(key):
            yield f"flink.{key}", "has a setting of its own: use [cluster.tls]"
        elif key in TLS_PLANES and str(value).lower() == "false":
            yield f"flink.{key}", f"leaves {TLS_PLANES[key]} without TLS: remove it"
        elif key.startswith("kubernetes.env.secretKeyRef"):
            yield (
                f"flink.{key}",
                "puts a secret into the environment, which Flink logs: mount it as a file",
            )


def unsealing(options: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield (setting, problem) for Flink options that would write state past the seal."""
    if str(options.get(_FILE_MERGING, False)).lower() == "true":
        yield (
            f"flink.{_FILE_MERGING}",
            "cannot be combined with sealed state: merged files are read before they are whole",
        )
    for key in STATE_DIRECTORIES:
        if key in options and not str(options[key]).startswith("sealed+"):
            yield f"flink.{key}", "writes state outside the seal: put sealed+ before its scheme"


def _refused(
    table: str, given: Mapping[str, object], owned: Mapping[str, str], remark: str
) -> Iterator[tuple[str, str]]:
    for key in given:
        if key in owned:
            yield f"{table}.{key}", f"has a setting of its own: use {owned[key]}"
        elif holds_secret(key):
            yield (
                f"{table}.{key}",
                f"holds a secret, which is never written into the settings: {remark}"
                "name a file by the settings of the section it belongs to",
            )
