# SPDX-License-Identifier: Apache-2.0
"""Two NameNodes of one name service, each a process that can be killed, in a sandbox's realm."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from flinksec_jobs import Sandbox, hadoop_files
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.sandbox.ports import free_ports
from tests.hdfs.recorder import ON_THE_WAY, Recorder

SOURCE = Path(__file__).with_name("HdfsPair.java")
NAME = "pair"
_FAILOVER = "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider"
_OF_DATANODE = ("address", "ipc.address", "https.address")


def configuration(sandbox: Sandbox, directory: Path, options: dict[str, str]) -> Path:
    """Write the configuration of servers in a sandbox's realm, and return its directory."""
    conf = directory / "conf"
    # With its stores, and the directories of the web consoles.
    shutil.copytree(sandbox.directory / "hadoop", conf)
    given = hadoop_files.read(conf, "test")
    for name in ("hadoop.security.key.provider.path", "dfs.namenode.https-address"):
        given.pop(name, None)
    for name in hadoop_files.FILES:
        (conf / name).write_text(hadoop_files.as_xml(given | options))
    return conf


class HdfsPair:
    """A name service ``pair`` with a DataNode; nn1 is active, and nn2 stands by."""

    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        self._box, self._directory = sandbox, directory
        ports = iter(free_ports(7))
        self.namenodes = [f"localhost:{next(ports)}", f"localhost:{next(ports)}"]
        options = {
            "fs.defaultFS": f"hdfs://{NAME}",
            "dfs.nameservices": NAME,
            f"dfs.ha.namenodes.{NAME}": "nn1,nn2",
            f"dfs.client.failover.proxy.provider.{NAME}": _FAILOVER,
            "dfs.namenode.shared.edits.dir": (directory / "shared").as_uri(),
            "dfs.datanode.data.dir": (directory / "data").as_uri(),
            "dfs.ha.tail-edits.period": "1",
            **{
                f"dfs.namenode.rpc-address.{NAME}.nn{n}": address
                for n, address in enumerate(self.namenodes, start=1)
            },
            **{
                f"dfs.namenode.https-address.{NAME}.nn{n}": f"localhost:{next(ports)}"
                for n in (1, 2)
            },
            **{
                f"dfs.datanode.{name}": f"127.0.0.1:{port}"
                for name, port in zip(_OF_DATANODE, ports, strict=True)
            },
            "dfs.datanode.hostname": ON_THE_WAY,
        }
        self._data = int(options["dfs.datanode.address"].rpartition(":")[2])
        self._recorders: list[Recorder] = []
        self._conf = configuration(sandbox, directory, options)
        jars = [self._conf, directory, *artifacts.jars("sandbox-hdfs")]
        self._class_path = os.pathsep.join(map(str, jars))
        java = find_java()
        subprocess.run(
            [java.home / "bin" / "javac", "-cp", self._class_path, "-d", directory, SOURCE],
            check=True,
        )
        self._java = java.executable
        self._first = self._start("active")
        self._second = self._start("standby")

    def _start(self, role: str) -> subprocess.Popen[str]:
        with (self._directory / f"{role}.log").open("w") as log:
            process = subprocess.Popen(
                [
                    self._java,
                    "-Xmx384m",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                    f"-Dhadoop.log.dir={self._directory}",
                    f"-Djava.security.krb5.conf={self._box.directory / 'krb5.conf'}",
                    "-cp",
                    self._class_path,
                    "HdfsPair",
                    role,
                    str(self._directory / "names"),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._await(process, "READY")
        return process

    def _await(self, process: subprocess.Popen[str], word: str) -> None:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{word}\n", self._said()

    def _said(self) -> str:
        return "\n".join(log.read_text()[-3000:] for log in self._directory.glob("*.log"))

    def conf_dir(self, mounts: dict[str, str]) -> Path:
        """Write a client's configuration that names the service, and mounts of ``viewfs://mounts``.

        The NameNode that stands by comes first, and all else goes over recorders.

        Args:
            mounts: what is mounted, by the name of its directory.
        """
        first = int(self.namenodes[0].rpartition(":")[2])
        self._recorders = [Recorder(first), Recorder(self._data, ON_THE_WAY, self._data)]
        target = self._directory / "client"
        target.mkdir()
        options = {
            "dfs.nameservices": NAME,
            f"dfs.ha.namenodes.{NAME}": "by,active",
            f"dfs.namenode.rpc-address.{NAME}.by": self.namenodes[1],
            f"dfs.namenode.rpc-address.{NAME}.active": f"localhost:{self._recorders[0].port}",
            f"dfs.client.failover.proxy.provider.{NAME}": _FAILOVER,
            "dfs.client.use.datanode.hostname": "true",
        }
        (target / "hdfs-site.xml").write_text(hadoop_files.as_xml(options))
        links = {f"fs.viewfs.mounttable.mounts.link./{k}": v for k, v in mounts.items()}
        (target / "core-site.xml").write_text(hadoop_files.as_xml(links))
        return target

    @property
    def recorded(self) -> list[bytes]:
        """What has passed to and from the NameNode, and the DataNode, of those that went there."""
        return [each.recorded for each in self._recorders]

    def kill_the_active_one(self) -> None:
        """SIGKILL to nn1; nn2 is made active as its administrator would do it, then."""
        self._first.kill()
        self._first.wait()
        assert self._second.stdin is not None
        self._second.stdin.write("\n")
        self._second.stdin.flush()
        self._await(self._second, "ACTIVE")

    def end(self) -> None:
        for each in self._recorders:
            each.close()
        for process in (self._first, self._second):
            process.kill()
            process.communicate()
