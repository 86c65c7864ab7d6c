# SPDX-License-Identifier: Apache-2.0
"""What ``python job.py`` needs around it: Java, plugins, Hadoop's configuration, logs.

In a cluster the image and Flink's own configuration provide these; here they are laid out in a
private temporary directory that goes away with the process.
"""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flinksec_jobs import hadoop_conf
from flinksec_jobs.job_name import file_name
from flinksec_jobs.runtime import artifacts, jvm, local_tls, run_directory, running
from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.runtime.local_tls import LocalTls
from flinksec_jobs.runtime.running import RunningJob

# A local run ends at its first failure, where a cluster would try again for ever.
FLINK_OPTIONS = {"restart-strategy.type": "none"}
_LOOPBACK = "127.0.0.1"
# What [flink] does not change in a local run: this machine may have other users, who reach its
# ports, and other machines have nothing to ask of it.
LOOPBACK_OPTIONS = {
    "rest.bind-address": _LOOPBACK,
    "rest.address": _LOOPBACK,
    "jobmanager.bind-host": _LOOPBACK,
    "jobmanager.rpc.address": _LOOPBACK,
    "taskmanager.bind-host": _LOOPBACK,
    "taskmanager.host": _LOOPBACK,
    "web.submit.enable": "false",
}
_POLL_SECONDS = 0.1
# Read by log4j-local.properties in the JVM alone.
JOB_LOG_VARIABLE = "FLINKSEC_JOB_LOG"


@dataclass(frozen=True)
class LocalRun:
    """The surroundings of a job that runs in its own process.

    Attributes:
        job_name: names the log file.
        hadoop_options: what ``core-site.xml`` and ``hdfs-site.xml`` are to hold; empty for a job
            without HDFS, which then does not load Hadoop either.
    """

    job_name: str
    hadoop_options: Mapping[str, str]

    @property
    def log_file(self) -> Path:
        """Where the JVM of the job writes its log."""
        return log_directory() / f"{file_name(self.job_name)}.log"

    def start_jvm(self) -> None:
        """Start PyFlink's JVM in these surroundings.

        Raises:
            JavaNotFoundError: there is no usable Java.
            ArtifactError: one of our jars, or Hadoop's, is missing or altered.
            JobError: the JVM did not start.
        """
        home = _home()
        jvm.start(self._environment(home.directory))

    def protections(self) -> dict[str, str]:
        """The Flink options that keep other users and machines out, whatever ``[flink]`` says."""
        return LOOPBACK_OPTIONS | _home().tls.flink_options | self._temporary()

    @staticmethod
    def _temporary() -> dict[str, str]:
        """Working state and spilled records, which nothing seals, go away with the process."""
        directory = _home().directory / "tmp"
        directory.mkdir(exist_ok=True)
        # Flink would take each of these for the end of a path.
        return {} if set(",|:") & set(str(directory)) else {"io.tmp.dirs": str(directory)}

    def run_to_end(self, environment: Any) -> None:
        """Run the job of a ``StreamExecutionEnvironment``, and let other programs find it.

        Raises:
            JobError: it failed.
        """
        home = _home()
        with jvm.translated(f"the job {self.job_name} failed"):
            submitted = jvm.submit(environment, self.job_name)
            job = RunningJob(
                name=self.job_name,
                job_id=submitted.id,
                process_id=os.getpid(),
                rest=submitted.rest_address(),
                client=home.tls.client,
                log_file=self.log_file,
            )
            running.announce(home.directory, job)
            try:
                while not submitted.is_done():
                    time.sleep(_POLL_SECONDS)
                submitted.result()
            finally:
                running.withdraw(home.directory)

    def _environment(self, home: Path) -> dict[str, str]:
        log_directory().mkdir(parents=True, exist_ok=True, mode=0o700)
        environment = {
            "JAVA_HOME": str(find_java().home),
            # Without FLINK_HOME, PyFlink overwrites FLINK_PLUGINS_DIR.
            "FLINK_HOME": str(_pyflink_home()),
            "FLINK_PLUGINS_DIR": str(_lay_out_plugins(home / "plugins")),
            "FLINK_LIB_DIR": str(_pyflink_home() / "lib"),
            "FLINK_OPT_DIR": str(_pyflink_home() / "opt"),
            "FLINK_LOG_DIR": str(log_directory()),
            "LOG4J_PROPERTIES": str(Path(__file__).with_name("log4j-local.properties")),
            "JVM_ARGS": _jvm_arguments(),
            JOB_LOG_VARIABLE: str(self.log_file),
        }
        if self.hadoop_options:
            conf_dir = _write_hadoop_conf(home / "hadoop-conf", self.hadoop_options)
            hadoop = os.pathsep.join(str(jar) for jar in artifacts.jars("hadoop-client"))
            environment |= {"HADOOP_CONF_DIR": str(conf_dir), "HADOOP_CLASSPATH": hadoop}
            # Flink would read a configuration from there as well, and before this one.
            environment["HADOOP_HOME"] = str(conf_dir)
        return environment


@dataclass(frozen=True)
class _Home:
    """The private directory of this process's runs, and the certificate that lies in it."""

    directory: Path
    tls: LocalTls


@functools.cache
def _home() -> _Home:
    run_directory.remove_left_over()
    directory = run_directory.make()
    return _Home(directory, local_tls.make(directory / "tls"))


def log_directory() -> Path:
    """Where local runs write their logs: ``FLINKSEC_LOG_DIR``, else under the user's state."""
    if configured := os.environ.get("FLINKSEC_LOG_DIR"):
        return Path(configured)
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "flinksec" / "logs"


def python_options() -> dict[str, str]:
    """The Flink options that make Python functions find this interpreter and its packages.

    Thread mode embeds an interpreter that knows nothing of an inactive virtual environment, nor
    of the ``.pth`` files of editable installations; so it is told the whole module path.
    """
    library = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    standard = library | {str(Path(path) / "lib-dynload") for path in library}
    paths = [path for path in sys.path if path and path not in standard]
    return {
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "python.pythonpath": os.pathsep.join(p for p in paths if not p.endswith(".zip")),
    }


def _pyflink_home() -> Path:
    import pyflink

    return Path(pyflink.__file__).parent


def _lay_out_plugins(directory: Path) -> Path:
    plugin = directory / "flinksec-sealed-state"
    plugin.mkdir(parents=True, exist_ok=True)
    jar = artifacts.own_jar("flinksec-sealed-state")
    (plugin / jar.name).symlink_to(jar)
    return directory


def _write_hadoop_conf(directory: Path, options: Mapping[str, str]) -> Path:
    directory.mkdir()
    for name in hadoop_conf.FILES:
        (directory / name).write_text(hadoop_conf.as_xml(options))
    return directory


def _jvm_arguments() -> str:
    return os.environ.get("JVM_ARGS", "-Xmx2g")
