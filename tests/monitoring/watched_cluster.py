# SPDX-License-Identifier: Apache-2.0
"""A cluster whose processes show their metrics, and the job on it that does what it is told."""

import shutil
import ssl
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flinksec_jobs.certs import metrics_pair
from flinksec_jobs.sandbox import Sandbox
from flinksec_jobs.sandbox.ports import free_ports
from flinksec_jobs.sealed import KeyRing
from tests.cluster.processes import MAKING, QUICK_START, FlinkCluster

PROGRAM = Path(__file__).parent / "programs" / "watched_job.py"
# Kerberos tickets of so many seconds: a login that fails is seen within a minute.
TICKETS = 100
_PROMETHEUS = "metrics.reporter.flinksec-prometheus"
_OTEL = "metrics.reporter.otel"
_JOB = f"""
checkpoint_interval = "1 s"
[job]
resume = "first"
dead_letters = "letters"
[flink]
"execution.checkpointing.tolerable-failed-checkpoints" = "10000"
"execution.checkpointing.data-inline-threshold" = "0 b"
"restart-strategy.exponential-delay.max-backoff" = "2 s"
"heartbeat.interval" = "1 s"
"heartbeat.timeout" = "6 s"
{QUICK_START}
"""


class WatchedCluster(FlinkCluster):
    """The cluster of tests/cluster, with a port of metrics for each process."""

    def __init__(self, directory: Path, sandbox: Sandbox, otel_port: int) -> None:
        self.certificates = directory / "metrics"
        self.told = directory / "told"
        self.told.mkdir()
        self.keytab = directory / "flink.keytab"
        self.keys = directory / "state-keys"
        shutil.copy(sandbox.keytab("flink"), self.keytab)
        KeyRing.create(self.keys)
        (directory / "ca").mkdir()
        self.renew(days=300)
        settings = sandbox.settings_toml().replace(str(sandbox.keytab("flink")), str(self.keytab))
        before, _, _ = settings.partition("[state]")
        state = f'[state]\ndirectory = "{directory / "state"}"\nkeys = "{self.keys}"\n'
        kafka = '[kafka]\ntransaction_timeout = "2 min"\n'
        otel = (
            f'"{_OTEL}.factory.class" = '
            '"org.apache.flink.metrics.otel.OpenTelemetryMetricReporterFactory"\n'
            f'"{_OTEL}.exporter.endpoint" = "http://127.0.0.1:{otel_port}"\n'
            f'"{_OTEL}.service.name" = "watched"\n"{_OTEL}.interval" = "1 s"\n'
        )
        more = (
            'logs = "json"\n[cluster.metrics]\nprometheus = "mutual-tls"\n'
            f'tls = "{self.certificates / metrics_pair.SERVER}"\n'
        )
        super().__init__(directory, before.replace("[kafka]\n", kafka) + state + _JOB + otel, more)
        jobmanager, first = free_ports(2)
        self.ports = {"jobmanager": jobmanager, "taskmanager-1": first}

    @property
    def client(self) -> Path:
        """The certificate of Prometheus."""
        return self.certificates / metrics_pair.CLIENT

    def scrape(self, name: str) -> bytes:
        """All metrics of a process, as Prometheus gets them."""
        context = ssl.create_default_context(cafile=str(self.client / "ca.crt"))
        context.load_cert_chain(self.client / "tls.crt", self.client / "tls.key")
        context.check_hostname = False  # its name is flink-metrics, not that of the address
        url = f"https://127.0.0.1:{self.ports[name]}/metrics"
        with urllib.request.urlopen(url, timeout=60, context=context) as answer:
            content: bytes = answer.read()
            return content

    def renew(self, days: int) -> None:
        """Replace the certificates of metrics in place, as a changed Secret does."""
        made = metrics_pair.make(MAKING.__class__(days=days, key_bits=2048))
        new = self.certificates.with_name(f"metrics-{days}")
        shutil.rmtree(new, ignore_errors=True)
        metrics_pair.write(new, made)
        for party in made:
            (self.certificates / party).mkdir(parents=True, exist_ok=True)
            for file in made[party]:
                (new / party / file).replace(self.certificates / party / file)

    def start(self, name: str) -> None:
        """Start the JobManager with the job, or a TaskManager."""
        if name == "jobmanager":
            self.start_jobmanager(PROGRAM, str(self.told))
        else:
            self.start_taskmanager(name)

    @contextmanager
    def telling(self, what: str) -> Iterator[None]:
        """Have the job slow down or crash for a while."""
        file = self.told / what
        file.touch()
        try:
            yield
        finally:
            file.unlink()

    def _start_flink(self, role: str, name: str, arguments: list[str]) -> None:
        options = [
            f"-D{_PROMETHEUS}.port={self.ports[name]}",
            "-Dmetrics.reporter.flinksec-gauges.interval=1 s",
        ]
        super()._start_flink(role, name, [*options, *arguments])
