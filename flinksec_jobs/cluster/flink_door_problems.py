# SPDX-License-Identifier: Apache-2.0
"""Secrets, ports and arguments of Java in a Flink configuration: what they open to others."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flinksec_jobs.cluster.flink_conf_values import Options, is_true, key_of, text
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.settings import java_options
from flinksec_jobs.settings.flink_options import of_class, options_set_by
from flinksec_jobs.settings.secret_names import holds_secret

_SECRET_IN_ENVIRONMENT = problem(
    "secret-in-environment", "a secret in an environment variable, which Flink logs"
)
_SECRET_IN_CONFIGURATION = problem(
    "secret-in-configuration", "a secret in a file that many may read"
)
_WEB_SUBMIT = problem("web-submit", "whoever reaches the REST port may run programs")
_RANDOM_PORT = problem("random-port", "a port is chosen at random, so that no NetworkPolicy fits")
_ADD_OPENS_LOST = problem("add-opens-lost", "Java lacks an argument that Python jobs need")
_SECRET_ON_THE_COMMAND_LINE = problem(
    "secret-on-the-command-line", "a secret among the arguments of Java, which others can see"
)
_UNSAFE_JAVA_ARGUMENT = problem(
    "unsafe-java-argument", "an argument opens Java, or writes its memory to a disk"
)
_MANAGEMENT_PORT = problem("management-port", "a management port without a password")

_PORTS = ("blob.server.port", "taskmanager.rpc.port", "taskmanager.data.port")
_PORT_WITH_ZOOKEEPER = "high-availability.jobmanager.port"
# The value names objects and directories.
_NAMES_OF_SECRETS = frozenset({"kubernetes.secrets"})
_ENVIRONMENT = ("containerized.master.env.", "containerized.taskmanager.env.")


def door_problems(config: Options) -> Iterator[Finding]:
    """Yield what lets secrets out, or others in."""
    yield from _secrets(config)
    yield from _open(config)
    yield from _java(config)
    yield from _arguments(config)
    yield from _doors(config)


def _secrets(config: Options) -> Iterator[Finding]:
    for key, value in config.items():
        in_environment = key.startswith(_ENVIRONMENT) or key == "kubernetes.env.secretKeyRef"
        if key == "kubernetes.env.secretKeyRef" or (in_environment and holds_secret(key)):
            yield _SECRET_IN_ENVIRONMENT.at(
                Where(field=key),
                "puts a secret into the environment, which Flink writes into its logs",
                fix="mount it as a file",
            )
        elif holds_secret(key) and str(value) and key not in _NAMES_OF_SECRETS:
            yield _SECRET_IN_CONFIGURATION.at(
                Where(field=key),
                "holds a secret, and this file is open to all who may read ConfigMaps",
                fix="remove it: `flinksec cluster` adds passwords from their files at start",
            )


def _open(config: Options) -> Iterator[Finding]:
    submit = key_of(config, "web.submit.enable")
    if is_true(config, submit):
        yield _WEB_SUBMIT.at(
            Where(field=submit),
            "lets anyone who reaches the REST port run programs",
            fix="set it to false",
        )
    zookeeper = text(config, "high-availability.type").lower() == "zookeeper"
    for key in (*_PORTS, *((_PORT_WITH_ZOOKEEPER,) if zookeeper else ())):
        if text(config, key) in {"", "0"}:
            yield _RANDOM_PORT.at(
                Where(field=key), "is chosen at random, so no NetworkPolicy fits", fix="pin it"
            )


def _java(config: Options) -> Iterator[Finding]:
    given = text(config, "env.java.opts.all") + text(config, "env.java.default-opts.all")
    if "--add-opens=java.base/java.util=ALL-UNNAMED" not in given:
        yield _ADD_OPENS_LOST.at(
            Where(field="env.java.opts.all"),
            "lacks the --add-opens of Flink's own config.yaml; Python jobs die on Java 17",
            fix="take over its value from the distribution, and add to it",
        )


def _arguments(config: Options) -> Iterator[Finding]:
    for option in of_class("java"):
        given = text(config, key_of(config, option.name))
        for argument, why in java_options.problems(given, own=_own_arguments(config, given)):
            is_secret = "command line" in why
            yield (_SECRET_ON_THE_COMMAND_LINE if is_secret else _UNSAFE_JAVA_ARGUMENT).at(
                Where(field=option.name),
                f"gives Java {argument}, which {why}",
                fix="remove it, and name a file" if is_secret else "remove it",
            )


def _own_arguments(config: Options, given: str) -> list[str]:
    """Return what this library gives Java itself, as far as it agrees with the rest."""
    return [
        f"-Djava.io.tmpdir={text(config, 'io.tmp.dirs')}",
        *re.findall(r"-Djava\.security\.krb5\.conf=[^\s'\"]+", given)[:1],
    ]


def _doors(config: Options) -> Iterator[Finding]:
    for key, value in config.items():
        for option in options_set_by(key):
            if option.kind == "reporter" and "JMXReporter" in str(value):
                yield _MANAGEMENT_PORT.at(
                    Where(field=key),
                    "opens a management port without a password",
                    fix="use another reporter",
                )
    for key in ("jmx.server.port", "queryable-state.enable"):
        if text(config, key).lower() not in {"", "false"}:
            yield _MANAGEMENT_PORT.at(
                Where(field=key), "opens a port without a password", fix="remove it"
            )
