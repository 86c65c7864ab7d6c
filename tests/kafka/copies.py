# SPDX-License-Identifier: Apache-2.0
"""Jobs that copy numbers from topic to topic through the brokers' proxies, started as users do."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from flinksec_jobs.errors import FlinkSecError
from flinksec_jobs.runtime import running
from tests.kafka.administrator import Administrator
from tests.kafka.brokers import NODES, Brokers
from tests.kafka.logs import lines_about
from tests.kafka.way_to_kdc import WayToKdc
from tests.kafka.wire import Moment, Passing
from tests.patience import PATIENCE

PROGRAMS = Path(__file__).parent / "programs"
# Kafka's clients give up, and look for new partitions, soon here: by default after minutes.
IMPATIENT = {
    "metadata.max.age.ms": "3000",
    "request.timeout.ms": "5000",
    "delivery.timeout.ms": "15000",
    "max.block.ms": "15000",
    "default.api.timeout.ms": "15000",
    "socket.connection.setup.timeout.ms": "2000",
    "socket.connection.setup.timeout.max.ms": "4000",
    "reconnect.backoff.max.ms": "500",
}
# As tickets live for seconds, and Kafka's clients renew them once a minute by default.
RENEWING = {"sasl.kerberos.min.time.before.relogin": "1000"}


class Copy:
    """A copying job, which may be started again.

    Args:
        brokers: of the cluster.
        administrator: makes its topics, ``NAME-from`` and ``NAME-to``.
        kdc: how it comes to the KDC.
        directory: of its own, for settings, state and logs.
        name: of the job.
        listener: of the brokers, ``TLS`` or ``CLEAR``.
        partitions: of both topics.
        timeouts: properties of Kafka's clients.
        kafka: more settings of ``[kafka]``.
    """

    program = PROGRAMS / "copy_job.py"

    def __init__(
        self,
        brokers: Brokers,
        administrator: Administrator,
        kdc: WayToKdc,
        directory: Path,
        name: str,
        *,
        listener: str = "TLS",
        partitions: int = 3,
        timeouts: dict[str, str] | None = None,
        **kafka: str,
    ) -> None:
        self.name = name
        self.directory = directory
        self._brokers = brokers
        self._administrator = administrator
        self._kdc = kdc
        self._numbers = range(0)
        self._forgotten = 0
        self._settings = directory / f"{name}.toml"
        self._settings.write_text(
            self._toml(listener, IMPATIENT if timeouts is None else timeouts, kafka)
        )
        self._settings.chmod(0o600)
        self.process: subprocess.Popen[str] | None = None
        administrator.create_topics({self.source: partitions, self.target: partitions})

    @property
    def source(self) -> str:
        """The topic that it reads."""
        return f"{self.name}-from"

    @property
    def target(self) -> str:
        """The topic that it writes."""
        return f"{self.name}-to"

    @property
    def ids(self) -> str:
        """What the transactional ids of the job begin with."""
        return f"flink-{self.name}/{self.name}:{self.target}:"

    @property
    def log(self) -> str:
        """What the JVMs of the job have logged so far, since `forget_log`."""
        logs = sorted(
            (self.directory / "logs").glob("**/*.log"), key=lambda one: one.stat().st_mtime
        )
        return "".join(one.read_text() for one in logs)[self._forgotten :]

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def forget_log(self) -> None:
        """Leave what was logged so far out of `log`."""
        self._forgotten = 0
        self._forgotten = len(self.log)

    def restarts(self) -> int:
        """How often the log has the job start again by itself."""
        return len(lines_about(self.log, "to RESTARTING"))

    def produce_and_see(self, what: str, count: int = 100) -> None:
        """Write the next numbers, and wait until all so far are committed."""
        self.produce(count)
        self.wait_until_each_is_there(what)

    def produce(self, count: int, partition: int | None = None) -> None:
        """Write the next numbers, spread over the partitions unless one is named."""
        begin, stop = self._numbers.stop, self._numbers.stop + count
        values = [json.dumps({"n": n}) for n in range(begin, stop)]
        self._administrator.produce(self.source, values, partition)
        self._numbers = range(self._numbers.start, stop)

    def lose_what_was_written(self) -> None:
        """Delete its topic, and with it the numbers so far: they are asked for no more."""
        self._administrator.delete_topic(self.target)
        self._numbers = range(self._numbers.stop, self._numbers.stop)

    def start(self, *, parallelism: int = 1, **variables: str) -> None:
        """Start it, in a process group of its own."""
        usual = {
            "NAME": self.name,
            "FROM": self.source,
            "TO": self.target,
            "PARALLELISM": str(parallelism),
            "FLINKSEC_LOG_DIR": str(self.directory / "logs"),
        }
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "flinksec_jobs",
                "run",
                self.program,
                "--settings",
                self._settings,
            ],
            env=os.environ | usual | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def kill(self) -> None:
        """SIGKILL to Python and the JVM."""
        if self.process is not None:
            self.kill_now()
            self.process.communicate()
            self.process = None

    def kill_now(self) -> None:
        """Send SIGKILL, and do not wait."""
        assert self.process is not None
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def end(self, timeout: float = PATIENCE) -> tuple[int, str]:
        """Wait for its end; returns the exit code and what it said on stderr."""
        assert self.process is not None
        try:
            _, said = self.process.communicate(timeout=timeout)
        finally:
            self.kill_now()
        code, self.process = self.process.returncode, None
        return code, said

    def wait_for(self, what: str, done: Callable[[], bool]) -> None:
        """Wait until something is so while the job runs."""
        end = time.monotonic() + PATIENCE
        while not done():
            if not self.is_running or time.monotonic() > end:
                said = self._last_words()
                told = "\n".join(lines_about(self.log, "WARN", "ERROR", "to FAILED")[-30:])
                raise AssertionError(f"not seen: {what}\n{said[-2000:]}\n{told}")
            time.sleep(0.2)

    def _last_words(self) -> str:
        if self.process is None or self.process.poll() is None:
            return ""
        return self.process.communicate()[1]

    def checkpoints(self) -> int:
        """How many checkpoints this run has completed."""
        assert self.process is not None
        try:
            job = running.of_process(self.process.pid)
            if job is None:
                return 0
            return int(job.connect().get(f"/jobs/{job.job_id}/checkpoints")["counts"]["completed"])
        except FlinkSecError:
            return 0

    def metric(self, name: str) -> float:
        """Return the largest value of a metric of Kafka's clients in this run; 0 without one."""
        assert self.process is not None
        found = [0.0]
        try:
            job = running.of_process(self.process.pid)
            if job is None:
                return 0.0
            client, of_job = job.connect(), f"/jobs/{job.job_id}"
            for vertex in client.get(of_job)["vertices"]:
                path = f"{of_job}/vertices/{vertex['id']}/metrics"
                for one in client.get(path):
                    if one["id"].endswith(name):
                        found += [
                            float(told["value"]) for told in client.get(f"{path}?get={one['id']}")
                        ]
        except FlinkSecError:
            return 0.0
        return max(value for value in found if not math.isnan(value))

    def wait_for_checkpoints(self, more: int) -> None:
        """Wait until it has completed so many more."""
        wanted = self.checkpoints() + more
        self.wait_for(f"{wanted} checkpoints", lambda: self.checkpoints() >= wanted)

    def written(self, *, afresh: bool = False) -> Counter[int]:
        """How often a reader of committed records finds each number."""
        values = self._administrator.committed(self.target, afresh=afresh)
        return Counter(json.loads(value)["n"] for value in values)

    def assert_each_once(self) -> None:
        """Nothing is lost, and nothing is there twice, for one who reads all from the beginning."""
        written, expected = self.written(afresh=True), set(self._numbers)
        lost, twice = expected - set(written), {n for n, times in written.items() if times > 1}
        assert not lost and not twice and set(written) == expected, (
            f"lost {len(lost)}: {sorted(lost)[:5]}, twice {len(twice)}: {sorted(twice)[:5]}"
        )

    def wait_until_each_is_there(self, after: str = "the start") -> None:
        """Wait until each number is committed."""
        self.wait_for(f"the numbers after {after}", self.sees_each)

    def sees_each(self) -> bool:
        """Whether each number is committed."""
        return self.written().keys() >= set(self._numbers)

    def kill_at(self, api: str, moment: Moment, *, after: int = 0) -> None:
        """Kill it when it next asks for something, before the broker sees it or it the answer.

        Args:
            api: what it asks for, or is answered; its listener has to be ``CLEAR``.
            moment: which of both.
            after: so many of them pass before.
        """
        left = [after]

        def look(passing: Passing) -> bool:
            is_ours = passing.client.startswith(f"producer-flink-{self.name}/")
            if not is_ours or (passing.api, passing.moment) != (api, moment):
                return True
            left[0] -= 1
            if left[0] >= 0:
                return True
            self.kill_now()
            return False

        proxies = [self._brokers.proxies[node, "CLEAR"] for node in NODES]
        for proxy in proxies:
            proxy.look(self.name, look)
        try:
            self.wait_for_death(f"{api} {moment}")
        finally:
            for proxy in proxies:
                proxy.look(self.name, None)

    def wait_for_death(self, what: str) -> None:
        """Wait until something has killed it."""
        assert self.process is not None
        try:
            _, said = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"not seen: {what}\n{self.log[-6000:]}") from None
        self.kill_now()
        assert self.process.returncode == -signal.SIGKILL, said
        self.process = None

    def _toml(self, listener: str, timeouts: dict[str, str], kafka: dict[str, str]) -> str:
        sandbox = self._brokers.sandbox
        servers = ", ".join(f'"{one}"' for one in self._brokers.addresses(listener))
        protocol = {"TLS": "SASL_SSL", "CLEAR": "SASL_PLAINTEXT"}[listener]
        more = "".join(f'{name} = "{value}"\n' for name, value in kafka.items())
        properties = "".join(
            f'"{name}" = "{value}"\n' for name, value in (timeouts | RENEWING).items()
        )
        return f"""
[kerberos]
principal = "flink@SANDBOX.LOCAL"
keytab = "file:{sandbox.keytab("flink")}"
krb5_conf = "{self._kdc.krb5_conf}"
[kafka]
bootstrap_servers = [{servers}]
security_protocol = "{protocol}"
ca_certs = "{self._brokers.ca_certs}"
group_id = "flink"
transactional_id_prefix = "flink-{self.name}"
{more if "transaction_timeout" in kafka else 'transaction_timeout = "60 s"' + chr(10) + more}
[kafka.properties]
{properties}
[state]
directory = "{self.directory / "state"}"
keys = "{sandbox.state_keys}"
checkpoint_interval = "1 s"
[flink]
"restart-strategy.type" = "fixed-delay"
"restart-strategy.fixed-delay.attempts" = 1000
"restart-strategy.fixed-delay.delay" = "500 ms"
"execution.checkpointing.timeout" = "20 s"
"execution.checkpointing.tolerable-failed-checkpoints" = 100
"""
