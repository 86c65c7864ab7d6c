# SPDX-License-Identifier: Apache-2.0
"""Hadoop's configuration files: written, read, and merged with what the settings decide."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape

from flinksec_jobs.errors import SettingsError
from flinksec_jobs.files import SETTINGS, read_bytes

if TYPE_CHECKING:
    from flinksec_jobs.settings import HdfsSettings

FILES = ("core-site.xml", "hdfs-site.xml")
"""What Flink reads from ``HADOOP_CONF_DIR``, in the order in which Hadoop loads them."""

# What Hadoop's client knows under another name, or what takes a protection away again by itself:
# resolvers that choose the quality of protection, "trusted" channels without any, servers that may
# have any principal, and the fall-back to no authentication at all.
_UNDOING = frozenset(
    {
        "fs.default.name",
        "fs.hdfs.impl",
        "fs.AbstractFileSystem.hdfs.impl",
        "hadoop.security.saslproperties.resolver.class",
        "dfs.data.transfer.saslproperties.resolver.class",
        "dfs.trustedchannel.resolver.class",
        "dfs.namenode.kerberos.principal.pattern",
        "ignore.secure.ports.for.testing",
    }
)
_DEEPEST = 16


def as_xml(options: Mapping[str, str]) -> str:
    """Return the text of a ``core-site.xml`` or of one of its kind.

    Args:
        options: Hadoop's own names, and their values.
    """
    entries = "".join(
        f"  <property><name>{escape(name)}</name><value>{escape(value)}</value></property>\n"
        for name, value in sorted(options.items())
    )
    return f'<?xml version="1.0"?>\n<configuration>\n{entries}</configuration>\n'


def read(directory: Path, setting: str) -> dict[str, str]:
    """Return what ``core-site.xml`` and ``hdfs-site.xml`` say together, as Hadoop reads them.

    Args:
        directory: holds at least one of the two.
        setting: the setting that names it, for messages.

    Raises:
        SettingsError: none of them is there, or one cannot be read, is no configuration, or takes
            in other files (document types, entities, ``xi:include``), which are never followed.
    """
    options: dict[str, str] = {}
    final: set[str] = set()
    present = [directory / name for name in FILES if os.path.lexists(directory / name)]
    if not present:
        raise SettingsError(
            f"{setting} {directory} holds neither {' nor '.join(FILES)}",
            hint="name the directory of Hadoop's configuration, or leave the setting out",
        )
    for path in present:
        for entry in _root(path, setting).iter("property"):
            name, value = (_of(entry, "name") or "").strip(), _of(entry, "value")
            # Hadoop takes an empty value for none, and still obeys what is final.
            if name and value and name not in final:
                options[name] = value
            if name and (_of(entry, "final") or "").strip() == "true":
                final.add(name)
    return options


def decided(settings: HdfsSettings) -> dict[str, str]:
    """Return the options of Hadoop that the settings decide, whatever ``conf_dir`` says.

    The two protections must be the servers' own: without the one the client finds "No common
    protection layer", without the other it reports a misleading missing block.
    """
    options = {
        "fs.defaultFS": settings.uri,
        "hadoop.security.authentication": "kerberos",
        "hadoop.security.authorization": "true",
        # A server that asks for no login is not the one that was meant.
        "ipc.client.fallback-to-simple-auth-allowed": "false",
        "hadoop.rpc.protection": settings.rpc_protection,
        "dfs.data.transfer.protection": settings.data_transfer_protection,
        # Without it what is called privacy is 3DES or RC4, which is weak, and slow.
        "dfs.encrypt.data.transfer.cipher.suites": "AES/CTR/NoPadding",
        "dfs.namenode.kerberos.principal": settings.namenode_principal,
        # More replicas than DataNodes make the recovery of an open file fail for ever.
        "dfs.replication": settings.replication and str(settings.replication),
    }
    return {name: value for name, value in options.items() if value}


def merged(given: Mapping[str, str], decided: Mapping[str, str]) -> dict[str, str]:
    """Return one configuration: what a directory holds, below what the settings decide.

    Args:
        given: as `read` returns it; no `final` holds against the settings.
        decided: options of the settings.
    """
    return {name: given[name] for name in given.keys() - _UNDOING} | dict(decided)


def overruled(given: Mapping[str, str], decided: Mapping[str, str]) -> list[str]:
    """Return the names of the options that a directory sets and that are not taken from it."""
    return sorted(
        name
        for name, value in given.items()
        if name in _UNDOING or decided.get(name, value) != value
    )


def _of(entry: ElementTree.Element, name: str) -> str | None:
    """Return a part of a property, which may be an element or an attribute."""
    found = entry.find(name)
    return entry.get(name) if found is None else found.text or ""


def _root(path: Path, setting: str) -> ElementTree.Element:
    content = read_bytes(path, setting, SETTINGS, error=SettingsError)
    builder = ElementTree.TreeBuilder()
    depth = 0

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise _refused(path, setting, "is nested deeper than any configuration")
        if name.rpartition(":")[2] == "include":
            raise _refused(path, setting, "includes another file with xi:include")
        builder.start(name, attributes)

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def document_type(*_: object) -> None:
        raise _refused(path, setting, "has a document type, which could include other files")

    parser = expat.ParserCreate()
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = document_type
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        where = f", line {error.lineno}" if isinstance(error, expat.ExpatError) else ""
        # Without the cause, which may repeat what is in the file.
        raise _refused(path, setting, f"is not XML{where}") from None
    root = builder.close()
    if root.tag != "configuration":
        raise _refused(path, setting, "is not a configuration of Hadoop")
    return root


def _refused(path: Path, setting: str, problem: str) -> SettingsError:
    return SettingsError(
        f"{setting} {path} {problem}",
        hint="write it as plain <property> entries within one <configuration>",
    )
