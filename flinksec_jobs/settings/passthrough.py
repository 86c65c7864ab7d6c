# SPDX-License-Identifier: Apache-2.0
"""What may be handed through to Kafka and Flink under their own names, and what may not.

Refused are keys that hold a secret's value (secrets are files), keys that one of our own
settings decides (two answers to one question), and keys that would quietly undo sealed state.
"""

from collections.abc import Iterator, Mapping

# The substrings by which Flink itself masks a value, and Kafka's inline private key.
_SECRET_PARTS = (
    "password",
    "secret",
    "apikey",
    "api-key",
    "auth-params",
    "service-key",
    "token",
    "basic-auth",
    "jaas.config",
    "http-headers",
    "fs.azure.account.key",
    "ssl.keystore.key",
)
_NO_SECRETS_DESPITE_NAME = ("security.delegation.tokens.", "sasl.oauthbearer.token.endpoint.")

_KAFKA_OWNED = {
    "bootstrap.servers": "kafka.bootstrap_servers",
    "security.protocol": "kafka.security_protocol",
    "sasl.mechanism": "kafka.sasl_mechanism",
    "sasl.kerberos.service.name": "kafka.kerberos_service_name",
    "ssl.truststore.location": "kafka.ca_certs",
    "ssl.truststore.certificates": "kafka.ca_certs",
    "ssl.truststore.type": "kafka.ca_certs",
    "ssl.keystore.location": "kafka.client_cert",
    "ssl.keystore.certificate.chain": "kafka.client_cert",
    "ssl.keystore.type": "kafka.client_cert",
    "group.id": "kafka.group_id",
    "transactional.id": "kafka.transactional_id_prefix",
    "transaction.timeout.ms": "kafka.transaction_timeout",
}
_FLINK_OWNED = {
    "execution.checkpointing.dir": "state.directory",
    "state.checkpoints.dir": "state.directory",
    "execution.checkpointing.interval": "state.checkpoint_interval",
    "flinksec.sealed.keys": "state.keys",
    "state.backend": "state.backend",
    "state.backend.type": "state.backend",
    "python.execution-mode": "python.execution_mode",
    "parallelism.default": "job.parallelism",
    "security.kerberos.login.keytab": "kerberos.keytab",
    "security.kerberos.login.principal": "kerberos.principal",
    "security.kerberos.login.use-ticket-cache": "kerberos.keytab",
    "security.kerberos.krb5-conf.path": "kerberos.krb5_conf",
}
# Flink writes state there as well; with sealed state it must go through the sealed file system.
_STATE_DIRECTORIES = (
    "execution.checkpointing.savepoint-dir",
    "state.savepoints.dir",
    "high-availability.storageDir",
    "job-result-store.storage-path",
    "state.changelog.storage",
    "state.changelog.dstl.dfs.base-path",
    "dstl.dfs.base-path",
)
_FILE_MERGING = "execution.checkpointing.file-merging.enabled"


def refused_in_kafka(properties: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield (setting, problem) for Kafka properties that must not be handed through."""
    yield from _refused("properties", properties, _KAFKA_OWNED, "")


def refused_in_flink(options: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield (setting, problem) for Flink options that must not be handed through."""
    yield from _refused("flink", options, _FLINK_OWNED, "security.ssl.* belongs to the cluster; ")


def unsealing(options: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield (setting, problem) for Flink options that would write state past the seal."""
    if str(options.get(_FILE_MERGING, False)).lower() == "true":
        yield (
            f"flink.{_FILE_MERGING}",
            "cannot be combined with sealed state: merged files are read before they are whole",
        )
    for key in _STATE_DIRECTORIES:
        if key in options and not str(options[key]).startswith("sealed+"):
            yield f"flink.{key}", "writes state outside the seal: put sealed+ before its scheme"


def _refused(
    table: str, given: Mapping[str, object], owned: Mapping[str, str], remark: str
) -> Iterator[tuple[str, str]]:
    for key in given:
        if key in owned:
            yield f"{table}.{key}", f"has a setting of its own: use {owned[key]}"
        elif _holds_secret(key):
            yield (
                f"{table}.{key}",
                f"holds a secret, which is never written into the settings: {remark}"
                "name a file by the settings of the section it belongs to",
            )


def _holds_secret(key: str) -> bool:
    name = key.lower()
    return not name.startswith(_NO_SECRETS_DESPITE_NAME) and any(
        part in name for part in _SECRET_PARTS
    )
