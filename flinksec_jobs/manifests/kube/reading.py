# SPDX-License-Identifier: Apache-2.0
"""Kubernetes objects from rendered YAML or JSON, read as ``kubectl`` reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from flinksec_jobs.errors import ManifestError
from flinksec_jobs.escaping import escaped
from flinksec_jobs.files import MANIFEST, read_text
from flinksec_jobs.findings import Finding, Where, problem
from flinksec_jobs.manifests.kube.objects import Manifests, Object, mapping
from flinksec_jobs.parsing import ParseError, json_documents, yaml_documents

_UNREAD = problem(
    "manifest-unread", "a file of manifests could not be read: nothing of it is checked"
)


def load(sources: Iterable[tuple[str, str]]) -> Manifests:
    """Read YAML documents; lists of objects are taken apart.

    Args:
        sources: name and text of each file.

    Raises:
        ManifestError: a text is not YAML, or a document is not a Kubernetes object.
    """
    return Manifests([found for name, content in sources for found in _objects(name, content)])


def read(path: Path) -> tuple[str, str]:
    """Read a file for `load`.

    Raises:
        ManifestError: it cannot be read, or is not UTF-8.
    """
    return escaped(path), text_of(path)


def text_of(path: Path) -> str:
    """Return the text of a file, for `load_all`.

    Raises:
        ManifestError: it cannot be read, or is not UTF-8.
    """
    return read_text(path, "the manifest", MANIFEST, error=ManifestError)


def load_all(
    sources: Iterable[tuple[str, Callable[[], str]]],
) -> tuple[Manifests, list[Finding]]:
    """Read what can be read of several files, so that one does not hide what is in the others.

    Args:
        sources: the name of each, and what returns its text or raises `ManifestError`.

    Returns:
        The objects, and a finding for each file of which nothing was read.
    """
    objects: list[Object] = []
    unread = []
    for name, content in sources:
        try:
            objects += _objects(name, content())
        except ManifestError as error:
            unread.append(_UNREAD.of(error, Where(file=name), fix="mend it, and check again"))
    return Manifests(objects), unread


def _objects(name: str, content: str) -> Iterator[Object]:
    try:
        documents = _documents(content)
    except ParseError as error:
        twice = "duplicate key" in str(error)
        raise ManifestError(
            f"{name} is not YAML: {error}",
            hint="the last of the two would win in silence: remove one" if twice else None,
        ) from None
    for document in documents:
        if document is None:
            continue
        found = mapping(document)
        if not found.get("kind") or not found.get("apiVersion"):
            raise ManifestError(
                f"a document of {name} is not a Kubernetes object: kind or apiVersion is missing",
                hint="check takes rendered YAML, such as `flinksec manifests render` prints",
            )
        listed = str(found["kind"]).endswith("List") and isinstance(found.get("items"), list)
        yield from map(Object, map(mapping, found["items"]) if listed else [found])


def _documents(content: str) -> list[Any]:
    """Return what the documents stand for, as `kubectl` reads them: YAML, or JSON after JSON."""
    if content.lstrip().startswith("{"):
        with suppress(ParseError):  # of YAML's own kind of braces, it may be
            return json_documents(content)
    # ``%YAML`` would change the version for good; a mark of the byte order may begin a document.
    without = re.sub(r"^(%.*$|\ufeff)", "", content, flags=re.MULTILINE)
    return yaml_documents(without, "kubernetes")
