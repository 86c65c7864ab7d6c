# SPDX-License-Identifier: Apache-2.0
"""Secrets are files, mounted for those who need them; they are nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flinksec_jobs.manifests.kube.objects import Manifests, Place, mapping, sequence, text
from flinksec_jobs.manifests.rule import rule
from flinksec_jobs.settings.secret_names import holds_secret

_NAME = re.compile(
    r"(?i)(^|[_.-])(password|passwd|pwd|pw|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|credentials?)([_.-]|$)"
)
_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bpassword\s*=\s*\"(?!file:|/)[^\"]+\""
    r"|\bAKIA[0-9A-Z]{16}\b|://[^/\s:@]+:[^/\s@]+@"
)
# Of one line, so that blank ones cost nothing and no value is looked for in the next.
_LINE = re.compile(r"\s*[\"']?([\w.-]+)[\"']?\s*[:=]\s*[\"']?([^\s\"'#].*)")
_OPTION = re.compile(r"(?:-D|--)([\w.-]+)=(.+)", re.DOTALL)
_REFERENCE = re.compile(r"(file:)?/\S+|\$\(\w+\)|\$\{\w+\}|true|false|\d{1,6}", re.IGNORECASE)
_WORLD_BITS = 0o007
_DEFAULT_MODE = 0o644


def _is_secret_name(name: str) -> bool:
    return bool(_NAME.search(name)) or holds_secret(name)


def _is_value(name: str, value: str) -> bool:
    """Whether a name says that this is a secret, and the value is no reference to one."""
    return _is_secret_name(name) and bool(value) and not _REFERENCE.fullmatch(value.strip())


@rule(
    "secret-in-env",
    why="PyFlink logs environment variables, and every process of the container sees them",
    fix="mount the Secret as a file",
)
def _in_env(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        for path, variable in container.environment:
            if "secretKeyRef" in mapping(variable.get("valueFrom")):
                yield container.at(f"{path}.valueFrom.secretKeyRef", text(variable.get("name")))
        for index, source in enumerate(sequence(container.content.get("envFrom"))):
            if "secretRef" in mapping(source):
                yield container.at(f"envFrom[{index}].secretRef")


@rule(
    "secret-value-in-env",
    why="the value of a secret stands in the manifests, and in the environment",
    fix="mount a Secret as a file, and name the file",
)
def _value_in_env(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        for path, variable in container.environment:
            name, value = text(variable.get("name")), text(variable.get("value"))
            if _is_value(name, value) or _VALUE.search(value) or _has_secret_line(value):
                yield container.at(f"{path}.value", name)


@rule(
    "secret-in-arguments",
    why="every process of the node may read a command line, and so does who lists pods",
    fix="mount a Secret as a file, and name the file",
)
def _in_arguments(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        for word in container.words:
            options = [match for part in word.split() if (match := _OPTION.fullmatch(part))]
            named = [match[1] for match in options if _is_value(match[1], match[2])]
            if named or _VALUE.search(word):
                yield container.at("args", ", ".join(named))


@rule(
    "secret-in-config-map",
    why="everyone who may read ConfigMaps reads the secret",
    fix="put it into a Secret, mount that as a file, and name the file",
)
def _in_config_map(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.of("ConfigMap"):
        for key, value in mapping(entry.content.get("data")).items():
            content = text(value)
            whole = "\n" not in content and _is_value(text(key), content)
            if whole or _VALUE.search(content) or _has_secret_line(content):
                yield entry.at(f"data[{key}]")


def _has_secret_line(content: str) -> bool:
    found = (_LINE.match(line.rstrip()) for line in content.splitlines())
    return any(_is_value(match[1], match[2].rstrip("\"'")) for match in found if match)


@rule(
    "secret-object",
    why="the value of a Secret stands in the manifests, and wherever these are kept",
    fix="create Secrets beside the manifests: docs/kubernetes.md lists them",
)
def _object(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.of("Secret"):
        for field in ("data", "stringData"):
            if mapping(entry.content.get(field)):
                yield entry.at(field)


@rule(
    "secret-mode",
    why="everyone in the container may read the file",
    fix="set defaultMode: 0440, and fsGroup for the pod",
)
def _mode(manifests: Manifests) -> Iterator[Place]:
    for pod in manifests.pods:
        for path, volume in pod.volumes:
            secret, projected = mapping(volume.get("secret")), mapping(volume.get("projected"))
            sources = [mapping(source) for source in sequence(projected.get("sources"))]
            sensitive = any("secret" in s or "serviceAccountToken" in s for s in sources)
            source, field = (secret, "secret") if secret else (projected, "projected")
            mode = source.get("defaultMode", _DEFAULT_MODE)
            wide = isinstance(mode, int) and mode & _WORLD_BITS
            if (secret or sensitive) and wide:
                yield pod.at(f"{path}.{field}.defaultMode", f"{mode:04o}")


@rule(
    "secret-sub-path",
    why="a Secret that is mounted by subPath is never renewed in a running pod",
    fix="mount the whole Secret as a directory",
)
def _sub_path(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        secrets = {v.get("name") for _, v in container.pod.volumes if "secret" in v}
        for index, mount in enumerate(container.mounts):
            if mount.get("name") in secrets and mount.get("subPath"):
                yield container.at(f"volumeMounts[{index}].subPath")
