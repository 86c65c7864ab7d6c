# SPDX-License-Identifier: Apache-2.0
"""The section ``[cluster]``: the Flink processes that run the job, where it has a cluster.

Defaults are the ports, names and mount paths of the job-cluster image and its manifests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from flinksec_jobs.sections.decides import RUN, Decides, MayDiffer, ShutsOut
from flinksec_jobs.sections.fields import Duration, LocalPath, Section, refusal
from flinksec_jobs.settings import addresses
from flinksec_jobs.settings.cluster_metrics import MetricsSettings
from flinksec_jobs.settings.cluster_names import JOBMANAGER
from flinksec_jobs.settings.cluster_tls import ClusterTlsSettings
from flinksec_jobs.settings.sizes import size_bytes

QUERY_PORT = "metrics.internal.query-service.port"
"""Flink's option for a port that JobManagers and TaskManagers each have a setting for."""

_SMALLEST_PROCESS = 512 * 2**20
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,43}[a-z0-9])?")


def _memory(value: str) -> str:
    # Without a unit Flink would take it for bytes, which nobody means.
    if size_bytes(value) is None or value.strip().isdigit():
        raise refusal("must be a size such as 1600m or 2g")
    return value.strip()


def _process_memory(value: str) -> str:
    size = _memory(value)
    if (size_bytes(size) or 0) < _SMALLEST_PROCESS:
        raise refusal("is less than the 512m that a Flink process needs")
    return size


