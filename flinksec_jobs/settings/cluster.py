# SPDX-License-Identifier: Apache-2.0
"""The section ``[cluster]``: the Flink processes that run the job, where it has a cluster.

Defaults are the ports, names and mount paths of the job-cluster image and its manifests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from flinksec_jobs.settings import addresses
from flinksec_jobs.settings.fields import Duration, LocalPath, Section, refusal

_SIZE = re.compile(r"(\d+)\s*(k|kb|m|mb|g|gb)", re.IGNORECASE)
_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}
_SMALLEST_PROCESS = 512 * 2**20
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,43}[a-z0-9])?")

# Only suites with forward secrecy and authenticated encryption.
CIPHER_SUITES = {
    "TLSv1.3": ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"),
    "TLSv1.2": (
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    ),
}


def memory_bytes(size: str) -> int:
    """Return how many bytes a size such as ``1600m`` or ``2 gb`` is; units are powers of 1024.

    Raises:
        ValueError: it is no size.
    """
    match = _SIZE.fullmatch(size.strip())
    if not match:
        raise ValueError("no size")
    return int(match[1]) * _UNITS[match[2][0].lower()]


def _memory(value: str) -> str:
    try:
        memory_bytes(value)
    except ValueError:
        raise refusal("must be a size such as 1600m or 2g") from None
    return value.strip()


def _process_memory(value: str) -> str:
    size = _memory(value)
    if memory_bytes(size) < _SMALLEST_PROCESS:
        raise refusal("is less than the 512m that a Flink process needs")
    return size


def _cluster_id(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise refusal("must be lower-case letters, digits and dashes, at most 45")
    return value


def _cipher_suites(value: tuple[str, ...]) -> tuple[str, ...]:
    known = [suite for suites in CIPHER_SUITES.values() for suite in suites]
    if any(suite not in known for suite in value):
        raise refusal(f"holds a suite that is not among {', '.join(known)}")
    return value


_ProcessMemory = Annotated[str, AfterValidator(_process_memory)]
_Port = Annotated[int, Field(ge=1, le=65535)]


class ClusterTlsSettings(Section):
    """How Flink's processes prove to each other, and to REST clients, who they are.

    Each directory holds ``keystore.p12``, ``truststore.p12`` and the file ``password`` that
    opens both, as `flinksec certs create` writes them.
    """

    internal: LocalPath = Field(
        default=Path("/etc/flinksec/tls/internal"),
        description="Directory of keystore.p12, truststore.p12 and password for the traffic "
        "between Flink's processes; both stores hold the single-purpose certificate only.",
    )
    rest: LocalPath = Field(
        default=Path("/etc/flinksec/tls/rest"),
        description="The same for the REST endpoint; who is in its truststore may use it.",
    )
    protocol: Literal["TLSv1.3", "TLSv1.2"] = Field(
        default="TLSv1.3", description="The one version of TLS that Flink speaks."
    )
    cipher_suites: Annotated[tuple[str, ...], AfterValidator(_cipher_suites)] = Field(
        default=(),
        description="Cipher suites of that version; without it all that encrypt by AES-GCM with "
        "forward secrecy.",
    )

    @property
    def suites(self) -> tuple[str, ...]:
        """The cipher suites to offer, never empty."""
        return self.cipher_suites or CIPHER_SUITES[self.protocol]

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        if any(suite not in CIPHER_SUITES[self.protocol] for suite in self.cipher_suites):
            yield "cipher_suites", f"holds a suite that {self.protocol} does not have"


class ClusterSettings(Section):
    """The processes of the Flink cluster that runs the job."""

    jobmanager_memory: _ProcessMemory = Field(
        default="1600m", description="Memory of the whole JobManager process, such as 1600m."
    )
    taskmanager_memory: _ProcessMemory = Field(
        default="2g", description="Memory of each whole TaskManager process, Python included."
    )
    python_memory: Annotated[str, AfterValidator(_memory)] = Field(
        default="256m",
        description="The part of it that is kept for Python in thread mode, which Flink's own "
        "accounts do not know.",
    )
    task_managers: Annotated[int, Field(ge=1)] = Field(
        default=2, description="Number of TaskManagers."
    )
    task_slots: Annotated[int, Field(ge=1)] = Field(
        default=2, description="Slots of each TaskManager."
    )
    jobmanager_address: str = Field(
        default="flink-jobmanager",
        min_length=1,
        description="Host name of the JobManager for TaskManagers and REST clients.",
    )
    bind_host: str = Field(
        default="0.0.0.0",  # noqa: S104  within a pod, behind mutual TLS and NetworkPolicies
        min_length=1,
        description="Address of the interface that all ports are opened on.",
    )
    jobmanager_rpc_port: _Port = Field(default=6123, description="RPC port of the JobManager.")
    blob_port: _Port = Field(default=6124, description="Blob server port of the JobManager.")
    jobmanager_metrics_port: _Port = Field(
        default=6125, description="Port of the JobManager's internal metrics query service."
    )
    rest_port: _Port = Field(default=8081, description="REST port of the JobManager.")
    taskmanager_rpc_port: _Port = Field(default=6122, description="RPC port of a TaskManager.")
    taskmanager_data_port: _Port = Field(default=6121, description="Data port of a TaskManager.")
    taskmanager_metrics_port: _Port = Field(
        default=6120, description="Port of a TaskManager's internal metrics query service."
    )
    tls: ClusterTlsSettings = Field(
        default=ClusterTlsSettings(), description="Mutual TLS of Flink's own traffic."
    )
    high_availability: Literal["none", "kubernetes", "zookeeper"] = Field(
        default="none",
        description="Where a JobManager that is started again finds the job and its last "
        "checkpoint. none: it looks for the newest checkpoint in state.directory.",
    )
    cluster_id: Annotated[str, AfterValidator(_cluster_id)] = Field(
        default="flink", description="Name of the cluster in its high-availability data."
    )
    kubernetes_namespace: str | None = Field(
        default=None,
        min_length=1,
        description="Namespace of the ConfigMaps of Kubernetes high availability.",
    )
    zookeeper_quorum: tuple[addresses.HostPort, ...] = Field(
        default=(), description="ZooKeeper servers, each as host:port."
    )
    on_changed_job: Literal["replace", "refuse"] = Field(
        default="replace",
        description="With high availability, what a JobManager does whose settings, program or "
        "packages are not those that the stored job was made from. replace: the job as it is now "
        "goes on from the last checkpoint, if all of its state finds its place. refuse: it does "
        "not start.",
    )
    restart_strategy: Literal["exponential-delay", "fixed-delay", "none"] = Field(
        default="exponential-delay", description="What Flink does when a task of the job fails."
    )
    restart_attempts: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="After how many restarts the job has failed for good; without it never. "
        "fixed-delay needs it.",
    )
    restart_delay: Duration = Field(
        default=timedelta(seconds=1), description="Time before the (first) restart."
    )
    temp_dir: LocalPath = Field(
        default=Path("/tmp"),  # noqa: S108  a memory volume of the pod's own
        description="Directory of temporary files and of RocksDB's working files, which are not "
        "sealed: a volume in memory.",
    )

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        if self.high_availability == "kubernetes" and self.kubernetes_namespace is None:
            yield (
                "kubernetes_namespace",
                "is missing, and high_availability = kubernetes needs it",
            )
        if self.high_availability == "zookeeper" and not self.zookeeper_quorum:
            yield "zookeeper_quorum", "is missing, and high_availability = zookeeper needs it"
        if self.restart_strategy == "fixed-delay" and self.restart_attempts is None:
            yield "restart_attempts", "is missing, and restart_strategy = fixed-delay needs it"
        if len(set(self._jobmanager_ports())) < len(self._jobmanager_ports()):
            yield "rest_port", "or another port of the JobManager is given twice"
        if len(set(self._taskmanager_ports())) < len(self._taskmanager_ports()):
            yield "taskmanager_rpc_port", "or another port of a TaskManager is given twice"

    def _jobmanager_ports(self) -> tuple[int, ...]:
        return (
            self.jobmanager_rpc_port,
            self.blob_port,
            self.jobmanager_metrics_port,
            self.rest_port,
        )

    def _taskmanager_ports(self) -> tuple[int, ...]:
        return (
            self.taskmanager_rpc_port,
            self.taskmanager_data_port,
            self.taskmanager_metrics_port,
        )
