# SPDX-License-Identifier: Apache-2.0
"""The settings as Flink's ``config.yaml``, complete and without any secret.

The file goes into a ConfigMap. What is secret, the passwords of the key stores, is added by
`flinksec_jobs.cluster.entrypoint` in the container, in memory.
"""

from __future__ import annotations

import io
import os
import shlex
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from flinksec_jobs import kerberos, state
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import SETTINGS, read_text
from flinksec_jobs.parsing import ParseError, yaml_documents
from flinksec_jobs.settings.cluster import ClusterSettings, memory_bytes
from flinksec_jobs.settings.fields import flattened
from flinksec_jobs.settings.passthrough import Giving, refused_in_flink

if TYPE_CHECKING:
    from flinksec_jobs.settings import Settings

Role = Literal["jobmanager", "taskmanager"]
Config = dict[str, str | int | float | bool]
"""Flink's options by their full names."""

JAVA_OPTIONS = "env.java.opts.all"
SAVEPOINTS = "savepoints"
HIGH_AVAILABILITY = "high-availability"
# Of the shipped file: right for a single machine only.
_NOT_SHIPPED = ("taskmanager.host",)


def flink_home() -> Path:
    """Return the Flink distribution: ``FLINK_HOME``, else the one that PyFlink brings."""
    if home := os.environ.get("FLINK_HOME"):
        return Path(home)
    from importlib.util import find_spec

    spec = find_spec("pyflink")
    if spec is None or spec.origin is None:
        raise SettingsError(
            "there is no Flink: FLINK_HOME is not set and PyFlink is not installed",
            hint="set FLINK_HOME to the directory of a Flink 2.2 distribution",
        )
    return Path(spec.origin).parent


def config(settings: Settings, home: Path | None = None) -> Config:
    """Return Flink's configuration for the cluster of these settings.

    Args:
        settings: without ``[cluster]`` its defaults hold.
        home: the distribution whose own ``config.yaml`` is the base; default: `flink_home`.
    """
    cluster = settings.cluster or ClusterSettings()
    shipped = read_yaml((home or flink_home()) / "conf" / "config.yaml")
    options = {name: value for name, value in shipped.items() if name not in _NOT_SHIPPED}
    options |= _processes(cluster) | _ports(cluster) | _tls(cluster) | _rest(cluster)
    options |= _restarts(cluster) | _job(settings, cluster)
    java_options = [str(shipped.get(JAVA_OPTIONS, "")), f"-Djava.io.tmpdir={cluster.temp_dir}"]
    if settings.kerberos:
        options |= _kerberos(settings)
        java_options += kerberos.jvm_arguments(settings.kerberos)
    options[JAVA_OPTIONS] = " ".join([java_options[0], *map(shlex.quote, java_options[1:])]).strip()
    if settings.state:
        options |= _state(settings, cluster)
    if settings.hdfs:
        # Hadoop's client keeps the class loader of the first job that used it. A JobManager that
        # starts again brings a new one, and with the check every file would fail from then on in
        # the TaskManagers that stayed. Hadoop's own classes come from their class path.
        options["classloader.check-leaked-classloader"] = False
    _refuse_what_cluster_decides(settings)
    given = dict(settings.flink)
    if added := given.pop(JAVA_OPTIONS, None):
        # In addition: without the shipped --add-opens no Python job runs on Java 17.
        options[JAVA_OPTIONS] = f"{options[JAVA_OPTIONS]} {added}"
    return options | given


def _refuse_what_cluster_decides(settings: Settings) -> None:
    """Without ``[cluster]`` the settings may be of a local run, and say there what it decides."""
    sealed = settings.state is not None and settings.state.sealed
    found = list(refused_in_flink(settings.flink, Giving(sealed=sealed, cluster=True)))
    if found:
        listed = "; ".join(
            f"flink.{key} ({settings.origin(f'flink.{key}')}) {problem}" for key, problem in found
        )
        raise SettingsError(listed, hint="`flinksec settings reference` lists every setting")


