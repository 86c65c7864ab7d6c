# SPDX-License-Identifier: Apache-2.0
"""Hadoop's configuration files: read as Hadoop reads them, and written."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape

from flinksec_jobs import certificates, tls
from flinksec_jobs.errors import SettingsError
from flinksec_jobs.files import SETTINGS, read_bytes
from flinksec_jobs.private_files import write_private

FILES = ("core-site.xml", "hdfs-site.xml")
"""What Flink reads from ``HADOOP_CONF_DIR``, in the order in which Hadoop loads them."""
CA_CERTS = "flinksec.hdfs.ca-certs"
"""Not Hadoop's: names the file of CAs that `write` makes Hadoop's own store of."""

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


def write(directory: Path, options: Mapping[str, str]) -> Path:
    """Write the files of Hadoop's client into a private directory, and return it.

    Args:
        directory: is made, and must be on the class path.
        options: as they are for the settings.

    Raises:
        SettingsError: the file of CAs cannot be used.
    """
    directory.mkdir(mode=0o700, exist_ok=True)
    for name in FILES:
        write_private(directory / name, as_xml(options))
    store: dict[str, str] = {}
    if CA_CERTS in options:
        password = secrets.token_urlsafe(24)
        trusted = tls.load_certificates(Path(options[CA_CERTS]), "hdfs.ca_certs")
        path = directory / "truststore.p12"
        write_private(path, certificates.truststore(trusted, password))
        store = {
            "ssl.client.truststore.location": str(path),
            "ssl.client.truststore.password": password,
            "ssl.client.truststore.type": "PKCS12",
        }
    # Found on the class path; without one Hadoop's client warns at each start.
    write_private(directory / "ssl-client.xml", as_xml(store))
    return directory


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
