# SPDX-License-Identifier: Apache-2.0
"""Flink's configuration, wherever it comes from: what it silently ignores, or opens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from flinksec_jobs.cluster.logging_problems import logging_problems
from flinksec_jobs.cluster.start_options import ENTRY_POINT_VARIABLES
from flinksec_jobs.manifests.flink import given_options
from flinksec_jobs.manifests.flink.config_files import (
    configurations,
    mounted_elsewhere,
)
from flinksec_jobs.manifests.flink.flink_processes import (
    FlinkProcess,
    processes,
    services,
    unrecognised,
)
from flinksec_jobs.manifests.flink.versions import CURRENT, OLD, files_read, problems_for
from flinksec_jobs.manifests.kube.objects import Manifests, Place, mapping, text
from flinksec_jobs.manifests.rule import rule
from flinksec_jobs.settings import java_options


@rule(
    "flink-configuration",
    why="an option of Flink is not safe",
    fix="`flinksec cluster conf` prints a configuration that is",
)
def _configuration(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        if not process.is_known:
            continue  # other rules say that nobody can tell what it runs with
        others = {
            one.role
            for one in processes(manifests)
            if one.pod.owner.namespace == process.pod.owner.namespace and one.role != process.role
        }
        for found in problems_for(process.options, process.version):
            if others and str(found.where.field).startswith(_OF_THE_OTHER[process.role]):
                continue  # the process that uses it has a place of its own to say it
            shipped = process.is_operators or process.mounted.state == "image"
            if shipped and found.id == "add-opens-lost":
                continue  # the file of the image, or the operator's defaults, bring them
            note = f"{found.why} [{found.id}]{_UNSEEN_DEFAULTS if process.is_operators else ''}"
            yield process.at(str(found.where.field), note)
    used = {id(process.config.object) for process in processes(manifests) if process.config}
    for config in configurations(manifests):
        if id(config.object) not in used and not config.error:
            for found in problems_for(config.options, None):
                yield config.at(str(found.where.field), f"{found.why} [{found.id}]")


_UNSEEN_DEFAULTS = " (the operator's own defaults are not looked at)"

_OF_THE_OTHER = {
    "jobmanager": ("taskmanager.",),
    "taskmanager": ("security.ssl.rest.", "web.", "blob.", "high-availability.jobmanager."),
}


@rule(
    "flink-logging",
    why="the logging writes what should not be in a log",
    fix="take over log4j-console.properties of docker/kubernetes/base",
)
def _logging(manifests: Manifests) -> Iterator[Place]:
    for config in configurations(manifests):
        for key, value in mapping(config.object.content.get("data")).items():
            if "log4j" in text(key) and "console" in text(key):
                for found in logging_problems(text(value)):
                    yield config.object.at(f"data[{key}]", f"{found.why} [{found.id}]")


@rule(
    "flink-log-files",
    severity="warning",
    why="a log file is written to a root that is read-only, or lost with the container",
    fix="log to the console only",
)
def _log_files(manifests: Manifests) -> Iterator[Place]:
    for config in configurations(manifests):
        for key, value in mapping(config.object.content.get("data")).items():
            if "log4j-console" in text(key) and ("RollingFile" in text(value)):
                yield config.object.at(f"data[{key}]", "RollingFile")


@rule(
    "flink-config-file",
    why="Flink 2 reads config.yaml only, and Flink 1 before 1.19 flink-conf.yaml only",
    fix="use the name that your version reads; config.yaml takes strict YAML",
)
def _config_file(manifests: Manifests) -> Iterator[Place]:
    told = set()
    for process in processes(manifests):
        config = process.config
        if config is None or process.is_operators:
            continue
        told.add(id(config.object))
        read = files_read(process.version)
        name = config.file
        if name == OLD and (process.version is None or OLD not in read):
            yield config.at()
        elif name not in read:
            number = ".".join(map(str, process.version or ()))
            yield config.at("", f"Flink {number} reads {OLD} only")
    for config in configurations(manifests):
        if config.key == OLD and id(config.object) not in told:
            yield config.at()


@rule(
    "flink-config-missing",
    why="no configuration lies where the process reads it, and Flink's own has no TLS",
    fix="mount a ConfigMap with config.yaml over Flink's directory of configuration",
)
def _config_missing(manifests: Manifests) -> Iterator[Place]:
    for process in (*processes(manifests), *services(manifests)):
        if process.config is None and process.mounted.state != "unseen":
            yield process.container.at("volumeMounts", _instead(manifests, process))


def _instead(manifests: Manifests, process: FlinkProcess) -> str:
    for config, point in mounted_elsewhere(manifests, process.container):
        if process.mounted.state == "missing":
            return f"{config.object} is mounted at {point} without {config.key}"
        return f"{config.object} is mounted at {point}, where Flink does not look"
    return "" if process.mounted.state == "missing" else "what the image brings is not looked at"


@rule(
    "flink-config-unseen",
    why="the configuration comes from what is not in these manifests, so nothing of it is checked",
    fix="check the manifests of its source together with these",
)
def _config_unseen(manifests: Manifests) -> Iterator[Place]:
    for process in (*processes(manifests), *services(manifests)):
        if process.config is None and process.mounted.state == "unseen":
            yield process.container.at("volumeMounts", process.mounted.source)
        for name, variable in process.environment.items():
            if variable.value is None and name in {*given_options.JAVA_VARIABLES, _PROPERTIES}:
                yield Place(variable.place.object, variable.place.field,
                            f"{name} from {variable.source or 'a field'}")  # fmt: skip
        for line in process.commands:
            if any(word.endswith((CURRENT, OLD)) for word in line) and _writes(line):
                yield process.container.at("args", "a script writes it")


_PROPERTIES = "FLINK_PROPERTIES"


def _writes(line: Sequence[str]) -> bool:
    return bool({">", ">>"} & set(line)) or PurePosixPath(line[0]).name in {
        "tee", "sed", "cp", "mv", "envsubst", "ln"}  # fmt: skip


@rule(
    "flink-config-unreadable",
    why="Flink cannot read its configuration, and nothing of it is checked",
    fix="correct the YAML: options by their full names or nested, each of them once",
)
def _config_unreadable(manifests: Manifests) -> Iterator[Place]:
    mounted = [p.config for p in (*processes(manifests), *services(manifests)) if p.config]
    for config in (*mounted, *configurations(manifests)):
        if config.error:
            yield config.at("", config.error)


@rule(
    "flink-unrecognised",
    why="the image is Flink's, but nothing says what it runs, so no rule about Flink looks at it",
    fix="start it by Flink's own scripts, or name the container jobmanager or taskmanager",
)
def _unrecognised(manifests: Manifests) -> Iterator[Place]:
    for container in unrecognised(manifests):
        yield container.at("command", " ".join(container.words)[:60])


@rule(
    "flink-java-arguments",
    why="an argument of Java opens the process, or writes its memory to a disk",
    fix="remove it",
)
def _java_arguments(manifests: Manifests) -> Iterator[Place]:
    for process in (*processes(manifests), *services(manifests)):
        given = given_options.java_arguments(
            process.container, process.commands, process.environment
        )
        for place, arguments in given:
            own = re.findall(r"-Djava\.security\.krb5\.conf=\S+", arguments)[:1]
            for argument, why in java_options.problems(arguments, own=own):
                yield Place(place.object, place.field, f"{argument} {why}")


@rule(
    "flink-entrypoint-variables",
    why="nothing takes over this variable: its entry point is not run, or cannot write the file",
    fix="put the option into config.yaml",
)
def _entrypoint_variables(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        for path, variable in process.container.environment:
            named = text(variable.get("name"))
            if named in ENTRY_POINT_VARIABLES and not _takes(process, named):
                yield process.container.at(path, text(variable.get("name")))


def _takes(process: FlinkProcess, name: str) -> bool:
    plugins = name == "ENABLE_BUILT_IN_PLUGINS"
    return process.entry_point_reads if plugins else process.entry_point_writes
