# SPDX-License-Identifier: Apache-2.0
"""The sections ``[hdfs]``, and ``[hdfs.NAME]`` for more clusters that are reached the same way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from flinksec_jobs.sections.decides import Decides, ShutsOut
from flinksec_jobs.sections.fields import LocalPath, Section, refusal
from flinksec_jobs.settings import addresses
from flinksec_jobs.settings.addresses import HostPort
from flinksec_jobs.settings.named_sections import wrong_names

Protection = Literal["privacy", "integrity", "authentication"]
PROXY_MODULE = "org.flinksec.hadoop.ProxyUserModuleFactory"
_FLINK = "org.apache.flink.runtime.security.modules"
# What a short name of Hadoop's may be: those of useradd, and of most directories.
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}\$?")


_PORT = 8020  # of a NameNode, where an address has none
# Its host may be left to Hadoop's client, which puts in that of the address.
_SERVER = re.compile(r"[A-Za-z0-9_.-]+/(?:_HOST|[A-Za-z0-9_.-]+)@[A-Za-z0-9_.-]+")
_KMS_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
_KMS_PATH = re.compile(r"(?:/[A-Za-z0-9_.~-]+)*")


def _modules(own: HdfsSettings) -> str | None:
    """Return Flink's modules of logins, with ours right after that which logs Hadoop in."""
    if own.proxy_user is None:
        return None
    flinks = [f"{_FLINK}.{name}ModuleFactory" for name in ("Hadoop", "Jaas", "Zookeeper")]
    return ";".join([flinks[0], PROXY_MODULE, *flinks[1:]])


def _user(value: str) -> str:
    if not _USER.fullmatch(value):
        raise refusal("must be the name of a user on HDFS, such as alice, without a realm")
    return value


def _server(value: str) -> str:
    if not _SERVER.fullmatch(value):
        raise refusal("must be a server's principal, such as hdfs/_HOST@EXAMPLE.COM")
    return value


def _kms_urls(value: tuple[str, ...]) -> tuple[str, ...]:
    parts = [urlsplit(url) for url in value]
    if any(one.scheme != "https" for one in parts):
        raise refusal("must begin with https://, since keys of files come over it")
    if not all(_KMS_HOST.fullmatch(one.hostname or "") for one in parts):
        raise refusal("must name a host each, such as https://kms.example.com:9600/kms")
    if not all(_KMS_PATH.fullmatch(one.path) for one in parts):
        raise refusal("must end with a plain path, such as https://kms.example.com:9600/kms")
    if not all(one.port for one in parts):
        raise refusal("must have a port, such as https://kms.example.com:9600/kms")
    if len({(one.port, one.path) for one in parts}) > 1:
        raise refusal("must all have the same port and path, as Hadoop's client asks for")
    return value


class HdfsClusterSettings(Section):
    """One more cluster of HDFS, for what a job reads or writes there by its name.

    All that is not said here is as `hdfs` says it: a process of Hadoop's client logs in once, and
    protects all connections alike.
    """

    uri: Annotated[str, AfterValidator(addresses.hdfs_uri)] = Field(
        description="The file system, such as hdfs://namenode.example.com:8020."
    )
    namenodes: tuple[HostPort, ...] = Field(
        default=(),
        description="The NameNodes of a name service, as host:port, of which one is active; uri "
        "then is its name, such as hdfs://flights.",
    )

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        if self.namenodes and len(set(self.namenodes)) < 2:  # noqa: PLR2004
            yield "namenodes", "names one NameNode only: write its address into uri"
        if self.namenodes and not self.uri.startswith("hdfs://"):
            yield "namenodes", "belongs to a name service, such as uri = hdfs://flights"
        elif self.namenodes and urlsplit(self.uri).port is not None:
            yield "uri", "has a port, and namenodes gives the addresses: name a name service only"

    @property
    def authority(self) -> str:
        """The host and port, or the name of the name service or of the mounts."""
        return urlsplit(self.uri).netloc


class HdfsSettings(HdfsClusterSettings):
    """Where HDFS is, and how it is reached. The job logs in with `kerberos`."""

    namenode_principal: Annotated[str, AfterValidator(_server)] | None = Field(
        default=None,
        min_length=1,
        description="The NameNode's principal, such as hdfs/_HOST@EXAMPLE.COM. Without it, the "
        "one in conf_dir.",
    )
    proxy_user: Annotated[
        Annotated[str, AfterValidator(_user)] | None,
        Decides("security.module.factory.classes", _modules),
    ] = Field(
        default=None,
        description="User as whom the job reads and writes, such as alice: the NameNodes' "
        "hadoop.proxyuser options must let the job's principal impersonate this user.",
    )
    rpc_protection: Protection = Field(
        default="privacy", description="hadoop.rpc.protection; privacy means encrypted."
    )
    data_transfer_protection: Protection = Field(
        default="privacy", description="dfs.data.transfer.protection; privacy means encrypted."
    )
    replication: int | None = Field(
        default=None, ge=1, description="Copies of each block; at most the number of DataNodes."
    )
    kms_urls: Annotated[tuple[addresses.HttpUrl, ...], AfterValidator(_kms_urls)] = Field(
        default=(),
        description="The KMS that has the keys of encryption zones, such as "
        "https://kms.example.com:9600/kms. The one that the NameNode names is not asked.",
    )
    ca_certs: LocalPath | None = Field(
        default=None,
        description="PEM file of the CAs that the KMS's certificate must come from. Default: those "
        "of Java, and in a cluster those that are mounted.",
    )
    conf_dir: Annotated[
        LocalPath | None, ShutsOut("env.hadoop.conf.dir"), ShutsOut("flink.hadoop.<key>")
    ] = Field(
        default=None,
        description="Directory with a core-site.xml and hdfs-site.xml to start from; these "
        "settings override them.",
    )

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        yield from super()._contradictions()
        if self.ca_certs and not self.kms_urls and self.conf_dir is None:
            yield "ca_certs", "has no effect without kms_urls"
        if self.uri.startswith("viewfs://") and self.conf_dir is None:
            yield "uri", "names mounts, which only files of conf_dir can say"


def _cluster(settings: HdfsClusterSettings) -> str:
    """Name a cluster the same, however its address is written."""
    return settings.authority.lower().removesuffix(f":{_PORT}")


def contradictions(
    hdfs: HdfsSettings | None, more: Mapping[str, HdfsClusterSettings]
) -> Iterator[tuple[str, str]]:
    """Yield (setting, problem) of several clusters."""
    yield from wrong_names("hdfs", more)
    if more and hdfs is None:
        name = next(iter(more))
        yield "hdfs", f"is missing, and [hdfs.{name}] is reached as it says"
    seen = {_cluster(hdfs): "hdfs"} if hdfs else {}
    for name, one in more.items():
        if (other := seen.setdefault(_cluster(one), f"hdfs.{name}")) != f"hdfs.{name}":
            yield f"hdfs.{name}.uri", f"is that of {other}: name another cluster"
