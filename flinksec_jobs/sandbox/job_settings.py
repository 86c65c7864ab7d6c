# SPDX-License-Identifier: Apache-2.0
"""The settings with which a job uses the sandbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs.sandbox import (
    elasticsearch_node,
    hdfs_nodes,
    kafka_broker,
    kafka_logins,
    registry_server,
    second_kafka,
)
from flinksec_jobs.sandbox.layout import Layout


@dataclass(frozen=True)
class JobFiles:
    """Where a job finds what it needs, besides its settings."""

    keytab: Path
    krb5_conf: Path
    ca_certs: Path
    elasticsearch_password: Path
    schema_registry_password: Path
    state: Path
    state_keys: Path


# Where the mounts of docker/kubernetes are.
IN_CONTAINER = JobFiles(
    keytab=Path("/etc/flinksec/kerberos/flink.keytab"),
    krb5_conf=Path("/etc/krb5.conf"),
    ca_certs=Path("/etc/flinksec/ca/sandbox.pem"),
    elasticsearch_password=Path("/etc/flinksec/elasticsearch/password"),
    schema_registry_password=Path("/etc/flinksec/schema-registry/password"),
    state=Path("/mnt/state"),
    state_keys=Path("/etc/flinksec/state-keys"),
)


def files_of(layout: Layout, principal: str = "flink") -> JobFiles:
    """Where they are for a job on the sandbox's own machine."""
    return JobFiles(
        keytab=layout.keytab(principal),
        krb5_conf=layout.krb5_conf,
        ca_certs=layout.certificate("ca.pem"),
        elasticsearch_password=layout.secret("elasticsearch-password"),
        schema_registry_password=layout.secret("schema-registry-password"),
        state=layout.state,
        state_keys=layout.state_keys,
    )


def settings_toml(
    layout: Layout,
    ports: Mapping[str, int],
    servers: Collection[str],
    files: JobFiles | None = None,
    *,
    login: str | None = None,
    second: tuple[Layout, Mapping[str, int]] | None = None,
) -> str:
    """Return the settings file of a job, with a section for each server that runs.

    Args:
        layout: where the sandbox is.
        ports: by name.
        servers: which of them run.
        files: where the job finds them, if not in the sandbox's directory.
        login: to Kafka, one of `kafka_logins.LOGINS`; by keytab without it.
        second: layout and ports of a second Kafka.
    """
    files = files or files_of(layout)
    sections: dict[str, Mapping[str, object] | None] = {
        "kerberos": _tickets(layout)
        if login == kafka_logins.TICKETS
        else _kerberos(layout, "flink", files),
        "kafka": _kafka(layout, ports, files, login) if "kafka" in servers else None,
        "elasticsearch": {
            "hosts": [f"https://{layout.host}:{ports['elasticsearch']}"],
            "ca_certs": str(files.ca_certs),
            "username": elasticsearch_node.USER,
            "password": f"file:{files.elasticsearch_password}",
        }
        if "elasticsearch" in servers
        else None,
        "hdfs": {
            "uri": f"hdfs://{layout.host}:{ports['hdfs']}",
            "namenode_principal": f"{layout.principals['hdfs']}@{layout.realm}",
            "replication": 1,
            **(_kms(layout, ports, files) if "kms" in servers else {}),
        }
        if "hdfs" in servers and login != kafka_logins.TICKETS
        else None,
        "schema_registry": {
            "urls": [f"https://{layout.host}:{ports['schema-registry']}"],
            "ca_certs": str(files.ca_certs),
            "username": registry_server.USER,
            "password": f"file:{files.schema_registry_password}",
        }
        if "schema-registry" in servers
        else None,
        "state": {"directory": str(files.state), "keys": str(files.state_keys)},
    }
    if second is not None:
        other, files = second[0], files_of(second[0])
        by = {"kerberos": second_kafka.NAME}
        sections[f"kafka.{second_kafka.NAME}"] = _kafka(*second, files) | by
        sections[f"kerberos.{second_kafka.NAME}"] = _kerberos(other, "flink", files)
    return "\n".join(_section(name, values) for name, values in sections.items() if values)


def _kms(layout: Layout, ports: Mapping[str, int], files: JobFiles) -> dict[str, object]:
    return {"kms_urls": [hdfs_nodes.kms_url(layout, ports)], "ca_certs": str(files.ca_certs)}


def _port(login: str | None) -> str:
    return "kafka-ssl" if login == "certificate" else "kafka-sasl-ssl"


def principal_overrides(layout: Layout, principal: str) -> dict[str, str]:
    """Return the settings that make a job another principal."""
    kerberos = _kerberos(layout, principal, files_of(layout, principal))
    return {f"kerberos.{name}": value for name, value in kerberos.items()}


def _kafka(
    layout: Layout, ports: Mapping[str, int], files: JobFiles, login: str | None = None
) -> dict[str, object]:
    return {
        "bootstrap_servers": [f"{layout.host}:{ports[_port(login)]}"],
        "ca_certs": str(files.ca_certs),
        "group_id": kafka_broker.JOB_PREFIX,
        "transactional_id_prefix": kafka_broker.JOB_PREFIX,
        **(kafka_logins.kafka_settings(layout, ports, login) if login else {}),
    }


def _kerberos(layout: Layout, principal: str, files: JobFiles) -> dict[str, str]:
    return {
        "principal": f"{layout.principals[principal]}@{layout.realm}",
        "keytab": f"file:{files.keytab}",
        "krb5_conf": str(files.krb5_conf),
    }


def _tickets(layout: Layout) -> dict[str, str]:
    by_keytab = _kerberos(layout, "flink", files_of(layout))
    tickets = {"ticket_cache": f"file:{layout.ticket_cache}"}
    return {name: value for name, value in by_keytab.items() if name != "keytab"} | tickets


def _section(name: str, values: Mapping[str, object]) -> str:
    lines = [f"[{name}]", *(f"{key} = {_value(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
