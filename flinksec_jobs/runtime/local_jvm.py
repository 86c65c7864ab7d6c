# SPDX-License-Identifier: Apache-2.0
"""The JVM that the jobs of this process have: one at a time, made for what the job needs.

A second job in the same process gets the same JVM if it needs nothing else. Otherwise, with HDFS
for the first time say, or another login, or a log of its own, the first JVM ends and a new one
starts: much of a JVM is decided when it starts.
"""

from __future__ import annotations

import gc
import logging
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flinksec_jobs import hadoop_files
from flinksec_jobs.errors import JobError, SettingsError
from flinksec_jobs.runtime import (
    artifacts,
    gateway,
    jvm,
    jvm_environment,
    local_tls,
    run_directory,
)
from flinksec_jobs.runtime.gateway import Command, Started
from flinksec_jobs.runtime.java import find_java
from flinksec_jobs.runtime.local_tls import LocalTls
from flinksec_jobs.sections.decides import as_texts, options_of
from flinksec_jobs.settings import ClusterSettings, java_options

# Read by log4j-local.properties in the JVM alone.
JOB_LOG_VARIABLE = "FLINKSEC_JOB_LOG"
# Each of a user's tests has another value of it, and could have the same JVM.
_CHANGES = {"PYTEST_CURRENT_TEST"}
_DEFAULT_ARGUMENTS = "-Xmx2g"
_OWN_JARS = ("gateway", "logging", "metrics")
_log = logging.getLogger("flinksec_jobs")

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Surroundings:
    """What a JVM is started with.

    Attributes:
        java: the program.
        arguments: options of the JVM, of the user.
        log_file: where it writes its log.
        hadoop_options: of Hadoop's configuration files; empty leaves Hadoop out.
        login: who it logs in as, and by what; a JVM logs in once.
        environment: what it gets of the environment of this process.
        cipher_jars: beside that of the sealed file system.
    """

    java: Path
    arguments: tuple[str, ...]
    log_file: Path
    hadoop_options: Pairs
    login: tuple[str, ...]
    environment: Pairs
    cipher_jars: tuple[Path, ...] = ()

    @classmethod
    def wanted(
        cls,
        log_file: Path,
        hadoop_options: Mapping[str, str],
        login: tuple[str, ...],
        cipher_jars: tuple[Path, ...] = (),
    ) -> Surroundings:
        """Return what a job needs, in the environment as it is now.

        Raises:
            JavaNotFoundError: there is no usable Java.
            SettingsError: ``JVM_ARGS`` cannot be read, or opens Java.
        """
        return cls(
            find_java().executable,
            _arguments(),
            log_file,
            tuple(sorted(hadoop_options.items())),
            login,
            tuple(
                (name, value)
                for name, value in sorted(jvm_environment.inherited(os.environ).items())
                if name not in _CHANGES
            ),
            cipher_jars,
        )


@dataclass
class LocalJvm:
    """A JVM with its private directory, and the certificate that lies in it."""

    surroundings: Surroundings
    directory: Path
    tls: LocalTls
    started: Started

    @property
    def is_current(self) -> bool:
        """Whether it is the JVM that jobs have now."""
        return any(one is self for one in _current)

    @property
    def temporary_options(self) -> dict[str, str]:
        """Working state and spilled records, which nothing seals, go away with the run."""
        directory = _temporary(self.directory)
        # Flink would take each of these for the end of a path.
        if set(",|:") & set(str(directory)):
            return {}
        return as_texts(options_of(ClusterSettings(temp_dir=directory), only=("temp_dir",)))


@dataclass(eq=False)
class Hold:
    """What keeps the JVM for a job, which is in use.

    Attributes:
        job_name: the job's.
        goes_on: whether a run of it goes on just now, so that even the same job, built anew, may
            not take the JVM away. One that has just ended is let go before this answers.
    """

    job_name: str
    goes_on: Callable[[], bool] = lambda: False


_current: list[LocalJvm] = []
_holds: list[Hold] = []
_warned: set[str] = set()


def current() -> LocalJvm:
    """Return the JVM that runs.

    Raises:
        JobError: none does.
    """
    if not _current:
        raise JobError("the JVM of the job does not run", hint="it is started by SecureJob")
    return _current[0]


def hold(job_name: str) -> Hold:
    """Keep the JVM for a job that is being built, or runs."""
    made = Hold(job_name)
    _holds.append(made)
    return made


def let_go(held: Hold) -> None:
    """Let another job have another JVM: this one has run, or is given up."""
    if held in _holds:
        _holds.remove(held)


