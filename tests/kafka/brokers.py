# SPDX-License-Identifier: Apache-2.0
"""Three brokers of one Kafka cluster, each a process that can be stopped, paused and killed.

They log in to each other, and clients to them, with the sandbox's Kerberos and certificates.
Clients come through the proxies of `tests.kafka.wire`, whose ports the brokers advertise; the
brokers speak to each other, and to the tests, directly.
"""

import shlex
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from flinksec_jobs.logins.sasl import gssapi
from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.sandbox import Sandbox, kafka_broker
from flinksec_jobs.sandbox.jvm_programs import java_command
from flinksec_jobs.sandbox.layout import write_properties
from flinksec_jobs.sandbox.test_ca import Authority
from tests.kafka.wire import Proxy, held_port
from tests.patience import PATIENCE

NODES = (1, 2, 3)
# Each listener: whether clients use it, by a proxy.
LISTENERS = {"CLEAR": True, "TLS": True, "TESTS": False, "INSIDE": False, "CTRL": False}
# How long a transaction may stay open here, at most and before it is aborted.
TRANSACTIONS = {
    "transaction.max.timeout.ms": "120000",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "transaction.state.log.num.partitions": "6",
}
# A fault is noticed, and over, in seconds; and a busy machine is no fault.
QUICK = {
    "broker.session.timeout.ms": "5000",
    "broker.heartbeat.interval.ms": "500",
    "replica.lag.time.max.ms": "6000",
    "replica.fetch.wait.max.ms": "200",
    "controller.quorum.election.timeout.ms": "1500",
    "controller.quorum.fetch.timeout.ms": "4000",
    "group.initial.rebalance.delay.ms": "0",
    "quota.window.size.seconds": "1",
    "quota.window.num": "5",
    "sasl.kerberos.min.time.before.relogin": "1000",
}


