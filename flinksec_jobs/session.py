# SPDX-License-Identifier: Apache-2.0
"""A JVM in the environment that settings describe, and PyFlink's environment in it.

A job is built in one; servers are asked in one without a job, too.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flinksec_jobs import hdfs, job_options, kerberos, refusals, state
from flinksec_jobs.errors import ArtifactError, FlinkSecError, JobError, SettingsError
from flinksec_jobs.findings import announce, refuse
from flinksec_jobs.monitoring import watched
from flinksec_jobs.monitoring.json_lines import announce_in_json
from flinksec_jobs.records import crossing
from flinksec_jobs.runtime import artifacts, cluster_run, jvm, local, local_jvm
from flinksec_jobs.settings import Settings
from flinksec_jobs.settings.kafka_clusters import contradictions_in_a_cluster
from flinksec_jobs.settings.weak import weaknesses
from flinksec_jobs.uses import Use

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyflink.common import Configuration
    from pyflink.datastream import StreamExecutionEnvironment

    from flinksec_jobs.settings import KerberosSettings

_log = logging.getLogger("flinksec_jobs")


class Session:
    """What a job is built in; see `begin`.

    What is used of servers is made ready when it is registered, by `ready`. Hadoop's client is the
    exception: it is in the JVM, and logged in, from the beginning, where the settings have
    ``[hdfs]``, since PyFlink's own sources and tables may read HDFS, too. If that cannot be done,
    only what uses HDFS is refused.

    Args:
        name: of the job; its log and its state are kept under it.
        settings: what the environment is.

    Attributes:
        env: PyFlink's environment, once it is open.
        local_run: the surroundings of a local run.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.settings = settings
        self.env: StreamExecutionEnvironment | None = None
        self._checked: set[str] = set()
        self._shipped: set[Path] = set()
        self._without_hadoop: FlinkSecError | None = None
        self._jvm: local_jvm.LocalJvm | None = None
        self.local_run = local.LocalRun(name, {})

    def begin(self) -> StreamExecutionEnvironment:
        """Check the files of state, have the JVM run, log in, and make PyFlink's environment.

        Raises:
            SettingsError: a file that state needs cannot be used.
            JavaNotFoundError: there is no usable Java.
            ArtifactError: a jar is missing or altered.
            JobError: the JVM does not start, or state is on HDFS and the KDC refuses the login.
        """
        self._shipped.clear()
        if jvm.runs_in_a_cluster():
            _refuse_in_a_cluster(self.settings)
            cluster_run.tell_errors_briefly()
            if self.settings.cluster and self.settings.cluster.logs == "json":
                announce_in_json(_log)
        announce(weaknesses(self.settings), _log)
        kept = state.use(self.settings)
        self._check(kept)
        if not jvm.runs_in_a_cluster():
            self._start_jvm()
        from pyflink.datastream import StreamExecutionEnvironment

        configuration = self._configuration()
        if not jvm.runs_in_a_cluster():
            self._set_up_jvm(configuration)
        crossing.install()
        self.env = StreamExecutionEnvironment.get_execution_environment(configuration)
        if not jvm.runs_in_a_cluster():
            self._jvm = local_jvm.current()
        self._ship([artifacts.own_jar("flinksec-secure-connectors")])
        self.ready(kept)
        jvm.leave_out_flinks_python(self.env)
        return self.env

    def require(self) -> StreamExecutionEnvironment:
        """Return PyFlink's environment, of a JVM that still runs.

        Raises:
            JobError: another job of this process has needed a JVM of its own since.
        """
        if self.env is None or (self._jvm is not None and not self._jvm.is_current):
            raise JobError(
                f"the JVM of the job {self.name} has ended: another job needed one of its own",
                hint=f'make a new SecureJob("{self.name}"), and build it anew',
            )
        return self.env

    def ready(self, use: Use) -> None:
        """Make ready for what is used: its files are checked, its jars are there, it may log in.

        Raises:
            SettingsError: a file that a setting names cannot be used.
            ArtifactError: a jar is missing or altered.
            JobError: the KDC refuses the login.
        """
        self._check(use)
        if use.login is not None and not jvm.runs_in_a_cluster():
            self._require_hadoop(use)
        self._ship(use.jars())

    def warn_of_hadoop(self) -> None:
        """Warn that HDFS cannot be used, of a job that is to run without."""
        if self._without_hadoop is not None:
            _log.warning("HDFS cannot be used here: %s", self._without_hadoop.message)

    def _check(self, use: Use) -> None:
        if use.system in self._checked:
            return
        announce(refuse(use.files()), _log)
        self._checked.add(use.system)

    def _ship(self, jars: Sequence[Path]) -> None:
        new = [jar for jar in jars if jar not in self._shipped]
        if new and self.env is not None:
            jvm.add_jars(self.env, new)
            self._shipped.update(new)

    def _start_jvm(self) -> None:
        login = kerberos.login_of(self.settings)
        jars = tuple(state.cipher_jars(self.settings))
        seen = tuple(watched.of_job(self.settings))
        try:
            options = hdfs.hadoop_options(self.settings)
            self.local_run = local.LocalRun(self.name, options, login, jars, seen)
            with kerberos.tickets(self.settings):
                self.local_run.start_jvm()
        except (SettingsError, ArtifactError) as error:
            if self.settings.hdfs is None:
                raise
            self._without_hadoop = error
            self.local_run = local.LocalRun(self.name, {}, login, jars, seen)
            self.local_run.start_jvm()

    def _set_up_jvm(self, configuration: Configuration) -> None:
        known = self.settings.kerberos
        if path := kerberos.krb5_conf(self.settings):
            jvm.set_system_property("java.security.krb5.conf", str(path))
        jvm.initialize_file_systems(configuration)
        if known and self.settings.hdfs and not self._without_hadoop:
            try:
                log_in(known, configuration)
            except JobError as error:
                self._without_hadoop = error

    def _require_hadoop(self, use: Use) -> None:
        if self._without_hadoop is not None:
            raise self._without_hadoop
        if self.settings.hdfs is None:
            raise SettingsError(
                f"{use.system} is reached by Hadoop's client, and the settings have no section "
                "[hdfs]",
                hint="set hdfs.uri: Hadoop's client is in the JVM only then",
            )

    def _configuration(self) -> Configuration:
        from pyflink.common import Configuration

        configuration = Configuration()
        options = job_options.flink_options(self.settings, self.name)
        if not jvm.runs_in_a_cluster():
            options = self.local_run.protected(options)
        for name, value in options.items():
            configuration.set_string(name, value)
        return configuration


def log_in(settings: KerberosSettings, configuration: Configuration) -> None:
    """Log the JVM in, as Hadoop's client wants it.

    Raises:
        JobError: the KDC refuses, or cannot be found.
    """
    by = "keytab" if settings.keytab else "ticket_cache"
    file = settings.keytab or settings.ticket_cache
    try:
        jvm.login_to_kerberos(configuration, settings.principal)
    except JobError as error:
        raise refusals.explained(
            error,
            f"no ticket for {settings.principal} with {file.path if file else ''}.",
            refusals.KERBEROS,
            otherwise=f"kerberos.{by}",
        ) from error


def _refuse_in_a_cluster(settings: Settings) -> None:
    """Refuse what only a person's own machine has, of settings without ``[cluster]``."""
    for setting, problem in contradictions_in_a_cluster(settings):
        raise SettingsError(
            f"{setting} {problem}", hint="`flinksec settings reference` lists every setting"
        )
