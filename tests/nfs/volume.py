# SPDX-License-Identifier: Apache-2.0
"""An NFS volume: a guest that exports a disk, and one that has it mounted."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from flinksec_jobs.sealed import KeyRing
from tests.faults.java import Lines, Programs
from tests.nfs.guest import Guest, Network

EXPORT = "/run/export"
PATH = "/run/volume"
RING = "/run/ring"
_MEBIBYTE = 1 << 20
_DISK = 96 * _MEBIBYTE
OPTIONS = {"4.2": "vers=4.2,hard,timeo=20", "3": "vers=3,nolock,hard,tcp,timeo=20"}
SOURCES = {"4.2": "10.0.0.1:/", "3": f"10.0.0.1:{EXPORT}"}


class NfsVolume:
    """A volume of one version of NFS.

    Attributes:
        version: ``4.2`` or ``3``.
        server: the guest that exports.
        client: the guest that mounts it at ``PATH``.
    """

    def __init__(self, version: str, directory: Path, programs: Programs, ring: KeyRing) -> None:
        self.version = version
        self._directory = directory
        self._programs = programs
        self.ring = ring
        self._network = Network.new()
        self._disk = directory / "disk"
        self._disk.touch()
        os.truncate(self._disk, _DISK)
        self._guests = ExitStack()

    def __enter__(self) -> Self:
        self.server = self._boot_server()
        self.server.do("mkfs.ext4 -q -m 0 /dev/ubda")
        self._serve()
        self.client = self._boot_client()
        return self

    def __exit__(self, *error: object) -> None:
        self._guests.close()
        self._network.close()

    def _boot_server(self) -> Guest:
        log = self._directory / "server.log"
        server = Guest("server", self._network.server, log, disk=self._disk)
        self._guests.callback(server.kill)
        return server

    def _serve(self) -> None:
        self.server.do(
            f"mount /dev/ubda {EXPORT} && mount -t nfsd nfsd /proc/fs/nfsd && rpcbind"
            # What a server knows of its clients has to outlive it: it lies on its disk.
            f" && mkdir -p {EXPORT}/.nfs && mount --bind {EXPORT}/.nfs /var/lib/nfs/v4recovery"
            " && echo 10 >/proc/fs/nfsd/nfsv4leasetime && echo 10 >/proc/fs/nfsd/nfsv4gracetime"
            " && exportfs -o rw,sync,no_subtree_check,no_root_squash,fsid=0"
            f" 10.0.0.2:{EXPORT} && rpc.mountd && rpc.nfsd 4"
        )

    def _boot_client(self) -> Guest:
        client = Guest(
            "client", self._network.client, self._directory / "client.log", mebibytes=1200
        )
        self._guests.callback(client.kill)
        # The guest's root is nobody to the files of a user of the host, and a ring must be its own.
        client.do(f"cp -r {self.ring.directory} {RING} && chown -R 0:0 {RING}")
        client.do(f"mount.nfs {SOURCES[self.version]} {PATH} -o {OPTIONS[self.version]}")
        return client

    def start(self, program: str, *arguments: str) -> Lines:
        """One of the programs in a JVM of the client, with the key ring."""
        command = self._programs.command(program, RING, *arguments)
        plugins = self._programs.directory / "plugins"
        started = self.client.start(command, FLINK_PLUGINS_DIR=str(plugins))
        started.wait_for("ready")
        return started

    def forget(self) -> None:
        """Have the client ask the server for everything again."""
        self.client.do("sync; echo 3 >/proc/sys/vm/drop_caches")

    def fill(self, left: int) -> None:
        """Have only so many MiB left on the server's disk."""
        free = self.server.do(f"df --output=avail -B1M {EXPORT} | tail -1")
        self.server.do(f"fallocate -l {int(free) - left}M {EXPORT}/filler && sync")

    def empty(self) -> None:
        """Undo it."""
        self.server.do(f"rm -f {EXPORT}/filler && sync")

    def restart_server(self) -> None:
        """Kill the server, and boot it anew with the disk that it left."""
        self.server.kill()
        self.server = self._boot_server()
        self._serve()

    def replace_client(self) -> None:
        """Kill the client, and boot a new one."""
        self.client.kill()
        self.client = self._boot_client()
