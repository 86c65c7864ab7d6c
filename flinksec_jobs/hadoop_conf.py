# SPDX-License-Identifier: Apache-2.0
"""What the settings decide of Hadoop's configuration, and what is taken from that of others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flinksec_jobs.hadoop_files import CA_CERTS

if TYPE_CHECKING:
    from flinksec_jobs.settings import HdfsClusterSettings, HdfsSettings

# What Hadoop's client knows under another name, or what takes a protection away again by itself.
_UNDOING = (
    "fs.default.name",
    # Classes that would take the place of the client, in front of which nothing is protected.
    r"fs\..+\.impl",
    r"hadoop\.rpc\.socket\.factory\.class\..+",
    # Resolvers that choose the quality of protection, and "trusted" channels without any.
    r"hadoop\.security\.saslproperties\.resolver\.class",
    r"dfs\.data\.transfer\.saslproperties\.resolver\.class",
    r"dfs\.trustedchannel\.resolver\.class",
    # Servers that may have any principal.
    r"dfs\.namenode\.kerberos\.principal\.pattern",
    r"ignore\.secure\.ports\.for\.testing",
    # TLS to the KMS: what checks names, who is trusted, and how.
    r"(hadoop\.ssl|ssl\.client)\..+",
    # Other ciphers and other random numbers than Java's.
    r"hadoop\.security\.(crypto|secure\.random|java\.secure\.random|openssl)\..+",
    # Programs that the client would run.
    r"hadoop\.kerberos\.kinit\.command",
    r"hadoop\.security\.group\.mapping(\..+)?",
    r"fs\.client\.resolve\.topology\.enabled",  # by the script of net.topology.script.file.name
    # The keys of files, from elsewhere than a KMS over HTTPS.
    r"dfs\.encryption\.key\.provider\.uri",
)
_UNDOES = re.compile("|".join(_UNDOING))
_KMS = "hadoop.security.key.provider.path"
_KMS_OVER_HTTPS = re.compile(r"kms://https@[^,\s]+")
_MOUNT = re.compile(r"fs\.viewfs\.mounttable\..+\.link.*")
_ON_HDFS = re.compile(r"hdfs://.+")
PROXY_USER = "flinksec.hdfs.proxy-user"
"""Not Hadoop's: names the user that our module of Flink's logins makes that of the JVM."""
_FAILOVER = "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider"
_HA = "dfs.ha.namenodes."
_DATA_SOCKETS = "org.flinksec.hadoop.ProtectedSockets"


def decided(settings: HdfsSettings, more: Iterable[HdfsClusterSettings] = ()) -> dict[str, str]:
    """Return the options of Hadoop that the settings decide, whatever ``conf_dir`` says.

    The two protections must be the servers' own: without the one the client finds "No common
    protection layer", without the other it reports a misleading missing block.

    Args:
        settings: of ``[hdfs]``.
        more: of each ``[hdfs.NAME]``.
    """
    options = {
        "fs.defaultFS": settings.uri,
        "hadoop.security.authentication": "kerberos",
        "hadoop.security.authorization": "true",
        # A server that asks for no login is not the one that was meant.
        "ipc.client.fallback-to-simple-auth-allowed": "false",
        "hadoop.rpc.protection": settings.rpc_protection,
        "dfs.data.transfer.protection": settings.data_transfer_protection,
        # Without it what is called privacy is 3DES or RC4, which is weak, and slow.
        "dfs.encrypt.data.transfer.cipher.suites": "AES/CTR/NoPadding",
        # Hadoop's client leaves the protection out towards ports below 1024.
        "hadoop.rpc.socket.factory.class.ClientProtocol": _DATA_SOCKETS,
        "dfs.namenode.kerberos.principal": settings.namenode_principal,
        # More replicas than DataNodes make the recovery of an open file fail for ever.
        "dfs.replication": settings.replication and str(settings.replication),
        # Where the keys come from is said here, and over HTTPS, not by the NameNode.
        "dfs.client.ignore.namenode.default.kms.uri": "true",
        _KMS: _kms(settings),
        "hadoop.ssl.hostname.verifier": "DEFAULT",
        "hadoop.ssl.enabled.protocols": "TLSv1.2,TLSv1.3",
        PROXY_USER: settings.proxy_user,
        CA_CERTS: settings.ca_certs and str(settings.ca_certs),
    }
    for one in (settings, *more):
        options |= _name_service(one)
    return {name: value for name, value in options.items() if value}


def _kms(settings: HdfsSettings) -> str:
    if not settings.kms_urls:
        return ""
    parts = [urlsplit(url) for url in settings.kms_urls]
    hosts = ";".join(str(one.hostname) for one in parts)
    return f"kms://https@{hosts}:{parts[0].port}{parts[0].path}"


def _name_service(settings: HdfsClusterSettings) -> dict[str, str]:
    if not settings.namenodes:
        return {}
    name = settings.authority
    ids = [f"nn{number}" for number in range(1, len(settings.namenodes) + 1)]
    addresses = zip(ids, settings.namenodes, strict=True)
    return {
        f"dfs.ha.namenodes.{name}": ",".join(ids),
        f"dfs.client.failover.proxy.provider.{name}": _FAILOVER,
        **{f"dfs.namenode.rpc-address.{name}.{one}": address for one, address in addresses},
    }


def merged(given: Mapping[str, str], decided: Mapping[str, str]) -> dict[str, str]:
    """Return one configuration: what a directory holds, below what the settings decide.

    Args:
        given: as `read` returns it; no `final` holds against the settings.
        decided: options of the settings.
    """
    taken = {name: value for name, value in given.items() if not _undoes(name, value)}
    options = taken | dict(decided)
    known = _listed(options.get("dfs.nameservices", ""))
    known += [name for option in decided if (name := _service_of(option))]
    if known:
        options["dfs.nameservices"] = ",".join(dict.fromkeys(known))
    return options


def overruled(given: Mapping[str, str], decided: Mapping[str, str]) -> list[str]:
    """Return the names of the options that a directory sets and that are not taken from it."""
    return sorted(
        name
        for name, value in given.items()
        if _undoes(name, value) or decided.get(name, value) != value
    )


def elsewhere(given: Mapping[str, str]) -> list[str]:
    """Return the mounts of ``viewfs`` that are not on HDFS, where nothing would be protected."""
    return sorted(
        name
        for name, value in given.items()
        if _MOUNT.fullmatch(name)
        and not all(_ON_HDFS.fullmatch(target) for target in _listed(value))
    )


def _undoes(name: str, value: str) -> bool:
    if name == _KMS:
        return not _KMS_OVER_HTTPS.fullmatch(value.strip())
    return _UNDOES.fullmatch(name) is not None


def _listed(value: str) -> list[str]:
    return [one.strip() for one in value.split(",") if one.strip()]


def _service_of(option: str) -> str:
    return option.removeprefix(_HA) if option.startswith(_HA) else ""
