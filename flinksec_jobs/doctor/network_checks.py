# SPDX-License-Identifier: Apache-2.0
"""Names of hosts, as the JVM resolves them, forward and reverse.

Java's Kerberos asks for the service at the canonical name of a host if that begins with the name
in the settings; Hadoop puts the canonical name where a principal has ``_HOST``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from flinksec_jobs.doctor.checks import Answer, Check
from flinksec_jobs.doctor.patient import Patient
from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.files import SETTINGS, read_text
from flinksec_jobs.findings import Finding, Where, warning
from flinksec_jobs.refusals import HOST_UNKNOWN
from flinksec_jobs.runtime import jvm
from flinksec_jobs.settings import HttpsSettings, KafkaSettings, Settings
from flinksec_jobs.settings.hdfs import HdfsClusterSettings

_REVERSE = warning(
    "reverse-dns-differs", "the address of a host leads back to a name with another principal"
)
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Endpoint:
    """A server that the settings name.

    Attributes:
        setting: which names it.
        host: its name or address.
        port: None if it is not known.
    """

    setting: str
    host: str
    port: int | None

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


def endpoints(settings: Settings) -> Iterator[Endpoint]:
    """Yield every server that the settings name, the KDCs in ``krb5_conf`` included."""
    for section, login in settings.kerberos_sections.items():
        yield from kdcs(login.krb5_conf, login.principal, f"{section}.krb5_conf")
    for cluster in settings.clusters:
        view = settings.on_kafka(cluster)
        for server in view.need(KafkaSettings).bootstrap_servers:
            host, _, port = server.rpartition(":")
            setting = view.spelling.setting("kafka.bootstrap_servers")
            yield Endpoint(setting, host.strip("[]"), int(port))
        # A field that the login OAUTHBEARER brings along.
        if endpoint := getattr(view.need(KafkaSettings), "oauth_token_endpoint", None):
            yield _named_by(view.spelling.setting("kafka.oauth_token_endpoint"), endpoint)
    for section in ("elasticsearch", "schema_registry"):
        found: HttpsSettings | None = getattr(settings, section)
        if found is not None:
            yield from _over_https(section, found)
    if settings.hdfs:
        yield from _of_hdfs("hdfs", settings.hdfs)
        for url in settings.hdfs.kms_urls:
            yield _named_by("hdfs.kms_urls", url)
    for name, cluster_of_hdfs in settings.hdfs_clusters.items():
        yield from _of_hdfs(f"hdfs.{name}", cluster_of_hdfs)


def _of_hdfs(section: str, settings: HdfsClusterSettings) -> Iterator[Endpoint]:
    # Without a port it is the name of a name service, which Hadoop's files may explain.
    if urlsplit(settings.uri).port:
        yield _named_by(f"{section}.uri", settings.uri)
    for address in settings.namenodes:
        yield _named_by(f"{section}.namenodes", f"//{address}")


def _named_by(setting: str, url: str) -> Endpoint:
    parts = urlsplit(url)
    return Endpoint(setting, parts.hostname or "", parts.port or _PORTS.get(parts.scheme))


def _over_https(section: str, settings: HttpsSettings) -> Iterator[Endpoint]:
    """Yield the servers, or the proxy in front of them: it alone may know where they are."""
    name = "proxy" if settings.proxy else settings.servers_setting
    for url in (settings.proxy,) if settings.proxy else settings.servers:
        yield _named_by(f"{section}.{name}", url)


def kdcs(
    krb5_conf: Path, principal: str, setting: str = "kerberos.krb5_conf"
) -> Iterator[Endpoint]:
    """Yield the KDCs that a ``krb5.conf`` names for the realm of a principal.

    None are yielded of a file that cannot be read, or takes in others: the login tells.
    """
    try:
        text = read_text(krb5_conf, setting, SETTINGS, error=FlinkSecError)
    except FlinkSecError:
        return
    realm = re.escape(principal.rpartition("@")[2])
    section = re.search(rf"^\s*{realm}\s*=\s*\{{(.*?)\}}", text, re.MULTILINE | re.DOTALL)
    for value in re.findall(r"^\s*kdc\s*=\s*(\S+)", section[1] if section else "", re.MULTILINE):
        address = value.removeprefix("tcp/").removeprefix("udp/")
        host, _, port = address.rpartition(":") if address.count(":") == 1 else (address, "", "")
        yield Endpoint(setting, host, int(port) if port.isdecimal() else None)


def dns(patient: Patient) -> Iterator[Check]:
    """Yield whether each host has an address, and what that leads back to."""
    seen: set[str] = set()
    for endpoint in endpoints(patient.settings):
        if endpoint.host in seen:
            continue
        seen.add(endpoint.host)
        yield Check(
            "dns-host",
            endpoint.host,
            partial(_resolved, patient, endpoint),
            HOST_UNKNOWN,
            setting=endpoint.setting,
        )


def _resolved(patient: Patient, endpoint: Endpoint) -> Answer:
    addresses = patient.jvm().java.net.InetAddress
    where = Where(setting=endpoint.setting, object=endpoint.host)
    try:
        with jvm.translated(endpoint.host):
            found = list(addresses.getAllByName(endpoint.host))
    except FlinkSecError:
        why, fix = (
            "this host name cannot be resolved",
            "correct it, or the resolver of this machine",
        )
        return Answer(findings=[HOST_UNKNOWN.at(where, why, fix=fix)])
    canonical = str(found[0].getCanonicalHostName())
    told = ", ".join(str(one.getHostAddress()) for one in found)
    findings = list(_reverse(patient.settings, endpoint, canonical, where))
    return Answer(f"{told}, which is {canonical}", findings)


def _reverse(
    settings: Settings, endpoint: Endpoint, canonical: str, where: Where
) -> Iterator[Finding]:
    """Yield a warning where a principal is made of the canonical name, and that is another one."""
    hdfs = settings.hdfs
    is_made = endpoint.setting == "hdfs.uri" and hdfs and "_HOST" in (hdfs.namenode_principal or "")
    if is_made and canonical.lower() != endpoint.host.lower():
        yield _REVERSE.at(
            where,
            f"its address leads back to {canonical}, which Hadoop puts where "
            "hdfs.namenode_principal has _HOST",
            fix="write the host's own name into hdfs.namenode_principal, or correct reverse DNS",
        )
