# SPDX-License-Identifier: Apache-2.0
"""How a Flink process of a cluster starts: from what is mounted to the program that runs.

The same code serves the container and a cluster of processes on one machine; only the paths of
`Mounts` differ. What it writes holds passwords and lies below `Mounts.run`, in memory.
"""

from __future__ import annotations

import logging
import os
import resource
import shlex
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from flinksec_jobs import findings, hadoop_files, hdfs, state
from flinksec_jobs.cluster import (
    flink_conf,
    flink_process,
    job_inputs,
    json_logs,
    reporters,
    trust_stores,
)
from flinksec_jobs.cluster.flink_conf import Config, Role
from flinksec_jobs.cluster.flink_conf_drift import drift
from flinksec_jobs.cluster.flink_conf_problems import conf_problems
from flinksec_jobs.cluster.logging_problems import logging_problems
from flinksec_jobs.cluster.memory_directories import make_private
from flinksec_jobs.cluster.process_checks import check_process
from flinksec_jobs.cluster.start_options import check_environment, check_options, place_of
from flinksec_jobs.cluster.tls_check import check_tls, directories
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.file_checks import check_files
from flinksec_jobs.files import SETTINGS, read_text
from flinksec_jobs.findings import Finding
from flinksec_jobs.monitoring.json_lines import announce_in_json
from flinksec_jobs.private_files import write_private
from flinksec_jobs.runtime import artifacts, local
from flinksec_jobs.runtime.java import Java, find_java
from flinksec_jobs.secrets import SecretFile
from flinksec_jobs.settings import Settings, load_settings
from flinksec_jobs.settings.cluster_tls import (
    KEYSTORE,
    PASSWORD,
    TRUSTSTORE,
    store_passwords,
)

_log = logging.getLogger("flinksec_jobs.cluster")
LOG4J = "log4j-console.properties"
# The group may share state on a volume; nobody else may see any file.
_UMASK = 0o007


@dataclass(frozen=True)
class Mounts:
    """What a process finds in its container.

    Attributes:
        settings: the job's settings.
        config: Flink's ``config.yaml`` without secrets; made from the settings if it is missing.
        log4j: the logging; that of the library if it is missing.
        ca: directory of the services' CAs, ``*.pem``.
        run: a private directory in memory that the process may write.
    """

    settings: Path = Path("/etc/flinksec/job/settings.toml")
    config: Path = Path("/etc/flinksec/flink/config.yaml")
    log4j: Path = Path("/etc/flinksec/flink/log4j-console.properties")
    ca: Path = Path("/etc/flinksec/ca")
    run: Path = Path("/run/flinksec")


@dataclass(frozen=True)
class ReadyProgram:
    """A program that is ready to run.

    Attributes:
        command: program and arguments, without secrets.
        environment: all of it, without secrets.
    """

    command: list[str]
    environment: dict[str, str]

    def become(self) -> None:
        """Replace this process: Java then gets its signals and gives its exit code."""
        os.umask(_UMASK)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # memory holds keys
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(self.command[0], self.command, self.environment)  # noqa: S606


@dataclass(frozen=True)
class ProcessStart:
    """What to start.

    Attributes:
        role: the kind of process.
        mounts: where everything is.
        options: Flink options that win over ``config.yaml``.
        arguments: of Flink's main class.
        module_path: directories of the job's own Python modules.
        program: of the job, for a JobManager.
        main_class: in the place of Flink's own, of the jar that looks after high availability.
    """

    role: Role
    mounts: Mounts = Mounts()
    options: Mapping[str, str] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    module_path: Sequence[Path] = ()
    program: job_inputs.Program | None = None
    main_class: str | None = None


