# SPDX-License-Identifier: Apache-2.0
"""Flink's configuration in ConfigMaps: what it silently ignores, or opens."""

from __future__ import annotations

from collections.abc import Iterator

from flinksec_jobs.cluster.flink_conf_problems import conf_problems
from flinksec_jobs.cluster.logging_problems import logging_problems
from flinksec_jobs.cluster.start_options import ENTRY_POINT_VARIABLES
from flinksec_jobs.manifests.flink.flink_processes import OLD, configurations, processes
from flinksec_jobs.manifests.kube.objects import Manifests, Place, mapping, text
from flinksec_jobs.manifests.rule import rule


@rule(
    "flink-configuration",
    why="an option of Flink is not safe",
    fix="`flinksec cluster conf` prints a configuration that is",
)
def _configuration(manifests: Manifests) -> Iterator[Place]:
    for config in configurations(manifests):
        for found in conf_problems(config.options):
            yield config.object.at(
                f"data[{config.key}] {found.where.field}", f"{found.why} [{found.id}]"
            )


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
    why="Flink 2 reads config.yaml only, and ignores this file",
    fix="rename the key to config.yaml; it takes strict YAML",
)
def _config_file(manifests: Manifests) -> Iterator[Place]:
    for config in configurations(manifests):
        if config.key == OLD:
            yield config.object.at(f"data[{OLD}]")


@rule(
    "flink-config-missing",
    why="the process runs with the defaults of its image: no TLS, no high availability",
    fix="mount a ConfigMap with config.yaml",
)
def _config_missing(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        if process.config is None:
            yield process.container.at("volumeMounts")


@rule(
    "flink-entrypoint-variables",
    why="the official entry point writes the variable into a file that it cannot write here, "
    "says so in one line, and goes on without it",
    fix="put the option into config.yaml",
)
def _entrypoint_variables(manifests: Manifests) -> Iterator[Place]:
    for process in processes(manifests):
        for path, variable in process.container.environment:
            if variable.get("name") in ENTRY_POINT_VARIABLES:
                yield process.container.at(path, text(variable.get("name")))