def start(wanted: Surroundings, job_name: str) -> None:
    """Have a JVM with these surroundings run, the one that runs or a new one.

    Raises:
        ArtifactError: one of our jars, or Hadoop's, is missing or altered.
        JobError: it does not start, or another job of this process needs another one just now.
    """
    jvm.refuse_a_foreign_one()
    if _current:
        if _current[0].surroundings == wanted and _current[0].started.process.poll() is None:
            return
        if others := _others(job_name):
            raise JobError(
                f"the job {job_name} cannot begin before the job {others[-1]} has ended: it "
                "needs a JVM of its own, with other settings",
                hint="leave the block `with SecureJob(…)` of the first, execute it, or wait for "
                "its client, before the second begins, or run each job in a process of its own",
            )
        _current.pop().started.end()
        jvm.detach()
    _warn_of_what_is_left_out()
    run_directory.remove_left_over()
    directory = run_directory.make()
    tls = local_tls.make(directory / "tls")
    started = gateway.start(_command(wanted, directory), directory)
    jvm.attach(started.gateway)
    _current.append(LocalJvm(wanted, directory, tls, started))


def _others(job_name: str) -> list[str]:
    """Return the names of jobs that need the JVM: others that are not given up, or that run."""
    for look_again in (True, False):
        going_on = {id(held) for held in list(_holds) if held.goes_on()}  # one at its end lets go
        others = [
            held.job_name for held in _holds if held.job_name != job_name or id(held) in going_on
        ]
        if others and look_again:
            gc.collect()  # what was never executed, and nobody has any more
    return others


def _warn_of_what_is_left_out() -> None:
    for name, instead in jvm_environment.left_out(os.environ).items():
        if name not in _warned:
            _warned.add(name)
            _log.warning("%s has no effect on a local run; use %s", name, instead)


def _command(wanted: Surroundings, directory: Path) -> Command:
    from pyflink.pyflink_gateway_server import get_jvm_opts

    temporary, conf = _temporary(directory), directory / "conf"
    for made in (temporary, conf):
        made.mkdir(mode=0o700)
    (conf / "config.yaml").touch()  # Flink looks for one; ours comes with the job
    flink = pyflink_home()
    class_path = [artifacts.own_jar(f"flinksec-{name}") for name in _OWN_JARS]
    class_path += sorted((flink / "lib").glob("*.jar"))
    class_path += sorted((flink / "opt").glob("flink-python*.jar"))
    variables = dict(wanted.environment) | {
        "JAVA_HOME": str(wanted.java.parent.parent),
        "FLINK_CONF_DIR": str(conf),
        "FLINK_HOME": str(flink),
        "FLINK_PLUGINS_DIR": str(_lay_out_plugins(directory / "plugins", wanted.cipher_jars)),
        "FLINK_LIB_DIR": str(flink / "lib"),
        "FLINK_OPT_DIR": str(flink / "opt"),
        JOB_LOG_VARIABLE: str(wanted.log_file),
    }
    if wanted.hadoop_options:
        hadoop = hadoop_files.write(directory / "hadoop-conf", dict(wanted.hadoop_options))
        own = artifacts.own_jar("flinksec-hadoop")
        class_path += [*artifacts.jars("hadoop-client"), own, hadoop]
        # Flink would read a configuration from HADOOP_HOME as well, and before this one.
        variables |= {"HADOOP_CONF_DIR": str(hadoop), "HADOOP_HOME": str(hadoop)}
    options = [
        *wanted.arguments,
        # What PyFlink itself gives: the parts of Java that Flink looks into.
        "-XX:+IgnoreUnrecognizedVMOptions",
        "--add-opens=jdk.proxy2/jdk.proxy2=ALL-UNNAMED",
        *get_jvm_opts({"FLINK_CONF_DIR": str(flink / "conf")}),
        *jvm_environment.options(temporary),
        f"-Dlog4j.configurationFile={Path(__file__).with_name('log4j-local.properties').as_uri()}",
    ]
    _refuse_colons(class_path)
    return Command(wanted.java, options, class_path, variables, wanted.log_file)


def _temporary(directory: Path) -> Path:
    """Where the JVM of a run writes what is for the time of the run."""
    return directory / "tmp"


def pyflink_home() -> Path:
    """Where PyFlink is installed, with Flink's jars."""
    import pyflink

    return Path(pyflink.__file__).parent


def _arguments() -> tuple[str, ...]:
    text = os.environ.get("JVM_ARGS", _DEFAULT_ARGUMENTS)
    try:
        arguments = tuple(shlex.split(text))
    except ValueError as error:
        raise SettingsError(
            f"JVM_ARGS cannot be split into arguments: {str(error).lower()}",
            hint="quote as in a shell: JVM_ARGS=\"-Xmx4g '-Dmy.option=two words'\"",
        ) from error
    for argument, why in java_options.problems(text):
        raise SettingsError(
            f"the environment variable JVM_ARGS gives Java {argument}, which {why}",
            hint="remove it",
        )
    return arguments


def _refuse_colons(class_path: list[Path]) -> None:
    for path in class_path:
        if os.pathsep in str(path):
            raise JobError(
                f"Java cannot use {path}: it has a colon in its name",
                hint="use a directory without one: for the installation, or in TMPDIR",
            )


def _lay_out_plugins(directory: Path, cipher_jars: tuple[Path, ...]) -> Path:
    plugin = directory / "flinksec-sealed-state"
    plugin.mkdir(parents=True)
    for jar in (artifacts.own_jar("flinksec-sealed-state"), *cipher_jars):
        (plugin / jar.name).symlink_to(jar)
    return directory
