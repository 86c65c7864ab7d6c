# SPDX-License-Identifier: Apache-2.0
"""What the library tells Flink of its own accord, where no setting decides.

Each option stands here with the reason why it is set. ``[flink]`` may say otherwise, unless the
class of the option (`flink_options`) forbids it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flinksec_jobs.logins import chosen_login
from flinksec_jobs.sections.decides import FlinkValue
from flinksec_jobs.settings import kafka_clusters
from flinksec_jobs.settings.flink_options import flink_options

if TYPE_CHECKING:
    from flinksec_jobs.settings.models import Settings

Where = Literal["job", "local", "protected", "cluster"]
"""Who sets it: every job, a local run, or ``config.yaml``. ``protected`` is a local run too, which
keeps other users and machines out, whatever ``[flink]`` says.
"""
LOOPBACK = "127.0.0.1"


_RUNS: tuple[Where, ...] = ("local", "cluster")


def _always(_: Settings) -> bool:
    return True


@dataclass(frozen=True)
class Default:
    """An option that the library sets.

    Attributes:
        where: who sets it.
        option: Flink's name.
        value: what it is set to; `None` if the run that sets it works it out.
        why: one sentence.
        when: for which settings it is set.
    """

    where: Where
    option: str
    value: FlinkValue | None
    why: str
    when: Callable[[Settings], bool] = _always


def _with_state(settings: Settings) -> bool:
    return settings.state is not None


def _with_kerberos(settings: Settings) -> bool:
    return settings.kerberos is not None


def _with_kafka_by_the_login_of_the_process(settings: Settings) -> bool:
    kafka = settings.kafka
    return (
        kafka is not None
        and kafka_clusters.login_of(kafka) is None
        and chosen_login(settings).is_the_process
    )


def _with_hdfs(settings: Settings) -> bool:
    return settings.hdfs is not None


def _with_high_availability(settings: Settings) -> bool:
    return settings.cluster is not None and settings.cluster.high_availability != "none"


def _with_zookeeper(settings: Settings) -> bool:
    return settings.cluster is not None and settings.cluster.high_availability == "zookeeper"


_TLS = (
    Default(
        "cluster",
        "security.ssl.rest.authentication-enabled",
        True,
        "Who uses REST shows a certificate; in Flink, without a truststore this is on and does "
        "nothing.",
    ),
    *(
        Default("cluster", f"security.ssl.{kind}.{name}", value, why)
        for kind in ("internal", "rest")
        for name, value, why in (
            ("enabled", True, "Without it traffic is in clear and open to anyone."),
            ("keystore-type", "PKCS12", "The stores of [cluster.tls] are PKCS#12."),
            ("truststore-type", "PKCS12", "The stores of [cluster.tls] are PKCS#12."),
        )
    ),
)
DEFAULTS: tuple[Default, ...] = (
    Default("job", "pipeline.name", None, "The name of the job, which its state is kept under."),
    Default(
        "job",
        "pipeline.object-reuse",
        True,
        "Flink does not copy records between the operators of a chain, which saves time.",
    ),
    Default(
        "job",
        "execution.checkpointing.externalized-checkpoint-retention",
        "RETAIN_ON_CANCELLATION",
        "A job that fails or is cancelled leaves its checkpoints, and goes on from them.",
        _with_state,
    ),
    *(
        Default(
            where,
            "execution.checkpointing.savepoint-dir",
            None,
            "Savepoints go below state.directory; with sealed state another place must be sealed.",
            _with_state,
        )
        for where in _RUNS
    ),
    *(
        Default(
            where,
            "flinksec.sealed.job",
            None,
            "What key services are told that the data keys of state are for: the job, or the "
            "cluster that runs it.",
            _with_state,
        )
        for where in _RUNS
    ),
    Default(
        "job",
        "execution.state-recovery.path",
        None,
        "What the job goes on from, as job.resume finds it; a path in [flink] counts for the first "
        "start that sees it.",
        _with_state,
    ),
    Default(
        "job",
        "execution.state-recovery.claim-mode",
        None,
        "CLAIM for a checkpoint of the job's own, which Flink then removes; NO_CLAIM for what "
        "somebody named.",
        _with_state,
    ),
    Default(
        "local",
        "restart-strategy.type",
        "none",
        "A local run ends at its first failure, where a cluster would try again for ever.",
    ),
    *(
        Default(
            where,
            f"python.{name}",
            None,
            "Python functions run in the interpreter of the job, with its packages.",
        )
        for where in _RUNS
        for name in ("executable", "client.executable", "pythonpath")
    ),
    Default(
        "protected",
        "taskmanager.host",
        LOOPBACK,
        "A local run is reached over the loopback interface alone.",
    ),
    Default(
        "protected",
        "web.submit.enable",
        False,
        "Whoever reaches the REST port must not run programs.",
    ),
    Default(
        "local",
        "metrics.reporters",
        None,
        "Flink starts the reporters of the list alone; a local run adds its own to it.",
    ),
    Default(
        "protected",
        "metrics.reporter.flinksec.factory.class",
        "org.flinksec.gateway.RunMetricsFactory",
        "It counts what a local run tells at its end.",
    ),
    Default(
        "cluster",
        "cluster.processes.halt-on-fatal-error",
        True,
        "A process that has lost what it needs ends, and is started again whole.",
    ),
    Default(
        "cluster",
        "taskmanager.network.bind-policy",
        "ip",
        "The address by which a TaskManager is known needs no name that resolves.",
    ),
    Default(
        "cluster",
        "web.submit.enable",
        False,
        "Whoever reaches the REST port must not run programs.",
    ),
    *(
        Default(
            "cluster",
            f"web.{what}.enable",
            False,
            "Hides the button of the web UI; a client with a certificate of REST can do it all "
            "the same.",
        )
        for what in ("cancel", "rescale")
    ),
    *_TLS,
    *(
        Default(
            where,
            "security.delegation.tokens.enabled",
            False,
            "Every process has the keytab and logs in by it, so no token has to travel, nor "
            "outlives a ticket.",
            _with_kerberos,
        )
        for where in _RUNS
    ),
    Default(
        "cluster",
        "security.kerberos.login.contexts",
        "KafkaClient",
        "Kafka clients of the job's own log in by it; those of from_kafka and to_kafka bring "
        "their login.",
        _with_kafka_by_the_login_of_the_process,
    ),
    Default(
        "cluster",
        "high-availability.storageDir",
        None,
        "High-availability data goes below state.directory; with sealed state another place must "
        "be sealed.",
        _with_high_availability,
    ),
    Default(
        "cluster",
        "job-result-store.delete-on-commit",
        False,
        "A JobManager that is replaced after the job's end must learn that it has ended; Flink "
        "would forget it, and the new one run the job again from nothing.",
        _with_high_availability,
    ),
    Default(
        "cluster",
        "cluster.registration.refused-registration-delay",
        "1 s",
        "In place of a killed JobManager the new one often refuses its own job at first, as it "
        "still reads who led before; by default it asks again after 30 s.",
        _with_high_availability,
    ),
    Default(
        "cluster",
        "zookeeper.sasl.disable",
        True,
        "There is no JAAS context for ZooKeeper; tried without one, each attempt is an error in "
        "the log.",
        _with_zookeeper,
    ),
    Default(
        "cluster",
        "classloader.check-leaked-classloader",
        False,
        "Hadoop's client keeps the class loader of the first job that used it; after a new "
        "JobManager every file would fail in the TaskManagers that stayed.",
        _with_hdfs,
    ),
    Default(
        "cluster",
        "env.java.opts.all",
        None,
        "What [flink] says is added to it; arguments that weaken Java are refused.",
    ),
    Default(
        "cluster",
        "jobmanager.scheduler",
        "adaptive",
        "A job can be given another parallelism while it runs, and runs with fewer "
        "tasks while a TaskManager is missing.",
    ),
    Default(
        "cluster",
        "jobmanager.adaptive-scheduler.submission.resource-stabilization-timeout",
        "2 min",
        "A start waits so long for all of its TaskManagers before it begins with fewer tasks; "
        "Flink's 10 s end before a pod has its image.",
    ),
    Default(
        "cluster",
        "jobmanager.execution.failover-strategy",
        None,
        "It comes from the config.yaml that Flink ships.",
    ),
)


MUTUAL_TLS = {found.option: found.value for found in _TLS if found.value is not None}
"""The options of TLS that are the same wherever Flink runs."""


# Classes of options that have no judge, or one that lets some values pass.
_OPEN = {"free", "state", "recovery", "java"}


def left_to_flink() -> Iterator[Default]:
    """Yield what ``[flink]`` may set otherwise."""
    for found in DEFAULTS:
        if found.where != "protected" and flink_options()[found.option].kind in _OPEN:
            yield found


def defaults(where: Where, settings: Settings) -> dict[str, FlinkValue]:
    """Return the options with values that a kind of run sets, for these settings."""
    return {found.option: found.value for found in _of(where, settings) if found.value is not None}


def _of(where: Where, settings: Settings) -> Iterator[Default]:
    return (found for found in DEFAULTS if found.where == where and found.when(settings))
