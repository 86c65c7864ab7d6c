# SPDX-License-Identifier: Apache-2.0
"""Secrets are files, mounted for those who need them; their values are nowhere else."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping

from flinksec_jobs.manifests.kube.objects import (
    Container,
    Manifests,
    Object,
    Place,
    dig,
    mapping,
    sequence,
    text,
    words,
)
from flinksec_jobs.manifests.rule import SKIP, rule
from flinksec_jobs.manifests.secrets.binaries import ARCHIVES, GZIP, secret_in_bytes
from flinksec_jobs.manifests.secrets.command_lines import named_in_words
from flinksec_jobs.manifests.secrets.shapes import shapes_in
from flinksec_jobs.manifests.secrets.texts import secrets_in
from flinksec_jobs.settings.secret_names import is_secret_name

_HOOKS = (
    "livenessProbe.exec",
    "readinessProbe.exec",
    "startupProbe.exec",
    "lifecycle.postStart.exec",
    "lifecycle.preStop.exec",
)
# Their fields name secrets that are elsewhere, or hold them encrypted.
_STORES = words(
    "ExternalSecret ClusterExternalSecret PushSecret SecretStore ClusterSecretStore "
    "SecretProviderClass VaultStaticSecret VaultDynamicSecret SealedSecret"
)
# The schemas and examples of a kind, and Secrets, which are a finding as a whole.
_NOT_READ = {"CustomResourceDefinition", "Secret", "ConfigMap"}
_NAME_OF_SECRET = re.compile(r"[a-z0-9.-]+/[a-z0-9.-]+|(?=[a-z.-]*-)[a-z][a-z.-]*")
_LARGEST = 8 << 20
_SHOWN = 4


def _shown(found: Iterable[str]) -> str:
    """Return the names of what was found: never a value."""
    names = list(dict.fromkeys(one[:80] for one in found))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


@rule(
    "secret-value-in-env",
    why="the value of a secret stands in the manifests, and in the environment",
    fix="mount a Secret as a file, and name the file",
)
def _value_in_env(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        for path, variable in container.environment:
            name, value = text(variable.get("name")), text(variable.get("value"))
            if value and (found := secrets_in(name, value)):
                yield container.at(f"{path}.value", _shown([name, *found]))


@rule(
    "secret-in-arguments",
    why="every process of the node may read a command line, and so does who lists pods",
    fix="mount a Secret as a file, and name the file",
)
def _in_arguments(manifests: Manifests) -> Iterator[Place]:
    for container in manifests.containers:
        for field, listed in _command_lines(container):
            if found := _in_words(listed):
                yield container.at(field, _shown(found))


def _command_lines(container: Container) -> Iterator[tuple[str, list[str]]]:
    yield "args", container.words
    for hook in _HOOKS:
        yield f"{hook}.command", [*map(text, sequence(dig(container.content, f"{hook}.command")))]


def _in_words(listed: list[str]) -> list[str]:
    found = list(named_in_words(listed))
    for word in listed:
        found += secrets_in("", word)
    return found


@rule(
    "secret-in-config-map",
    why="everyone who may read ConfigMaps reads the secret",
    fix="put it into a Secret, mount that as a file, and name the file",
)
def _in_config_map(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.of("ConfigMap"):
        for key, value in mapping(entry.content.get("data")).items():
            if found := secrets_in(text(key), text(value)):
                yield entry.at(f"data[{key}]", _shown(found))
        for key, value in mapping(entry.content.get("binaryData")).items():
            content = _decoded(text(value))
            if found := _in_bytes(text(key), content or b""):
                yield entry.at(f"binaryData[{key}]", _shown(found))


@rule(
    "secret-unreadable",
    why="nothing here can look into it, so nobody knows whether a secret is in it",
    fix="put what is in it into keys of its own, as text; or into a Secret, if it is one",
)
def _unreadable(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.of("ConfigMap"):
        for key, value in mapping(entry.content.get("binaryData")).items():
            content = _decoded(text(value))
            if content is None:
                yield entry.at(f"binaryData[{key}]", "no base64")
            elif content.startswith(ARCHIVES):
                yield entry.at(f"binaryData[{key}]", "an archive")
            elif content.startswith(GZIP) and _unpacked(content) is None:
                yield entry.at(f"binaryData[{key}]", "gzip, broken or of more than 8 MiB")


def _decoded(value: str) -> bytes | None:
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _unpacked(content: bytes) -> bytes | None:
    try:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        plain = unpacker.decompress(content, _LARGEST)
    except zlib.error:
        return None
    return plain if unpacker.eof else None


def _in_bytes(name: str, content: bytes) -> list[str]:
    if content.startswith(GZIP):
        content = _unpacked(content) or b""
    if what := secret_in_bytes(content):
        return [what]
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return secrets_in(name, content.decode("utf-16" if is_wide else "utf-8"))
    except UnicodeDecodeError:
        if b"\0" not in content:  # text of another alphabet
            return secrets_in(name, content.decode("latin-1"))
        # Bytes with texts among them, of which the forms are known.
        return list(dict.fromkeys(shapes_in(content.decode("latin-1"))))


@rule(
    "secret-in-annotation",
    why="who may list the object reads its annotations and labels",
    fix="put it into a Secret, and name that",
)
def _in_annotation(manifests: Manifests) -> Iterator[Place]:
    for entry in manifests.objects:
        for path, key, value in _fields(entry.content, ""):
            ours = not _is_described(path) or key.startswith(SKIP)
            if not ours and (found := _in_field(entry, key, value)):
                yield entry.at(path, _shown(found))


@rule(
    "secret-in-field",
    why="who may list the object reads the secret",
    fix="put it into a Secret, and name that",
)
def _elsewhere(manifests: Manifests) -> Iterator[Place]:
    looked_into = {
        (id(container.pod.owner), f"{container.path}.{field}")
        for container in manifests.containers
        for field in ("env", "command", "args", *(f"{hook}.command" for hook in _HOOKS))
    }
    for entry in manifests.objects:
        if entry.is_a(_NOT_READ):
            continue
        for path, key, value in _fields(entry.content, ""):
            field = path.partition(".env[")[0] + ".env" if ".env[" in path else path
            if _is_described(path) or (id(entry), field) in looked_into:
                continue
            if found := _in_field(entry, key, value):
                yield entry.at(path, _shown(found))


def _is_described(path: str) -> bool:
    return ".annotations[" in path or ".labels[" in path


def _in_field(entry: Object, key: str, value: str | list[str]) -> list[str]:
    if isinstance(value, list):
        return _in_words(value)
    if entry.is_a(_STORES):
        return list(dict.fromkeys(shapes_in(value)))
    if "secret" in key.lower() and is_secret_name(key) and _NAME_OF_SECRET.fullmatch(value):
        return []  # auth-secret: namespace/name
    return secrets_in(key, value)


def _fields(value: object, path: str, key: str = "") -> Iterator[tuple[str, str, str | list[str]]]:
    """Yield path, name and text of every field; of a list of texts, all of them together."""
    if isinstance(value, Mapping):
        named = value.get("name") if isinstance(value.get("value"), str | int | float) else None
        for name, inner in value.items():
            described = path.endswith((".annotations", ".labels")) or path in {
                "annotations", "labels"}  # fmt: skip
            below = f"{path}[{name}]" if described else f"{path}.{name}" if path else text(name)
            known = text(named) if named is not None and name == "value" else text(name)
            yield from _fields(inner, below, known)
    elif isinstance(value, list):
        if value and all(isinstance(one, str | int | float) for one in value):
            yield path, key, [text(one) for one in value]
        else:
            for index, one in enumerate(value):
                yield from _fields(one, f"{path}[{index}]", key)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield path, key, text(value)
