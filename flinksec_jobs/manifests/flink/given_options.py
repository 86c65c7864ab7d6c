# SPDX-License-Identifier: Apache-2.0
"""What a container gives Flink beside its file: ``-D``, variables, arguments of Java."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flinksec_jobs.manifests.flink.mounted import values_of
from flinksec_jobs.manifests.flink.shell_words import assignments, expanded
from flinksec_jobs.manifests.kube.objects import (
    Container,
    Manifests,
    Place,
    mapping,
    sequence,
    text,
)
from flinksec_jobs.settings import java_options

# Properties of Java, not options of Flink, though both are given by -D.
_OF_JAVA = re.compile(r"(com\.sun|java|javax|sun|jdk|log|log4j2?|logback|file|user)\.|log4j")
_PROPERTY = re.compile(r"([\w.<>-]+)=(.*)", re.S)
JAVA_VARIABLES = (
    "FLINK_ENV_JAVA_OPTS", "FLINK_ENV_JAVA_OPTS_JM", "FLINK_ENV_JAVA_OPTS_TM",
    "FLINK_ENV_JAVA_OPTS_HS", "FLINK_ENV_JAVA_OPTS_SQL_GATEWAY", "JVM_ARGS",
    *java_options.VARIABLES,
)  # fmt: skip


@dataclass(frozen=True)
class Variable:
    """An environment variable.

    Attributes:
        value: `None` if it comes from an object that is not in the manifests.
        place: where the container names it.
        source: the object that it comes from; nothing if it is written down.
    """

    name: str
    value: str | None
    place: Place
    source: str = ""


def variables(manifests: Manifests, container: Container) -> dict[str, Variable]:
    """Return the environment of a container, as far as the manifests say."""
    found: dict[str, Variable] = {}
    namespace = container.pod.owner.namespace
    for index, source in enumerate(map(mapping, sequence(container.content.get("envFrom")))):
        for kind, field in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            name = text(mapping(source.get(field)).get("name"))
            entry = manifests.find(kind, name, namespace) if name else None
            for key, where, content in values_of(entry) if entry else ():
                full = text(source.get("prefix")) + key
                place = container.at(f"envFrom[{index}]", f"{full} of {kind}/{name}")
                found[full] = Variable(full, content, place, f"{kind}/{name} {where}")
    for path, one in container.environment:
        name = text(one.get("name"))
        value: str | None = None
        source_name = ""
        if "valueFrom" not in one:
            known = {key: var.value for key, var in found.items() if var.value is not None}
            value = re.sub(r"\$\((\w+)\)", lambda m, k=known: k.get(m[1], m[0]),  # type: ignore[misc]
                           text(one.get("value")))  # fmt: skip
        for kind, field in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
            wanted = mapping(mapping(one.get("valueFrom")).get(field))
            if object_name := text(wanted.get("name")):
                source_name = f"{kind}/{object_name}"
                entry = manifests.find(kind, object_name, namespace)
                values = {key: content for key, _, content in values_of(entry)} if entry else {}
                value = values.get(text(wanted.get("key")))
        found[name] = Variable(name, value, container.at(path, name), source_name)
    return found


def dynamic_options(commands: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return Flink's options that commands give by ``-D``; the last one wins."""
    found: dict[str, str] = {}
    for command in commands:
        for word in _after_d(command):
            if (match := _PROPERTY.fullmatch(word)) and not _OF_JAVA.match(match[1]):
                found[match[1]] = match[2]
    return found


def _after_d(command: Sequence[str]) -> Iterator[str]:
    following = False
    for word in command:
        if following:
            yield word.strip()
            following = False
        elif word == "-D":
            following = True
        elif word.startswith("-D"):
            yield word[2:].strip()


def properties(content: str, environment: dict[str, str]) -> dict[str, str]:
    """Return the options of FLINK_PROPERTIES, as the entry point reads ``key: value`` lines."""
    found = {}
    for line in content.splitlines():
        key, colon, value = "".join(line.split()).partition(":")
        if key and colon:
            found[key] = expanded(value, environment)
    return found


def java_arguments(
    container: Container, commands: Sequence[Sequence[str]], environment: dict[str, Variable]
) -> Iterator[tuple[Place, str]]:
    """Yield what is given to Java in variables and on command lines, and where."""
    for name in JAVA_VARIABLES:
        if (known := environment.get(name)) and known.value:
            yield known.place, known.value
    field = "args" if container.content.get("args") else "command"
    for command in commands:
        for name, value in assignments(command):
            if name in JAVA_VARIABLES:
                yield container.at(field, name), value
        plain = [word for word in command if word.startswith(("-agent", "-X", "-Dcom.sun."))]
        for word in plain:
            yield container.at(field), word
