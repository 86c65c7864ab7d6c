# SPDX-License-Identifier: Apache-2.0
"""What the metrics of a process watch: its certificates, its logins, where savepoints go.

`org.flinksec.metrics.Watched` reads it: a line for each, with tabs between its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from flinksec_jobs.settings import ClusterSettings, KafkaSettings, Settings
from flinksec_jobs.settings.certificate_files import CertificateFiles
from flinksec_jobs.settings.cluster_tls import KEYSTORE, PASSWORD, TRUSTSTORE

OWN_GAUGES = "metrics.reporter.flinksec-gauges"
"""What Flink's options begin with of the reporter that adds metrics of ours."""

_TRUSTED = " (trusted)"


def gauges(watched: Iterable[str]) -> dict[str, str]:
    """Return Flink's options of the reporter that adds metrics of ours."""
    return {
        f"{OWN_GAUGES}.factory.class": "org.flinksec.metrics.OwnGaugesFactory",
        f"{OWN_GAUGES}.watched": "\n".join(watched),
    }


def of_job(settings: Settings) -> Iterator[str]:
    """Yield what every process of a job watches."""
    for cluster in settings.clusters:
        view = settings.on_kafka(cluster)
        kafka = view.need(KafkaSettings)
        if kafka.uses_tls:
            yield from _section(view.spelling.setting("kafka"), kafka)
    for name, section in (
        ("elasticsearch", settings.elasticsearch),
        ("schema_registry", settings.schema_registry),
    ):
        if section is not None and section.uses_tls:
            yield from _section(name, section)
    if settings.hdfs and settings.hdfs.ca_certs:
        yield _certificates("trusted", "hdfs.ca_certs", settings.hdfs.ca_certs)
    for name, login in settings.kerberos_sections.items():
        if login.keytab is not None:
            yield "\t".join(("keytab", name, login.principal, str(login.keytab.path)))
        elif login.ticket_cache is not None:
            yield "\t".join(("tickets", name, login.principal, str(login.ticket_cache.path)))


def savepoints(directory: str) -> str:
    """Return the line for a directory of savepoints, with its scheme."""
    return f"savepoints\t{directory}"


def of_process(settings: Settings, role: Literal["jobmanager", "taskmanager"]) -> Iterator[str]:
    """Yield what a process of a cluster watches beside: its own certificates."""
    cluster = settings.cluster or ClusterSettings()
    directories = {"cluster.tls.internal": cluster.tls.internal}
    if role == "jobmanager":
        directories["cluster.tls.rest"] = cluster.tls.rest
    for name, directory in directories.items():
        password = directory / PASSWORD
        yield _certificates("own", name, directory / KEYSTORE, password)
        yield _certificates("trusted", f"{name}{_TRUSTED}", directory / TRUSTSTORE, password)
    if cluster.metrics.prometheus == "mutual-tls":
        own = cluster.metrics.tls
        yield _certificates("own", "cluster.metrics.tls", own / "tls.crt")
        yield _certificates("trusted", f"cluster.metrics.tls{_TRUSTED}", own / "ca.crt")


def setting_of(label: str) -> str:
    """Return the setting, or the section of a login, whose name Flink's REST writes with ``_``.

    Labels of metrics of ours are such names; of a name that is in none of our forms it is what was
    given.
    """
    name = label.removesuffix(f"_{_TRUSTED[1:]}")
    suffix = _TRUSTED if name != label else ""
    for field in ("ca_certs", "client_cert"):
        if name.endswith(f"_{field}"):
            section = name.removesuffix(f"_{field}")
            return f"{_section_of(section)}.{field}{suffix}"
    if name.startswith("cluster_"):
        return name.replace("_", ".") + suffix
    return _section_of(name) + suffix


def _section_of(name: str) -> str:
    """Return the section of a name: of several of a kind each has one of its own."""
    for kind in ("kafka", "kerberos"):
        if name.startswith(f"{kind}_"):
            return f"{kind}.{name.removeprefix(f'{kind}_')}"
    return name


def _section(name: str, files: CertificateFiles) -> Iterator[str]:
    if files.ca_certs:
        password = files.ca_certs_password
        yield _certificates(
            "trusted", f"{name}.ca_certs", files.ca_certs, password.path if password else None
        )
    if files.client_cert:
        # Of a PEM file's key otherwise.
        password = None if files.client_key else files.client_key_password
        yield _certificates(
            "own", f"{name}.client_cert", files.client_cert, password.path if password else None
        )


def _certificates(kind: str, setting: str, file: Path, password: Path | None = None) -> str:
    return "\t".join((kind, setting, str(file), str(password or "")))
