# SPDX-License-Identifier: Apache-2.0
"""The sandbox as a whole: up, down, and what it offers to tests and job authors."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from flinksec_jobs.errors import SandboxError
from flinksec_jobs.private_files import write_private
from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.sandbox import (
    elasticsearch_node,
    hdfs_nodes,
    job_settings,
    kafka_broker,
    kafka_logins,
    marker,
    processes,
    realm,
    registry_server,
    server_jars,
)
from flinksec_jobs.sandbox import second_kafka as second
from flinksec_jobs.sandbox.contents import Contents
from flinksec_jobs.sandbox.for_jobs import ForJobs
from flinksec_jobs.sandbox.jvm_programs import java_command
from flinksec_jobs.sandbox.layout import (
    LOOPBACK,
    LOOPBACK_ADDRESS,
    REALM,
    SECOND_ADDRESS,
    Layout,
    write_properties,
)
from flinksec_jobs.sandbox.ports import WELL_KNOWN, same_or_free_ports
from flinksec_jobs.sandbox.processes import Server
from flinksec_jobs.sandbox.test_ca import Variant, write_certificates
from flinksec_jobs.sealed import KeyRing

SERVERS = ("kafka", "hdfs", "elasticsearch", "schema-registry", "kms")
"""What can be asked for; the KDC always runs."""
USUAL = ("kafka", "hdfs", "elasticsearch")
"""What is started if nothing else is asked for."""

_START_SECONDS = 300.0
_MAIN_PORTS = {
    "kdc": "kdc",
    "kafka": "kafka-sasl-ssl",
    "hdfs": "hdfs",
    "kms": "kms",
    "elasticsearch": "elasticsearch",
    "schema-registry": "schema-registry",
}


@dataclass(frozen=True)
class ServerStatus:
    """One process of the sandbox.

    Attributes:
        name: of the server.
        pid: its process id.
        alive: whether it runs.
        log: its log.
    """

    name: str
    pid: int
    alive: bool
    log: Path


class Sandbox(ForJobs, Contents):
    """A KDC, Kafka, HDFS and Elasticsearch, on free ports of loopback by default, each secured.

    In a ``with`` block the servers end with it, and at the latest with this process.

    Args:
        directory: where it lives, mode 0700; by default a temporary one that goes with it.
        only: which of `SERVERS` to start; `USUAL` by default.
        host: the name under which clients reach them, which stands in their certificates and
            Kerberos principals. This machine must resolve it too, to an address that other
            machines reach, as the DataNode registers under it.
        bind: the address on which they listen.
        well_known_ports: whether to use `ports.WELL_KNOWN` in place of free ports.
        ticket_lifetime: of Kerberos tickets, in seconds; Kerby's default is a day.
        elasticsearch_version: its major version, ``8``, or ``9``, which needs a Java 21 or later.
        certificate: what is wrong with Elasticsearch's certificate, if anything.
        client_certificates: whether Elasticsearch demands client certificates.
        realm: of the Kerberos principals.
        reauthenticate_after: how many seconds Kafka's clients may go on by one login
            (``connections.max.reauth.ms``); by default as long as they like.
        second_kafka: whether to start a second cluster of Kafka in a second realm, `second`.
        detached: let the servers outlive this process, until `down`.
        progress: gets a line as each server gets ready.

    Raises:
        SandboxError: a name in `only` is unknown.
    """

    def __init__(
        self,
        directory: str | Path | None = None,
        *,
        only: Collection[str] | None = None,
        host: str = LOOPBACK,
        bind: str = LOOPBACK_ADDRESS,
        well_known_ports: bool = False,
        ticket_lifetime: int | None = None,
        elasticsearch_version: str = "8",
        certificate: Variant = "good",
        client_certificates: bool = False,
        reauthenticate_after: int | None = None,
        realm: str = REALM,
        second_kafka: bool = False,
        detached: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self._is_temporary = directory is None
        home = Path(directory or tempfile.mkdtemp(prefix="flinksec-")).absolute()
        self._layout = Layout(home, host, bind, realm)
        self._well_known_ports = well_known_ports
        wanted = set(USUAL if only is None else only)
        wanted |= {"hdfs"} if "kms" in wanted else set()
        self._servers = [name for name in SERVERS if name in wanted]
        if unknown := sorted(set(only or ()) - set(SERVERS)):
            raise SandboxError(
                f"the sandbox has no server {', '.join(unknown)}", hint=f"it has {SERVERS}"
            )
        self._ticket_lifetime = ticket_lifetime
        self._elasticsearch_version = elasticsearch_version
        self._reauthenticate_after = reauthenticate_after
        self._certificate = certificate
        self._client_certificates = client_certificates
        self._detached = detached
        self._progress = progress or (lambda _: None)
        self._ports: dict[str, int] = {}
        self._started: list[Server] = []
        self.second: Sandbox | None = None
        if second_kafka:
            second.require_loopback(host, bind)
            self.second = self._beside()

    def _beside(self) -> Sandbox:
        """Return the second Kafka, of a KDC and a realm of its own."""
        return Sandbox(
            second.directory(self.directory),
            only=["kafka"],
            host=second.host(),
            bind=SECOND_ADDRESS,
            realm=second.REALM,
            well_known_ports=self._well_known_ports,
            ticket_lifetime=self._ticket_lifetime,
            detached=self._detached,
            progress=lambda line: self._progress(f"second {line}"),
        )

    @classmethod
    def attach(cls, directory: str | Path) -> Self:
        """Return the sandbox that runs in a directory.

        Raises:
            SandboxError: none runs there.
        """
        found = cls(directory)
        running = marker.read(found._layout)
        if running is None or not running.all_alive():
            raise SandboxError(
                f"no sandbox runs in {directory}",
                hint=f"start one: flinksec sandbox up --dir {directory}",
            )
        found._adopt(running)
        return found

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.down()

    def up(self) -> None:
        """Start the servers, unless they run in this directory already.

        Raises:
            SandboxError: one did not start; those that did are stopped.
            ArtifactError: a jar cannot be had.
            JavaNotFoundError: there is no usable Java.
        """
        self._layout.make()
        with marker.locked(self._layout):
            running = marker.read(self._layout)
            if running is not None and running.all_alive():
                if self.second is not None and not marker.is_up(self.second._layout):
                    raise SandboxError(
                        f"the sandbox in {self.directory} runs already, without a second Kafka",
                        hint="stop it first, with `flinksec sandbox down`",
                    )
                self._adopt(running)
                self._progress(f"the sandbox in {self.directory} runs already")
                return
            if running is not None:
                processes.stop(running.records, at_once=True)
            try:
                if self.second is not None:
                    self.second.up()
                self._start()
            except BaseException:
                self._stop(at_once=True)
                raise

    def down(self, *, forget: bool = True) -> None:
        """Stop the servers; a temporary directory is removed.

        Args:
            forget: whether a temporary directory is removed now, or never.

        Raises:
            SandboxError: a process cannot be stopped.
        """
        if not self._layout.is_a_sandbox():
            return
        with marker.locked(self._layout):
            self._stop(at_once=self._is_temporary)
        if not forget:
            self._is_temporary = False
        if self._is_temporary:
            shutil.rmtree(self.directory, ignore_errors=True)

    def status(self) -> list[ServerStatus]:
        """Return what was started in this directory, and whether it still runs.

        The KDC comes first; it is in the process of Kafka, if there is one.
        """
        running = marker.read(self._layout)
        beside = self._running_beside()
        others = (replace(s, name=f"second {s.name}") for s in (beside.status() if beside else ()))
        own = [
            ServerStatus(r.name, r.pid, r.process() is not None, self._layout.log(r.name))
            for r in (running.records if running else ())
        ]
        kdc = [replace(server, name="kdc") for server in own if server.name == "kafka"]
        return [*kdc, *own, *others]

    def _running_beside(self) -> Sandbox | None:
        """Return the second Kafka, if one was started here, by this process or another."""
        if self.second is None and Layout(second.directory(self.directory)).record.is_file():
            return self._beside()
        return self.second

    @property
    def directory(self) -> Path:
        """Where the sandbox lives."""
        return self._layout.directory

    @property
    def ports(self) -> Mapping[str, int]:
        """The ports by name, such as ``kafka-sasl-ssl``, ``hdfs`` and ``elasticsearch``."""
        return self._ports

    @property
    def servers(self) -> Collection[str]:
        """Which of `SERVERS` were asked for."""
        return tuple(self._servers)

    def _adopt(self, running: marker.Running) -> None:
        self._ports = dict(running.ports)
        self._servers = list(running.servers)
        self._layout = replace(
            self._layout, host=running.host, bind=running.bind, realm=running.realm
        )
        self.second = self._running_beside()
        if self.second is not None and (beside := marker.read(self.second._layout)):
            self.second._adopt(beside)

    def _start(self) -> None:
        java = find_java()
        server_jars.fetch(self._servers, self._elasticsearch_version, self._progress)
        self._write_files()
        options = [f"-Djava.security.krb5.conf={self._layout.krb5_conf}"]
        options += ["-Dflinksec.detached=true"] if self._detached else []
        if "elasticsearch" in self._servers:
            version = self._elasticsearch_version
            own_java = elasticsearch_node.find_java_for(version)
            search = elasticsearch_node.server_command(self._layout, own_java, version, options)
            self._launch("elasticsearch", search)
        kdc_and_kafka = java_command(
            java,
            "org.flinksec.sandbox.kafka.KdcAndKafka",
            kafka_broker.class_path(),
            [str(self._layout.secret("kdc-and-kafka.properties"))],
            options=options,
        )
        first = self._launch("kafka" if "kafka" in self._servers else "kdc", kdc_and_kafka)
        first.wait_ready("kdc", _START_SECONDS)
        if "hdfs" in self._servers:
            kms = "kms" in self._servers
            command = hdfs_nodes.server_command(self._layout, java, options, kms=kms)
            hdfs = self._launch("hdfs", command)
            if kms:  # in the process of HDFS
                hdfs.wait_ready("kms", _START_SECONDS)
        if "schema-registry" in self._servers:
            registry = registry_server.server_command(self._layout, java, options)
            self._launch("schema-registry", registry)
        for server in self._started:
            server.wait_ready(server.name, _START_SECONDS)

    def _launch(self, name: str, command: list[str]) -> Server:
        log = self._layout.log(name)
        log.touch(mode=0o600)
        server = Server(name, command, log, detached=self._detached, ready=self._tell_ready)
        self._started.append(server)
        running = marker.Running(
            [s.record for s in self._started],
            self._ports,
            self._servers,
            self._layout.host,
            self._layout.bind,
            self._layout.realm,
        )
        marker.write(self._layout, running)
        return server

    def _tell_ready(self, name: str, seconds: float) -> None:
        address = f"{self._layout.host}:{self._ports[_MAIN_PORTS[name]]}"
        self._progress(f"{name} is ready at {address} after {seconds:.1f} s")

    def _write_files(self) -> None:
        layout = self._layout
        names = [
            "kdc",
            *kafka_broker.LISTENERS,
            kafka_broker.CONTROLLER,
            kafka_logins.TOKENS,
            *hdfs_nodes.PORTS,
            *elasticsearch_node.PORTS,
            *registry_server.PORTS,
        ]
        if self._well_known_ports:
            self._ports = {name: WELL_KNOWN[name] for name in names}
        else:
            # Settings that were written yesterday stay true.
            before = marker.read_ports(layout)
            self._ports = same_or_free_ports(names, before, layout.bind)
        marker.write_ports(layout, self._ports)
        password = secrets.token_urlsafe(24)
        write_certificates(layout, password, self._certificate)
        realm.write_krb5_conf(layout, self._ports["kdc"])
        launcher = realm.kdc_properties(layout, self._ports["kdc"], self._ticket_lifetime)
        if "kafka" in self._servers:
            broker = layout.secret("server.properties")
            properties = kafka_broker.server_properties(layout, self._ports)
            if self._reauthenticate_after is not None:
                seconds = self._reauthenticate_after
                properties["connections.max.reauth.ms"] = str(1000 * seconds)
            write_properties(broker, properties)
            launcher["kafka.config"] = str(broker)
            kafka_logins.write_secrets(layout)
            admin = layout.directory / "clients" / "kafka-admin.properties"
            write_properties(admin, kafka_broker.client_properties(layout, self._ports, "kafka"))
            launcher |= kafka_logins.launcher_properties(layout, self._ports, admin, password)
        write_properties(layout.secret("kdc-and-kafka.properties"), launcher)
        kms = "kms" in self._servers
        hdfs_nodes.write_configuration(layout, self._ports, password, kms=kms)
        elasticsearch_node.write_configuration(
            layout, self._ports, password, client_certificates=self._client_certificates
        )
        if "schema-registry" in self._servers:
            registry_server.write_configuration(layout, self._ports, password)
        if not layout.state_keys.exists():
            KeyRing.create(layout.state_keys)
        beside = (self.second._layout, self.second.ports) if self.second else None
        toml = job_settings.settings_toml(layout, self._ports, self._servers, second=beside)
        write_private(layout.settings, toml)
        for login in kafka_logins.LOGINS if "kafka" in self._servers else ():
            toml = job_settings.settings_toml(layout, self._ports, self._servers, login=login)
            write_private(layout.settings_of(login), toml)

    def _stop(self, *, at_once: bool) -> None:
        self._end_clients()
        if beside := self._running_beside():
            beside.down()
        for server in self._started:
            server.close_input()
        running = marker.read(self._layout)
        found = [*(running.records if running else ()), *(s.record for s in self._started)]
        processes.stop(set(found), at_once=at_once)
        self._started = []
        self._layout.record.unlink(missing_ok=True)