def role_options(settings: Settings, role: Role) -> Config:
    """Return the options whose value the two kinds of processes do not share."""
    cluster = settings.cluster or ClusterSettings()
    ports = {
        "jobmanager": cluster.jobmanager_metrics_port,
        "taskmanager": cluster.taskmanager_metrics_port,
    }
    return {"metrics.internal.query-service.port": ports[role]}


def read_yaml(path: Path) -> Config:
    """Read a ``config.yaml``, whose options may be nested or dotted.

    Raises:
        SettingsError: it cannot be read or is no mapping of options.
    """
    text = read_text(path, "Flink's configuration", SETTINGS, error=SettingsError)
    return from_yaml(text, escaped(path))


def from_yaml(text: str, where: str) -> Config:
    """Return the options of the text of a ``config.yaml`` by their full names.

    Raises:
        SettingsError: it is no mapping of options.
    """
    try:
        documents = yaml_documents(text)
    except ParseError as error:
        raise SettingsError(
            f"Flink's configuration {where} is not YAML: {error}",
            hint="`flinksec cluster conf` prints one",
        ) from None
    if len(documents) > 1:
        raise SettingsError(
            f"Flink's configuration {where} has {len(documents)} documents",
            hint="Flink reads one: remove the lines ---",
        )
    return from_mapping((documents or [None])[0] or {}, where)


def from_mapping(content: object, where: str) -> Config:
    """Return the options of a parsed ``config.yaml`` by their full names."""
    if not isinstance(content, Mapping):
        raise SettingsError(f"Flink's configuration {where} is no mapping of options")
    try:
        options = flattened(content)
    except SettingsError as error:
        raise SettingsError(
            f"Flink's configuration {where}: {error.message}", hint=error.hint
        ) from None
    return {
        name: value if isinstance(value, bool | int | float | str) else _as_text(value)
        for name, value in options.items()
        if value is not None
    }