class Brokers:
    """The cluster.

    Args:
        sandbox: its KDC and certificates; it has no Kafka of its own.
        directory: for the brokers' data and logs.
    """

    def __init__(self, sandbox: Sandbox, directory: Path) -> None:
        self.sandbox = sandbox
        self.directory = directory
        self._authority = Authority.create("CA of the brokers")
        self.ca_certs = directory / "ca.pem"
        self.ca_certs.write_bytes(self._authority.pem)
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        # A broker that is started again has its ports again, whoever has looked for one meanwhile.
        self._held = {(node, name): held_port() for node in NODES for name in LISTENERS}
        self._bound = {where: held.getsockname()[1] for where, held in self._held.items()}
        self.proxies = {
            (node, name): Proxy(self._bound[node, name], framed=name == "CLEAR")
            for node in NODES
            for name, proxied in LISTENERS.items()
            if proxied
        }

    def __enter__(self) -> "Brokers":
        try:
            self._format()
            for node in NODES:
                self.start(node)
            self.wait_until_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()
        for proxy in self.proxies.values():
            proxy.close()
        for held in self._held.values():
            held.close()

    def addresses(self, listener: str) -> list[str]:
        """Where clients reach the brokers: by the proxies, if the listener has them."""
        ports = [
            self.proxies[node, listener].port
            if LISTENERS[listener]
            else self._bound[node, listener]
            for node in NODES
        ]
        return [f"localhost:{port}" for port in ports]

    def login(self, principal: str) -> str:
        """Return the JAAS configuration of a principal of the sandbox."""
        names = {"kafka": "kafka/localhost", "flink": "flink"}
        keytab = self.sandbox.keytab(principal)
        return gssapi.by_keytab(keytab, f"{names[principal]}@SANDBOX.LOCAL")

    def start(self, node: int) -> None:
        """Start one; it is up when `wait_until_up` says so."""
        self._start(node, self._command(node))

    def start_on_a_small_disk(self, node: int, megabytes: int) -> None:
        """Start one with a disk of its own, empty, which goes when it ends."""
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", self.data(node)]
        steps = [shlex.join(map(str, mount)), shlex.join(self._format_command(node))]
        inside = f"{' && '.join(steps)} && exec {shlex.join(self._command(node))}"
        self._start(node, ["unshare", "--map-root-user", "--mount", "sh", "-c", inside])

    def fill_disk(self, node: int) -> None:
        """Leave no room on its small disk."""
        disk = Path(f"/proc/{self._running[node].pid}/root") / self.data(node).relative_to("/")
        with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(1 << 16))

    def forget_disk(self, node: int) -> None:
        """Note that one with a small disk has ended: it starts again on its old one."""
        self._running.pop(node).wait()

    def has_ended(self, node: int) -> bool:
        """Whether it has ended by itself."""
        return self._running[node].poll() is not None

    def _start(self, node: int, command: list[str]) -> None:
        with self.log(node).open("ab") as log:
            self._running[node] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self, node: int) -> None:
        """Stop one in order: it hands its partitions over first."""
        process = self._running.pop(node)
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self, node: int) -> None:
        """End one without a word to anyone."""
        process = self._running.pop(node)
        process.kill()
        process.wait()

    def restart(self) -> None:
        """End all at once, and start them: they log in anew."""
        for node in NODES:
            self.kill(node)
        for node in NODES:
            self.start(node)
        self.wait_until_up()

    def pause(self, node: int) -> None:
        """Let one do nothing, with its connections open."""
        self._running[node].send_signal(signal.SIGSTOP)

    def go_on(self, node: int) -> None:
        """Let a paused one go on."""
        self._running[node].send_signal(signal.SIGCONT)

    def mend(self) -> None:
        """Have all brokers up, and all proxies let everything pass."""
        for proxy in self.proxies.values():
            proxy.delay = 0
            proxy.accept()
        for node in NODES:
            if node in self._running and self._running[node].poll() is None:
                self.go_on(node)
            else:
                self.start(node)
        self.wait_until_up()

    def log(self, node: int) -> Path:
        """What one says."""
        return self.directory / f"broker-{node}.log"

    def data(self, node: int) -> Path:
        """Where one keeps its records."""
        return self.directory / f"data-{node}"

    def certificate(self, node: int) -> Path:
        """The PEM file of one's certificate and key."""
        return self.directory / f"server-{node}.pem"

    def write_certificate(self, node: int) -> None:
        """Give one a new certificate and key, which it reads when it starts or is told to."""
        identity = self._authority.server()
        path = self.certificate(node)
        path.with_suffix(".new").write_bytes(identity.key_pem + identity.certificate_pem)
        path.with_suffix(".new").replace(path)

    def served_certificate(self, node: int) -> str:
        """Return the certificate that one shows."""
        return ssl.get_server_certificate(("127.0.0.1", self._bound[node, "TLS"]))

    def wait_until_up(self) -> None:
        """Wait until each that runs listens."""
        end = time.monotonic() + PATIENCE
        for node, process in self._running.items():
            while not _listens(self._bound[node, "TESTS"]):
                assert process.poll() is None, self.log(node).read_text()[-3000:]
                assert time.monotonic() < end, self.log(node).read_text()[-3000:]
                time.sleep(0.1)

    def _configuration(self, node: int) -> Path:
        return self.directory / f"server-{node}.properties"

    def _format(self) -> None:
        for node in NODES:
            self.write_certificate(node)
            write_properties(self._configuration(node), self._properties(node))
        formats = [self._formatting(node) for node in NODES]
        for one in formats:
            assert one.wait(PATIENCE) == 0

    def _formatting(self, node: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._format_command(node), stdout=subprocess.DEVNULL)

    def _format_command(self, node: int) -> list[str]:
        return java_command(
            find_java(),
            "kafka.tools.StorageTool",
            kafka_broker.class_path(),
            ["format", "-t", "3k4m5n6p7q8r9s0tAbCdEf", "-c", str(self._configuration(node))],
        )

    def _command(self, node: int) -> list[str]:
        return java_command(
            find_java(),
            "kafka.Kafka",
            kafka_broker.class_path(),
            [str(self._configuration(node))],
            options=[f"-Djava.security.krb5.conf={self.sandbox.krb5_conf}"],
            heap="256m",
        )

    def _properties(self, node: int) -> Mapping[str, str]:
        login = self.login("kafka")
        sasl = [name for name in LISTENERS if name != "TLS"]
        advertised = {
            name: self.proxies[node, name].port if proxied else self._bound[node, name]
            for name, proxied in LISTENERS.items()
            if name != "CTRL"
        }
        return {
            "process.roles": "broker,controller",
            "node.id": str(node),
            "controller.quorum.voters": ",".join(
                f"{one}@localhost:{self._bound[one, 'CTRL']}" for one in NODES
            ),
            "listeners": ",".join(
                f"{name}://127.0.0.1:{self._bound[node, name]}" for name in LISTENERS
            ),
            "advertised.listeners": ",".join(
                f"{name}://localhost:{port}" for name, port in advertised.items()
            ),
            "controller.listener.names": "CTRL",
            "inter.broker.listener.name": "INSIDE",
            "listener.security.protocol.map": ",".join(
                ["TLS:SASL_SSL", *(f"{name}:SASL_PLAINTEXT" for name in sasl)]
            ),
            "sasl.enabled.mechanisms": "GSSAPI",
            "sasl.mechanism.inter.broker.protocol": "GSSAPI",
            "sasl.mechanism.controller.protocol": "GSSAPI",
            "sasl.kerberos.service.name": "kafka",
            **{
                f"listener.name.{name.lower()}.gssapi.sasl.jaas.config": login for name in LISTENERS
            },
            "listener.name.tls.ssl.keystore.type": "PEM",
            "listener.name.tls.ssl.keystore.location": str(self.certificate(node)),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:kafka",
            "allow.everyone.if.no.acl.found": "false",
            "auto.create.topics.enable": "false",
            "log.dirs": str(self.data(node)),
            "log.retention.ms": "-1",
            "default.replication.factor": "3",
            "min.insync.replicas": "2",
            "offsets.topic.replication.factor": "3",
            "offsets.topic.num.partitions": "3",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "num.network.threads": "2",
            "num.io.threads": "4",
            "log.cleaner.dedupe.buffer.size": "2097152",
            **TRANSACTIONS,
            **QUICK,
        }


def _listens(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0
