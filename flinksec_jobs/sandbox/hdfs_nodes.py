# SPDX-License-Identifier: Apache-2.0
"""The sandbox's HDFS: its configuration, and a client that is a program of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from flinksec_jobs import hadoop_conf
from flinksec_jobs.private_files import write_private
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.java import Java
from flinksec_jobs.sandbox.jvm_programs import client, java_command
from flinksec_jobs.sandbox.layout import Layout

JARS = "sandbox-hdfs"
CLIENT_JARS = "sandbox-hdfs-client"
PORTS = ("hdfs", "hdfs-https", "datanode", "datanode-ipc", "datanode-https")
# The directory that is the job's own.
DATA = "/data"


def write_configuration(layout: Layout, ports: Mapping[str, int], password: str) -> None:
    """Write the Hadoop configuration of the servers and of `Hdfs`."""
    common = _common(layout, ports)
    layout.hadoop_client_conf.mkdir(exist_ok=True, mode=0o700)
    for name in ("core-site.xml", "hdfs-site.xml"):
        _write(layout.hadoop_client_conf / name, common)
    # The jars lack the pages of the web consoles, without whose directories no server starts.
    for page in ("hdfs", "datanode"):
        (layout.hadoop_conf / "webapps" / page).mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(layout.hadoop_conf / "core-site.xml", common)
    _write(layout.hadoop_conf / "hdfs-site.xml", common | _servers(layout, ports))
    _write(layout.hadoop_conf / "ssl-server.xml", _stores("server", layout, password))
    _write(layout.hadoop_conf / "ssl-client.xml", _stores("client", layout, password))


def _common(layout: Layout, ports: Mapping[str, int]) -> dict[str, str]:
    service = f"{layout.principals['hdfs']}@{layout.realm}"
    return {
        "fs.defaultFS": f"hdfs://{layout.host}:{ports['hdfs']}",
        "hadoop.security.authentication": "kerberos",
        "hadoop.security.authorization": "true",
        "hadoop.security.auth_to_local": "RULE:[2:$1] RULE:[1:$1] DEFAULT",
        "hadoop.rpc.protection": "privacy",
        "dfs.data.transfer.protection": "privacy",
        # Without it what is called privacy is 3DES or RC4, which is weak, and slow.
        "dfs.encrypt.data.transfer.cipher.suites": "AES/CTR/NoPadding",
        "dfs.encrypt.data.transfer.cipher.key.bitlength": "256",
        "dfs.namenode.kerberos.principal": service,
        "dfs.datanode.kerberos.principal": service,
        "dfs.replication": "1",
        "ipc.client.connect.max.retries": "3",
    }


def _servers(layout: Layout, ports: Mapping[str, int]) -> dict[str, str]:
    keytab = str(layout.keytab("hdfs"))
    data = layout.directory / "hdfs"
    web_principal = f"{layout.principals['http']}@{layout.realm}"
    return {
        "dfs.namenode.name.dir": (data / "name").as_uri(),
        "dfs.datanode.data.dir": (data / "data").as_uri(),
        "dfs.namenode.keytab.file": keytab,
        "dfs.datanode.keytab.file": keytab,
        "dfs.web.authentication.kerberos.principal": web_principal,
        "dfs.web.authentication.kerberos.keytab": str(layout.keytab("http")),
        "dfs.namenode.kerberos.internal.spnego.principal": web_principal,
        "dfs.block.access.token.enable": "true",
        # A DataNode without root's ports wants both of these before it serves Kerberos clients.
        "dfs.http.policy": "HTTPS_ONLY",
        "dfs.namenode.rpc-bind-host": layout.bind,
        "dfs.namenode.https-address": f"{layout.host}:{ports['hdfs-https']}",
        "dfs.namenode.https-bind-host": layout.bind,
        "dfs.datanode.https.address": f"{layout.bind}:{ports['datanode-https']}",
        "dfs.datanode.address": f"{layout.bind}:{ports['datanode']}",
        "dfs.datanode.ipc.address": f"{layout.bind}:{ports['datanode-ipc']}",
        "dfs.datanode.hostname": layout.host,
        "dfs.permissions.superusergroup": "hdfs",
        "hadoop.user.group.static.mapping.overrides": "hdfs=hdfs;flink=flink;guest=guest",
        "dfs.namenode.safemode.extension": "0",
        "dfs.namenode.safemode.min.datanodes": "1",
        "dfs.datanode.directoryscan.interval": "-1",
        "dfs.datanode.du.reserved": "0",
        "dfs.namenode.resource.du.reserved": "0",
    }


def _stores(side: str, layout: Layout, password: str) -> dict[str, str]:
    return {
        f"ssl.{side}.keystore.location": str(layout.certificate("server.p12")),
        f"ssl.{side}.keystore.password": password,
        f"ssl.{side}.keystore.keypassword": password,
        f"ssl.{side}.keystore.type": "PKCS12",
        f"ssl.{side}.truststore.location": str(layout.certificate("truststore.p12")),
        f"ssl.{side}.truststore.password": password,
        f"ssl.{side}.truststore.type": "PKCS12",
    }


def _write(path: Path, options: Mapping[str, str]) -> None:
    write_private(path, hadoop_conf.as_xml(options))


def server_command(layout: Layout, java: Java, options: list[str]) -> list[str]:
    """Return the command that starts NameNode and DataNode."""
    is_new = not (layout.directory / "hdfs" / "name" / "current").exists()
    return java_command(
        java,
        "org.flinksec.sandbox.hdfs.Hdfs",
        [layout.hadoop_conf, artifacts.own_jar("flinksec-sandbox"), *artifacts.jars(JARS)],
        ["format" if is_new else "keep", f"flink={DATA}"],
        options=[*options, f"-Dhadoop.log.dir={layout.directory / 'logs'}"],
    )


class Hdfs:
    """A client of the sandbox's HDFS, for looking into it."""

    def __init__(self, layout: Layout, java: Java) -> None:
        self._layout = layout
        self._java = java

    def ls(self, path: str, *, principal: str | None = "flink") -> list[str]:
        """Return the paths of all files below a path, the unfinished ones too."""
        return list(self._ask("ls", path, principal))

    def lines(self, path: str, *, principal: str | None = "flink") -> Iterator[str]:
        """Yield the lines of the finished files below a path.

        Args:
            path: a directory.
            principal: whose ticket to use; None for none.

        Raises:
            SandboxError: HDFS refused it.
        """
        return self._ask("cat", path, principal)

    def _ask(self, command: str, path: str, principal: str | None) -> Iterator[str]:
        who = f"{self._layout.principals[principal]}@{self._layout.realm}" if principal else "-"
        keytab = str(self._layout.keytab(principal)) if principal else "-"
        full = java_command(
            self._java,
            "org.flinksec.sandbox.hdfs.HdfsTool",
            [
                self._layout.hadoop_client_conf,
                artifacts.own_jar("flinksec-sandbox"),
                *artifacts.jars(CLIENT_JARS),
            ],
            [who, keytab, command, path],
            options=[f"-Djava.security.krb5.conf={self._layout.krb5_conf}"],
        )
        with client(full, what=f"{command} {path} on HDFS") as process:
            assert process.stdout is not None  # noqa: S101
            for line in process.stdout:
                yield line.rstrip("\n")