def as_yaml(options: Mapping[str, object]) -> str:
    """Return the text of a ``config.yaml``, one option a line, in the order of their names."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 1_000_000
    text = io.StringIO()
    yaml.dump({name: options[name] for name in sorted(options)}, text)
    return text.getvalue()


def _as_text(value: object) -> str:
    """Write a list as Flink does."""
    return ";".join(map(str, value)) if isinstance(value, list) else str(value)


def _processes(cluster: ClusterSettings) -> Config:
    return {
        "jobmanager.memory.process.size": cluster.jobmanager_memory,
        "taskmanager.memory.process.size": cluster.taskmanager_memory,
        "taskmanager.memory.task.off-heap.size": f"{memory_bytes(cluster.python_memory)}b",
        "taskmanager.numberOfTaskSlots": cluster.task_slots,
        "io.tmp.dirs": str(cluster.temp_dir),
        # A process that has lost what it needs ends, and is started again whole.
        "cluster.processes.halt-on-fatal-error": True,
    }


def _ports(cluster: ClusterSettings) -> Config:
    """All ports are pinned: one that is chosen at random fits into no NetworkPolicy."""
    return {
        "jobmanager.rpc.address": cluster.jobmanager_address,
        "jobmanager.rpc.port": cluster.jobmanager_rpc_port,
        "jobmanager.bind-host": cluster.bind_host,
        "blob.server.port": cluster.blob_port,
        "taskmanager.bind-host": cluster.bind_host,
        "taskmanager.rpc.port": cluster.taskmanager_rpc_port,
        "taskmanager.data.port": cluster.taskmanager_data_port,
        # The address by which a TaskManager is known needs no name that resolves.
        "taskmanager.network.bind-policy": "ip",
        "rest.address": cluster.jobmanager_address,
        "rest.bind-address": cluster.bind_host,
        "rest.port": cluster.rest_port,
        "rest.bind-port": str(cluster.rest_port),
    }


def _rest(_: ClusterSettings) -> Config:
    """Only the first takes something away, running jars; the others hide buttons of the web UI.

    Whoever holds a client certificate of REST cancels and rescales all the same.
    """
    return {"web.submit.enable": False, "web.cancel.enable": False, "web.rescale.enable": False}


def _tls(cluster: ClusterSettings) -> Config:
    options: Config = {
        "security.ssl.protocol": cluster.tls.protocol,
        "security.ssl.algorithms": ",".join(cluster.tls.suites),
        # In Flink, without a truststore this is on and does nothing.
        "security.ssl.rest.authentication-enabled": True,
    }
    for kind, directory in (("internal", cluster.tls.internal), ("rest", cluster.tls.rest)):
        options |= {
            f"security.ssl.{kind}.enabled": True,
            f"security.ssl.{kind}.keystore": str(directory / "keystore.p12"),
            f"security.ssl.{kind}.keystore-type": "PKCS12",
            f"security.ssl.{kind}.truststore": str(directory / "truststore.p12"),
            f"security.ssl.{kind}.truststore-type": "PKCS12",
        }
    return options


def _kerberos(settings: Settings) -> Config:
    assert settings.kerberos is not None  # noqa: S101  asked by the caller
    options: Config = dict(kerberos.flink_options(settings.kerberos))
    options["security.kerberos.login.use-ticket-cache"] = False
    # Every process has the keytab and logs in by it, so no token has to travel.
    options["security.delegation.tokens.enabled"] = False
    if settings.kafka and settings.kafka.uses_kerberos:
        options["security.kerberos.login.contexts"] = "KafkaClient"
    return options


def _restarts(cluster: ClusterSettings) -> Config:
    options: Config = {"restart-strategy.type": cluster.restart_strategy}
    prefix = f"restart-strategy.{cluster.restart_strategy}"
    delay = f"{cluster.restart_delay // timedelta(milliseconds=1)} ms"
    attempts = cluster.restart_attempts
    if cluster.restart_strategy == "fixed-delay" and attempts:
        options |= {f"{prefix}.delay": delay, f"{prefix}.attempts": attempts}
    if cluster.restart_strategy == "exponential-delay":
        options[f"{prefix}.initial-backoff"] = delay
        if attempts:
            options[f"{prefix}.attempts-before-reset-backoff"] = attempts
    return options


def _job(settings: Settings, cluster: ClusterSettings) -> Config:
    options: Config = {
        "parallelism.default": settings.job.parallelism,
        "python.execution-mode": settings.python.execution_mode,
        "pipeline.object-reuse": True,
        "high-availability.type": cluster.high_availability,
    }
    if cluster.high_availability == "none":
        options["high-availability.type"] = "NONE"
        return options
    options["high-availability.cluster-id"] = cluster.cluster_id
    # A JobManager that is replaced after the job's end must learn that it has ended. Flink would
    # forget it, and the new one run the job again from nothing.
    options["job-result-store.delete-on-commit"] = False
    # In place of a killed JobManager the new one often refuses its own job at first, as it still
    # reads who led before; by default it asks again after 30 s.
    options["cluster.registration.refused-registration-delay"] = "1 s"
    if cluster.high_availability == "kubernetes":
        options["kubernetes.cluster-id"] = cluster.cluster_id
        options["kubernetes.namespace"] = cluster.kubernetes_namespace or "default"
    else:
        options["high-availability.zookeeper.quorum"] = ",".join(cluster.zookeeper_quorum)
        # With ZooKeeper, and only then, Flink takes this in place of jobmanager.rpc.port, and a
        # random port by default.
        options["high-availability.jobmanager.port"] = str(cluster.jobmanager_rpc_port)
        # There is no JAAS context for it; tried without one, each attempt is an error in the log.
        options["zookeeper.sasl.disable"] = True
    return options


def _state(settings: Settings, cluster: ClusterSettings) -> Config:
    """Where state goes, by a job that does not say so itself; a `SecureJob` does."""
    assert settings.state is not None  # noqa: S101  asked by the caller
    options: Config = dict(state.flink_options(settings.state, "checkpoints"))
    options["execution.checkpointing.savepoint-dir"] = f"{settings.state.uri}/{SAVEPOINTS}"
    if cluster.high_availability != "none":
        options["high-availability.storageDir"] = f"{settings.state.uri}/{HIGH_AVAILABILITY}"
    return options
