# SPDX-License-Identifier: Apache-2.0
"""The sandbox's HDFS: its configuration, and a client that is a program of its own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from flinksec_jobs import hadoop_files
from flinksec_jobs.private_files import write_private
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.java import Java
from flinksec_jobs.sandbox.jvm_programs import client, java_command
from flinksec_jobs.sandbox.layout import Layout

JARS = "sandbox-hdfs"
CLIENT_JARS = "sandbox-hdfs-client"
PORTS = ("hdfs", "hdfs-https", "datanode", "datanode-ipc", "datanode-https", "kms")
# The directory that is the job's own.
DATA = "/data"
# The user that the job's may be a proxy of has one, too.
OF_GUEST = "/guest"
# Encryption zones, by the name of their key: one whose files the job may open, one it may not.
ZONES = {"flink": "/zone", "closed": "/closed"}


def write_configuration(
    layout: Layout, ports: Mapping[str, int], password: str, *, kms: bool = False
) -> None:
    """Write the Hadoop configuration of the servers and of `Hdfs`.

    Args:
        layout: where everything lies.
        ports: by name.
        password: of the certificates' stores.
        kms: whether there are encryption zones, and a KMS that has their keys.
    """
    common = _common(layout, ports)
    if kms:
        common |= {"hadoop.security.key.provider.path": f"kms://https@{_kms(layout, ports)}"}
        _write(layout.hadoop_conf / "kms-site.xml", _kms_server(layout, ports))
        _write(layout.hadoop_conf / "kms-acls.xml", _KMS_RIGHTS)
        key_password = layout.hadoop_conf / _KEYS_PASSWORD
        if not key_password.exists():
            write_private(key_password, secrets.token_urlsafe(24))
    layout.hadoop_client_conf.mkdir(exist_ok=True, mode=0o700)
    for name in ("core-site.xml", "hdfs-site.xml"):
        _write(layout.hadoop_client_conf / name, common)
    _write(layout.hadoop_client_conf / "ssl-client.xml", _stores("client", layout, password))
    # The jars lack the pages of the web consoles, without whose directories no server starts.
    for page in ("hdfs", "datanode"):
        (layout.hadoop_conf / "webapps" / page).mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(layout.hadoop_conf / "core-site.xml", common)
    _write(layout.hadoop_conf / "hdfs-site.xml", common | _servers(layout, ports))
    _write(layout.hadoop_conf / "ssl-server.xml", _stores("server", layout, password))
    _write(layout.hadoop_conf / "ssl-client.xml", _stores("client", layout, password))


def kms_url(layout: Layout, ports: Mapping[str, int]) -> str:
    """Return where the KMS is."""
    return f"https://{_kms(layout, ports)}"


def _kms(layout: Layout, ports: Mapping[str, int]) -> str:
    return f"{layout.host}:{ports['kms']}/kms"


def _kms_server(layout: Layout, ports: Mapping[str, int]) -> dict[str, str]:
    keys = layout.directory / "hdfs" / "keys.jceks"
    proxies = {
        f"hadoop.kms.proxyuser.{user}.{of}": who
        for user, of, who in (
            ("hdfs", "users", "*"),
            ("hdfs", "hosts", "*"),
            ("flink", "users", "guest"),
            ("flink", "hosts", "*"),
        )
    }
    return proxies | {
        "hadoop.tmp.dir": str(layout.directory / "hdfs" / "tmp"),
        "hadoop.kms.http.host": layout.bind,
        "hadoop.kms.http.port": str(ports["kms"]),
        "hadoop.kms.ssl.enabled": "true",
        "hadoop.kms.key.provider.uri": f"jceks://file@{keys}",
        "hadoop.security.keystore.java-keystore-provider.password-file": _KEYS_PASSWORD,
        "hadoop.kms.authentication.type": "kerberos",
        "hadoop.kms.authentication.kerberos.keytab": str(layout.keytab("http")),
        "hadoop.kms.authentication.kerberos.principal": (
            f"{layout.principals['http']}@{layout.realm}"
        ),
        "hadoop.kms.authentication.kerberos.name.rules": "RULE:[2:$1] RULE:[1:$1] DEFAULT",
        "hadoop.kms.key.authorization.enable": "true",
    }


_KEYS_PASSWORD = "kms-keystore-password"  # noqa: S105  the name of a file
# What is not named is for nobody.
_KMS_RIGHTS = {
    **dict.fromkeys(
        (
            *(f"hadoop.kms.acl.{what}" for what in ("CREATE", "GENERATE_EEK", "GET_METADATA")),
            *(f"key.acl.{key}.{what}" for key in ZONES for what in ("MANAGEMENT", "READ")),
            *(f"key.acl.{key}.GENERATE_EEK" for key in ZONES),
            "key.acl.closed.DECRYPT_EEK",
        ),
        "hdfs",
    ),
    **dict.fromkeys(
        (
            *(f"hadoop.kms.acl.{what}" for what in ("DELETE", "ROLLOVER", "GET", "GET_KEYS")),
            "hadoop.kms.acl.SET_KEY_MATERIAL",
        ),
        " ",
    ),
    "hadoop.kms.acl.DECRYPT_EEK": "*",
    "key.acl.flink.DECRYPT_EEK": "flink",
}


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
        # Or tickets of a minute would end before the next.
        "hadoop.kerberos.min.seconds.before.relogin": "5",
    }


def _servers(layout: Layout, ports: Mapping[str, int]) -> dict[str, str]:
    keytab = str(layout.keytab("hdfs"))
    data = layout.directory / "hdfs"
    web_principal = f"{layout.principals['http']}@{layout.realm}"
    return {
        "hadoop.tmp.dir": str(data / "tmp"),
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
        # The job may be a proxy of this one user.
        "hadoop.proxyuser.flink.users": "guest",
        "hadoop.proxyuser.flink.hosts": "*",
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
    write_private(path, hadoop_files.as_xml(options))


def server_command(
    layout: Layout, java: Java, options: list[str], *, kms: bool = False
) -> list[str]:
    """Return the command that starts NameNode and DataNode, and a KMS if there is one."""
    is_new = not (layout.directory / "hdfs" / "name" / "current").exists()
    return java_command(
        java,
        "org.flinksec.sandbox.hdfs.Hdfs",
        [layout.hadoop_conf, artifacts.own_jar("flinksec-sandbox"), *artifacts.jars(JARS)],
        [
            "format" if is_new else "keep",
            f"flink={DATA}",
            f"guest={OF_GUEST}",
            *(f"flink={path}={key}" for key, path in ZONES.items() if kms),
        ],
        options=[
            *options,
            f"-Dhadoop.log.dir={layout.directory / 'logs'}",
            f"-Dkms.config.dir={layout.hadoop_conf}",
            # It asks for one, although its log is that of the others.
            "-Dlog4j.configuration=none.properties",
            # For what makes its classes.
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
        ],
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

    def get(self, path: str, target: Path) -> None:
        """Copy the finished files below a path to a directory, below which they keep their places.

        Where there is nothing, nothing is copied.

        Raises:
            SandboxError: HDFS refused it.
        """
        list(self._ask("get", path, "flink", str(target)))

    def _ask(self, command: str, path: str, principal: str | None, *more: str) -> Iterator[str]:
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
            [who, keytab, command, path, *more],
            options=[f"-Djava.security.krb5.conf={self._layout.krb5_conf}"],
        )
        with client(full, what=f"{command} {path} on HDFS") as process:
            assert process.stdout is not None  # noqa: S101
            for line in process.stdout:
                yield line.rstrip("\n")
