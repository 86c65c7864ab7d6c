# SPDX-License-Identifier: Apache-2.0
"""A NameNode and a DataNode that offer only that peers are who they say, and encrypt nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

from flinksec_jobs import Sandbox
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.sandbox.jvm_programs import java_command
from flinksec_jobs.sandbox.ports import free_ports
from tests.hdfs.hdfs_pair import configuration
from tests.hdfs.recorder import ON_THE_WAY, Recorder


class WeakerHdfs:
    """A file system of its own, in a sandbox's realm; its `Recorder` sees all that clients send.

    Args:
        sandbox: has the KDC and the certificates.
        directory: of its own.
    """

    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        rpc, data, ipc, https, data_https = free_ports(5)
        options = {
            "fs.defaultFS": f"hdfs://localhost:{rpc}",
            "hadoop.rpc.protection": "authentication",
            "dfs.data.transfer.protection": "authentication",
            "hadoop.tmp.dir": str(directory / "tmp"),
            "dfs.namenode.name.dir": (directory / "names").as_uri(),
            "dfs.datanode.data.dir": (directory / "data").as_uri(),
            "dfs.namenode.https-address": f"localhost:{https}",
            "dfs.datanode.address": f"127.0.0.1:{data}",
            "dfs.datanode.ipc.address": f"127.0.0.1:{ipc}",
            "dfs.datanode.https.address": f"127.0.0.1:{data_https}",
            "dfs.datanode.hostname": ON_THE_WAY,
        }
        jars = [
            configuration(sandbox, directory, options),
            artifacts.own_jar("flinksec-sandbox"),
            *artifacts.jars("sandbox-hdfs"),
        ]
        command = java_command(
            find_java(),
            "org.flinksec.sandbox.hdfs.Hdfs",
            jars,
            ["format", "flink=/data"],
            options=[
                f"-Dhadoop.log.dir={directory}",
                f"-Djava.security.krb5.conf={sandbox.krb5_conf}",
                "-Xmx384m",
            ],
        )
        with (directory / "log").open("w") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith("READY"), (directory / "log").read_text()
        self._recorders = [Recorder(rpc), Recorder(data, ON_THE_WAY, data)]
        self.uri = f"hdfs://localhost:{self._recorders[0].port}"

    @property
    def recorded(self) -> bytes:
        """What has passed to and from both servers."""
        return b"".join(each.recorded for each in self._recorders)

    def end(self) -> None:
        for each in self._recorders:
            each.close()
        self._process.kill()
        self._process.communicate()