def prepare(start: ProcessStart) -> ReadyProgram:
    """Write what the process needs and return it.

    Raises:
        FlinkSecError: a setting, a mounted file or the configuration is not fit for use.
    """
    mounts, home, java = start.mounts, flink_conf.flink_home(), find_java()
    settings = load_settings(mounts.settings)
    given = _given(settings, mounts, home)
    config = given | flink_conf.role_options(settings, start.role) | dict(start.options)
    if _logs_json(settings):
        announce_in_json(_log)
    found = _found(start, settings, given, config)
    rest = findings.refuse(found, lambda count: f"{count} problems keep the process from starting")
    findings.announce(rest, _log)
    passwords = _passwords(config, settings, start.role)
    directory = make_private(mounts.run / "conf")
    watched: Config = {}
    if start.program and start.main_class is None:
        watched = job_inputs.watched(config, settings, start.program, directory)
    store, bundle = trust_stores.merge(mounts.ca, java.home, directory)
    config |= _python(start.module_path, config)
    config |= reporters.at_start(settings, start.role, config)
    config[flink_conf.JAVA_OPTIONS] = " ".join(
        [
            str(config.get(flink_conf.JAVA_OPTIONS, "")),
            shlex.quote(f"-Djavax.net.ssl.trustStore={store}"),
            "-Djavax.net.ssl.trustStoreType=PKCS12",
        ]
    )
    write_private(directory / "config.yaml", flink_conf.as_yaml(config | watched | passwords))
    write_private(directory / LOG4J, _log4j(mounts, settings))
    hadoop = _hadoop(settings, mounts)
    environment = _environment(mounts, home, java, bundle) | hadoop
    environment["FLINK_PLUGINS_DIR"] = str(
        _plugins(
            home,
            mounts.run / "plugins",
            state.cipher_jars(settings),
            without=reporters.not_as_plugins(settings),
        )
    )
    # %failure of the logging configuration, and the reporters of metrics.
    own = [str(artifacts.own_jar(f"flinksec-{name}")) for name in ("logging", "metrics")]
    class_path = [*own, *reporters.jars(settings, home), *hadoop.values()]
    if watched or start.main_class:
        class_path.append(job_inputs.jar())
    command = flink_process.command(
        start.role, java, home, conf_dir=directory, config=config, class_path=class_path
    )
    if start.main_class:
        command[command.index(flink_process.MAIN_CLASSES[start.role])] = start.main_class
    return ReadyProgram([*command, *start.arguments], environment)


def start_findings(start: ProcessStart) -> list[Finding]:
    """Return what is wrong with a start, and what is worth a warning, and write nothing.

    Raises:
        FlinkSecError: the settings or the configuration cannot be read.
    """
    settings = load_settings(start.mounts.settings)
    given = _given(settings, start.mounts, flink_conf.flink_home())
    config = given | flink_conf.role_options(settings, start.role) | dict(start.options)
    return _found(start, settings, given, config)


def _found(start: ProcessStart, settings: Settings, given: Config, config: Config) -> list[Finding]:
    # The job would say some of it too, from within Flink and half a minute later.
    mounts = start.mounts
    return [
        *check_files(settings),
        *check_process(settings),
        *_options(config, settings, start),
        *check_environment(os.environ),
        *drift(given, settings, flink_conf.flink_home(), str(mounts.config)),
        *logging_problems(_log4j(mounts, settings), str(mounts.log4j)),
        *check_tls(settings, start.role),
        *reporters.check(settings),
    ]


def _given(settings: Settings, mounts: Mounts, home: Path) -> Config:
    if mounts.config.exists():
        return flink_conf.read_yaml(mounts.config)
    return flink_conf.config(settings, home)


def _options(config: Config, settings: Settings, start: ProcessStart) -> list[Finding]:
    """Judge the command line, and the configuration with it; each option once."""
    mounts = start.mounts
    found = list(check_options(start.options, settings))
    refused = {one.where for one in found}
    file = str(mounts.config if mounts.config.exists() else mounts.settings)
    for one in conf_problems(config, file):
        key = one.where.field
        said = replace(one, where=place_of(key)) if key and key in start.options else one
        if said.where not in refused:
            found.append(said)
    return found


