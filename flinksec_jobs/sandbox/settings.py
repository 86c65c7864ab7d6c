# SPDX-License-Identifier: Apache-2.0
"""The settings with which a job uses the sandbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flinksec_jobs.sandbox import elasticsearch, kafka
from flinksec_jobs.sandbox.layout import HOST, PRINCIPALS, REALM, Layout


def settings_toml(layout: Layout, ports: Mapping[str, int], servers: Collection[str]) -> str:
    """Return the settings file of a job, with a section for each server that runs."""
    sections = {
        "kerberos": _kerberos(layout),
        "kafka": {
            "bootstrap_servers": [f"{HOST}:{ports['kafka-sasl-ssl']}"],
            "ca_certs": str(layout.certificate("ca.pem")),
            "group_id": kafka.JOB_PREFIX,
            "transactional_id_prefix": kafka.JOB_PREFIX,
        }
        if "kafka" in servers
        else None,
        "elasticsearch": {
            "hosts": [f"https://{HOST}:{ports['elasticsearch']}"],
            "ca_certs": str(layout.certificate("ca.pem")),
            "username": elasticsearch.USER,
            "password": f"file:{layout.secret('elasticsearch-password')}",
        }
        if "elasticsearch" in servers
        else None,
        "hdfs": {
            "uri": f"hdfs://{HOST}:{ports['hdfs']}",
            "namenode_principal": f"{PRINCIPALS['hdfs']}@{REALM}",
            "replication": 1,
        }
        if "hdfs" in servers
        else None,
        "state": {"directory": str(layout.state), "keys": str(layout.state_keys)},
    }
    return "\n".join(_section(name, values) for name, values in sections.items() if values)


def principal_overrides(layout: Layout, principal: str) -> dict[str, str]:
    """Return the settings that make a job another principal."""
    kerberos = _kerberos(layout, principal)
    return {f"kerberos.{name}": value for name, value in kerberos.items()}


def _kerberos(layout: Layout, principal: str = "flink") -> dict[str, str]:
    return {
        "principal": f"{PRINCIPALS[principal]}@{REALM}",
        "keytab": f"file:{layout.keytab(principal)}",
        "krb5_conf": str(layout.krb5_conf),
    }


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
