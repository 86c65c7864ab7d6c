# SPDX-License-Identifier: Apache-2.0
"""The command line of a Flink process, without the shell scripts around it.

Flink's scripts need bash, a place for pid files, and evaluate the configuration as shell text.
Java started directly is process 1: it gets the signals, and its exit code is the container's.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable
from pathlib import Path

from flinksec_jobs.cluster.flink_conf import Config, Role
from flinksec_jobs.errors import FlinkSecError, SettingsError
from flinksec_jobs.files import files_below
from flinksec_jobs.runtime.java import Java

MAIN_CLASSES = {
    "jobmanager": "org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint",
    "taskmanager": "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
}
_MEMORY_COMMANDS = {
    "jobmanager": "GET_JM_RESOURCE_PARAMS",
    "taskmanager": "GET_TM_RESOURCE_PARAMS",
}
_RESULT = "BASH_JAVA_UTILS_EXEC_RESULT:"


def command(
    role: Role, java: Java, home: Path, *, conf_dir: Path, config: Config, class_path: Iterable[str]
) -> list[str]:
    """Return program and arguments, up to those that only this job needs.

    Args:
        role: the kind of process.
        java: what runs it.
        home: the Flink distribution.
        conf_dir: where ``config.yaml`` and ``log4j-console.properties`` are.
        config: what that file says.
        class_path: what comes after Flink's own jars.

    Raises:
        SettingsError: Flink cannot divide the memory of the process.
    """
    jvm_memory, flink_memory = _memory(role, java, home, conf_dir)
    log4j = f"file:{conf_dir / 'log4j-console.properties'}"
    return [
        str(java.executable),
        *jvm_memory,
        *_java_options(role, config),
        f"-Dlog4j.configurationFile={log4j}",
        "-cp",
        os.pathsep.join([*_python_jars(home), *_jars(home), *class_path]),
        MAIN_CLASSES[role],
        "--configDir",
        str(conf_dir),
        *flink_memory,
    ]


def _java_options(role: Role, config: Config) -> list[str]:
    names = [f"env.java.{kind}.{who}" for kind in ("default-opts", "opts") for who in ("all", role)]
    own = ["-XX:+UseG1GC"] if role == "taskmanager" else []
    return own + [
        option for name in names for option in shlex.split(str(config.get(name, "") or ""))
    ]


def _jars(home: Path) -> list[str]:
    """Flink's jars in the order of its scripts: the distribution comes last."""
    library = home / "lib"
    found = files_below(library, ".jar") if library.exists() else []
    jars = sorted(found, key=lambda path: ("flink-dist" in path.name, path))
    if not any("flink-dist" in path.name for path in jars):
        raise FlinkSecError(
            f"there is no Flink in {home}",
            hint="FLINK_HOME must name a Flink 2.2 distribution, with lib/flink-dist-*.jar",
        )
    return [str(path) for path in jars]


def _python_jars(home: Path) -> list[str]:
    """Flink's Python, which must not come with the job.

    The JVM would load it again when a JobManager that was started again brings the job anew to a
    TaskManager; the library that embeds Python (pemja) cannot be loaded twice in a process, and
    the job would fail for ever ("NoSuchFieldException: loadedLibraryNames").
    """
    return sorted(map(str, (home / "opt").glob("flink-python-*.jar")))


def _memory(role: Role, java: Java, home: Path, conf_dir: Path) -> tuple[list[str], list[str]]:
    """Ask Flink how it divides the memory: arguments for Java, and options for itself."""
    asked = [
        str(java.executable),
        *("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
        "-cp",
        os.pathsep.join([str(home / "bin" / "bash-java-utils.jar"), _jars(home)[-1]]),
        "org.apache.flink.runtime.util.bash.BashJavaUtils",
        _MEMORY_COMMANDS[role],
        "--configDir",
        str(conf_dir),
    ]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    found = [
        line.removeprefix(_RESULT) for line in done.stdout.splitlines() if line.startswith(_RESULT)
    ]
    if done.returncode != 0 or len(found) != 2:  # noqa: PLR2004
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        causes = [line for line in said if "Exception: " in line]
        raise SettingsError(
            f"Flink cannot divide the memory of the {role}: "
            + (causes[-1].partition("Exception: ")[2] if causes else said[-1]),
            hint=f"set cluster.{role}_memory higher, or remove sizes from [flink]",
        )
    return shlex.split(found[0]), shlex.split(found[1])