def _cluster_id(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise refusal("must be lower-case letters, digits and dashes, at most 45")
    return value


def _with_ha(setting: str, *kinds: str) -> Callable[[ClusterSettings], object]:
    """Write a setting with these kinds of high availability alone."""
    return lambda cluster: getattr(cluster, setting) if cluster.high_availability in kinds else None


def _with_restarts(setting: str, strategy: str) -> Callable[[ClusterSettings], object]:
    """Write a setting with this restart strategy alone."""
    return lambda cluster: (
        getattr(cluster, setting) if cluster.restart_strategy == strategy else None
    )


_BY_PROCESS: MayDiffer = "by process"
_BY_RUN: MayDiffer = "by run"
_ProcessMemory = Annotated[str, AfterValidator(_process_memory)]
_Port = Annotated[int, Field(ge=1, le=65535)]


class ClusterSettings(Section):
    """The processes of the Flink cluster that runs the job."""

    jobmanager_memory: Annotated[_ProcessMemory, Decides("jobmanager.memory.process.size")] = Field(
        default="1600m", description="Memory of the whole JobManager process, such as 1600m."
    )
    taskmanager_memory: Annotated[_ProcessMemory, Decides("taskmanager.memory.process.size")] = (
        Field(
            default="2g", description="Memory of each whole TaskManager process, Python included."
        )
    )
    python_memory: Annotated[
        str,
        AfterValidator(_memory),
        Decides(
            "taskmanager.memory.task.off-heap.size",
            lambda cluster: f"{size_bytes(cluster.python_memory)}b",
        ),
    ] = Field(
        default="256m",
        description="The part of it for Python in thread mode, which Flink does not account for.",
    )
    task_managers: Annotated[int, Field(ge=1)] = Field(
        default=2, description="Number of TaskManagers."
    )
    task_slots: Annotated[
        int, Field(ge=1), Decides("taskmanager.numberOfTaskSlots", may_differ=_BY_RUN)
    ] = Field(default=2, description="Slots of each TaskManager.")
    jobmanager_address: Annotated[
        str,
        Decides("jobmanager.rpc.address", may_differ=_BY_PROCESS),
        Decides("rest.address", may_differ=_BY_RUN),
    ] = Field(
        default=JOBMANAGER,
        min_length=1,
        description="Host name of the JobManager for TaskManagers and REST clients.",
    )
    bind_host: Annotated[
        str,
        Decides("jobmanager.bind-host", may_differ=_BY_PROCESS),
        Decides("taskmanager.bind-host", may_differ=_BY_PROCESS),
        Decides("rest.bind-address", may_differ=_BY_RUN),
    ] = Field(
        default="0.0.0.0",  # noqa: S104  within a pod, behind mutual TLS and NetworkPolicies
        min_length=1,
        description="Address on which all ports are opened.",
    )
    # All ports are pinned: one that is chosen at random fits into no NetworkPolicy.
    jobmanager_rpc_port: Annotated[
        _Port,
        Decides("jobmanager.rpc.port", may_differ=_BY_PROCESS),
        ShutsOut("jobmanager.rpc.bind-port", may_differ=_BY_PROCESS),
        # With ZooKeeper, and only then, Flink takes this in place of jobmanager.rpc.port, and a
        # random port by default.
        Decides(
            "high-availability.jobmanager.port",
            lambda cluster: (
                str(cluster.jobmanager_rpc_port)
                if cluster.high_availability == "zookeeper"
                else None
            ),
            may_differ=_BY_PROCESS,
        ),
    ] = Field(default=6123, description="RPC port of the JobManager.")
    blob_port: Annotated[_Port, Decides("blob.server.port", may_differ=_BY_PROCESS)] = Field(
        default=6124, description="Blob server port of the JobManager."
    )
    jobmanager_metrics_port: Annotated[_Port, Decides(QUERY_PORT, RUN, may_differ=_BY_PROCESS)] = (
        Field(default=6125, description="Port of the JobManager's internal metrics query service.")
    )
    rest_port: Annotated[
        _Port,
        Decides("rest.port", may_differ=_BY_RUN),
        Decides("rest.bind-port", lambda cluster: str(cluster.rest_port), may_differ=_BY_RUN),
    ] = Field(default=8081, description="REST port of the JobManager.")
    taskmanager_rpc_port: Annotated[
        _Port,
        Decides("taskmanager.rpc.port", may_differ=_BY_PROCESS),
        ShutsOut("taskmanager.rpc.bind-port", may_differ=_BY_PROCESS),
    ] = Field(default=6122, description="RPC port of a TaskManager.")
    taskmanager_data_port: Annotated[
        _Port,
        Decides("taskmanager.data.port", may_differ=_BY_PROCESS),
        ShutsOut("taskmanager.data.bind-port", may_differ=_BY_PROCESS),
    ] = Field(default=6121, description="Data port of a TaskManager.")
    taskmanager_metrics_port: Annotated[_Port, Decides(QUERY_PORT, RUN, may_differ=_BY_PROCESS)] = (
        Field(default=6120, description="Port of a TaskManager's internal metrics query service.")
    )
    tls: ClusterTlsSettings = Field(
        default=ClusterTlsSettings(), description="Mutual TLS of Flink's own traffic."
    )
    metrics: MetricsSettings = Field(
        default=MetricsSettings(), description="Metrics for Prometheus."
    )
    logs: Literal["text", "json"] = Field(
        default="text",
        description="How processes write their logs to the console. text: a line for people. json: "
        "an object a line, with the job's id.",
    )
    high_availability: Annotated[
        Literal["none", "kubernetes", "zookeeper"],
        Decides(
            "high-availability.type",
            lambda cluster: (
                "NONE" if cluster.high_availability == "none" else cluster.high_availability
            ),
        ),
        Decides("flinksec.cluster.high-availability", RUN),
    ] = Field(
        default="none",
        description="Where a JobManager that is started again finds the job and its last "
        "checkpoint. none: in state.directory, as the newest checkpoint.",
    )
    cluster_id: Annotated[
        str,
        AfterValidator(_cluster_id),
        Decides("high-availability.cluster-id", _with_ha("cluster_id", "kubernetes", "zookeeper")),
        Decides("kubernetes.cluster-id", _with_ha("cluster_id", "kubernetes")),
    ] = Field(default="flink", description="Name of the cluster in its high-availability data.")
    kubernetes_namespace: Annotated[
        Annotated[str, Field(min_length=1)] | None,
        Decides("kubernetes.namespace", _with_ha("kubernetes_namespace", "kubernetes")),
    ] = Field(
        default=None,
        description="Namespace of the ConfigMaps of Kubernetes high availability.",
    )
    zookeeper_quorum: Annotated[
        tuple[addresses.HostPort, ...],
        Decides("high-availability.zookeeper.quorum", _with_ha("zookeeper_quorum", "zookeeper")),
    ] = Field(default=(), description="ZooKeeper servers, each as host:port.")
    on_changed_job: Annotated[
        Literal["replace", "refuse"], Decides("flinksec.cluster.on-changed-job", RUN)
    ] = Field(
        default="replace",
        description="What a JobManager with high availability does if its settings, program or "
        "packages differ from those of the stored job. replace: the job as it is now goes on "
        "from the last checkpoint, if all of the state still has an operator. refuse: it does "
        "not start.",
    )
    restart_strategy: Annotated[
        Literal["exponential-delay", "fixed-delay", "none"],
        Decides("restart-strategy.type", may_differ=_BY_RUN),
    ] = Field(
        default="exponential-delay", description="What Flink does when a task of the job fails."
    )
    restart_attempts: Annotated[
        Annotated[int, Field(ge=1)] | None,
        Decides(
            "restart-strategy.fixed-delay.attempts",
            _with_restarts("restart_attempts", "fixed-delay"),
            may_differ=_BY_RUN,
        ),
        Decides(
            "restart-strategy.exponential-delay.attempts-before-reset-backoff",
            _with_restarts("restart_attempts", "exponential-delay"),
            may_differ=_BY_RUN,
        ),
    ] = Field(
        default=None,
        description="Number of restarts after which the job has failed for good. Without it, "
        "there is no limit. fixed-delay needs it.",
    )
    restart_delay: Annotated[
        Duration,
        Decides(
            "restart-strategy.fixed-delay.delay",
            _with_restarts("restart_delay", "fixed-delay"),
            may_differ=_BY_RUN,
        ),
        Decides(
            "restart-strategy.exponential-delay.initial-backoff",
            _with_restarts("restart_delay", "exponential-delay"),
            may_differ=_BY_RUN,
        ),
    ] = Field(default=timedelta(seconds=1), description="Time before the (first) restart.")
    temp_dir: Annotated[LocalPath, Decides("io.tmp.dirs")] = Field(
        default=Path("/tmp"),  # noqa: S108  a memory volume of the pod's own
        description="Directory of temporary files and of RocksDB's working files. They are not "
        "sealed, so it should be a volume in memory.",
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

    @property
    def _metrics_ports(self) -> tuple[int, ...]:
        return () if self.metrics.prometheus == "off" else (self.metrics.port,)

    def _jobmanager_ports(self) -> tuple[int, ...]:
        return (
            *self._metrics_ports,
            self.jobmanager_rpc_port,
            self.blob_port,
            self.jobmanager_metrics_port,
            self.rest_port,
        )

    def _taskmanager_ports(self) -> tuple[int, ...]:
        return (
            *self._metrics_ports,
            self.taskmanager_rpc_port,
            self.taskmanager_data_port,
            self.taskmanager_metrics_port,
        )