def _log4j(mounts: Mounts, settings: Settings) -> str:
    own = Path(__file__).with_name(LOG4J)
    chosen = mounts.log4j if mounts.log4j.exists() else own
    text = read_text(chosen, "the configuration of logs", SETTINGS, error=SettingsError)
    return json_logs.with_json(text, str(chosen)) if _logs_json(settings) else text


def _logs_json(settings: Settings) -> bool:
    return settings.cluster is not None and settings.cluster.logs == "json"


def _python(module_path: Sequence[Path], config: Config) -> Config:
    """Name this interpreter, and all that it can import, to Flink, unless the file does."""
    options = local.python_options()
    paths = [*map(str, module_path), options["python.pythonpath"]]
    options["python.pythonpath"] = os.pathsep.join(path for path in paths if path)
    return {name: value for name, value in options.items() if name not in config}


def _passwords(config: Config, settings: Settings, role: Role) -> Config:
    """Return what opens the stores that the configuration names."""
    found: Config = {}
    for kind, directory in directories(settings, role).items():
        prefix = f"security.ssl.{kind}"
        for store, file in (("keystore", KEYSTORE), ("truststore", TRUSTSTORE)):
            expected = directory / file
            if config.get(f"{prefix}.{store}") != str(expected):
                raise SettingsError(
                    f"{prefix}.{store} is not the {expected} that cluster.tls.{kind} names",
                    hint="make config.yaml from these settings: `flinksec cluster conf`",
                )
    for kind, directory in directories(settings, role).items():
        password = SecretFile(directory / PASSWORD).read_text(f"cluster.tls.{kind}")
        found |= store_passwords(kind, password)
    return found


def _plugins(
    home: Path, target: Path, cipher_jars: Sequence[Path], without: Collection[str] = ()
) -> Path:
    """Lay out the distribution's plugins and the sealed file system, as links."""
    make_private(target)
    for existing in target.iterdir():
        existing.unlink()
    own = artifacts.own_jar("flinksec-sealed-state")
    shipped = [path for path in (home / "plugins").iterdir() if path.is_dir()]
    for plugin in shipped:
        if plugin.name in without:
            continue
        (target / plugin.name).symlink_to(plugin)
    if cipher_jars or not (target / own.stem).exists():
        folder = make_private(target.with_name("sealed-state"))
        for old in folder.iterdir():
            old.unlink()
        for jar in (own, *cipher_jars):
            (folder / jar.name).symlink_to(jar)
        (target / own.stem).unlink(missing_ok=True)
        (target / own.stem).symlink_to(folder)
    return target


def _hadoop(settings: Settings, mounts: Mounts) -> dict[str, str]:
    """Hadoop's client and its configuration, for a job that uses HDFS."""
    if settings.hdfs is None:
        return {}
    directory = make_private(mounts.run / "hadoop-conf")
    hadoop_files.write(directory, hdfs.hadoop_options(settings))
    own = artifacts.own_jar("flinksec-hadoop")
    jars = os.pathsep.join(str(jar) for jar in [*artifacts.jars("hadoop-client"), own])
    return {"HADOOP_CLASSPATH": jars, "HADOOP_CONF_DIR": str(directory)}


def _environment(mounts: Mounts, home: Path, java: Java, bundle: Path) -> dict[str, str]:
    environment = os.environ | {
        "JAVA_HOME": str(java.home),
        "FLINK_HOME": str(home),
        "FLINK_CONF_DIR": str(mounts.run / "conf"),
        "FLINK_BIN_DIR": str(home / "bin"),
        "FLINK_LIB_DIR": str(home / "lib"),
        "FLINK_OPT_DIR": str(home / "opt"),
        "FLINKSEC_SETTINGS": str(mounts.settings),
        "SSL_CERT_FILE": str(bundle),
    }
    # Flink would read Hadoop's configuration from there as well, and before ours.
    environment.pop("HADOOP_HOME", None)
    # A user id that no file knows has no home, and libraries ask for one.
    environment.setdefault("HOME", str(mounts.run))
    return environment
