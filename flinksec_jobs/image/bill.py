# SPDX-License-Identifier: Apache-2.0
"""The bill of materials of an image, in CycloneDX 1.6; run as a program inside its build.

It lists what is there and not what was asked for: Debian's packages, Python's, every jar with its
SHA-256, and the Java runtime. What Flink's and Hadoop's jars hold inside is not taken apart.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flinksec_jobs.files import files_below
from flinksec_jobs.image.context import DISTRIBUTION
from flinksec_jobs.runtime import artifacts
from flinksec_jobs.version import __version__

Component = dict[str, Any]

_JAR = re.compile(r"(?P<name>.+?)-(?P<version>\d[\w.-]*)\.jar")
_GROUPS = {"flink": "org.apache.flink", "log4j": "org.apache.logging.log4j"}
_NAMESPACE = uuid.UUID("6f0a63f6-5f6c-4c0e-9d8e-9a8f5f2a3b1c")


def bill(title: str, components: list[Component]) -> dict[str, Any]:
    """Return the document: the same components give the same one.

    Args:
        title: the image's name.
        components: what is in it.
    """
    content = json.dumps(components, sort_keys=True)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, title + content)}",
        "version": 1,
        "metadata": {
            "component": {"type": "container", "bom-ref": "image", "name": title},
            "tools": {
                "components": [
                    {
                        "type": "application",
                        "name": DISTRIBUTION,
                        "version": __version__,
                    }
                ]
            },
        },
        "components": components,
        "dependencies": [{"ref": "image", "dependsOn": [c["bom-ref"] for c in components]}],
    }


def of_this_system(flink_home: Path, java_home: Path, jars: Path) -> list[Component]:
    """Return the components of the system that this runs in, sorted by kind and name."""
    found = [
        *debian_packages(),
        *python_packages(),
        *jar_files(flink_home, jars),
        java(java_home),
    ]
    unique = {component["bom-ref"]: component for component in found}
    return [unique[reference] for reference in sorted(unique)]


def python_packages() -> Iterator[Component]:
    """Yield the installed distributions."""
    for distribution in importlib.metadata.distributions():
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()
        version = distribution.version
        component = _component(f"pkg:pypi/{name}@{quote(version)}", name, version)
        if "License-Expression" in distribution.metadata:
            licence = distribution.metadata["License-Expression"]
            component["licenses"] = [{"expression": licence}]
        yield component


def jar_files(flink_home: Path, jars: Path) -> Iterator[Component]:
    """Yield every jar, with the coordinate of the lock where it has one."""
    locked = {
        jar.sha256: jar.coordinate
        for name in artifacts.set_names()
        for jar in artifacts.locked_jars(name)
    }
    for path in [*files_below(flink_home, ".jar"), *files_below(jars, ".jar")]:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        group, name, version, classifier = _coordinate(path.name, locked.get(digest))
        which = f"?classifier={quote(classifier)}" if classifier else ""
        purl = f"pkg:maven/{group}/{name}@{quote(version)}{which}" if group else None
        component = _component(purl or f"file:{path}", name, version)
        if group:
            component["group"] = group
        component["hashes"] = [{"alg": "SHA-256", "content": digest}]
        yield component


def java(home: Path) -> Component:
    """Return the Java runtime, by its file ``release``."""
    text = (home / "release").read_text("utf-8")
    version = re.search(r'^JAVA_RUNTIME_VERSION="([^"]+)"', text, re.MULTILINE) or re.search(
        r'^JAVA_VERSION="([^"]+)"', text, re.MULTILINE
    )
    found = version[1] if version else "unknown"
    component = _component(f"pkg:generic/openjdk@{quote(found, safe='')}", "openjdk", found)
    modules = re.search(r'^MODULES="([^"]*)"', text, re.MULTILINE)
    component["properties"] = [
        {"name": "flinksec:java:modules", "value": modules[1] if modules else ""}
    ]
    return component


def debian_packages() -> Iterator[Component]:
    """Yield the packages of the base system; none where it is not Debian's kind."""
    show = ["dpkg-query", "--show", "--showformat=${Package}\t${Version}\t${Architecture}\n"]
    try:
        listed = subprocess.run(show, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return
    release = _os_release()
    vendor, distro = release.get("ID", "debian"), release.get("VERSION_ID", "")
    for line in listed.splitlines():
        name, version, architecture = line.split("\t")
        qualifiers = f"arch={architecture}" + (f"&distro={vendor}-{distro}" if distro else "")
        purl = f"pkg:deb/{vendor}/{quote(name)}@{quote(version, safe='')}?{qualifiers}"
        yield _component(purl, name, version)


def _os_release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text("utf-8").splitlines()
    pairs = (line.partition("=") for line in lines)
    return {name: value.strip('"') for name, _, value in pairs}


def _component(purl: str, name: str, version: str) -> Component:
    component: Component = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
    }
    if purl.startswith("pkg:"):
        component["purl"] = purl
    return component


def _coordinate(file_name: str, locked: str | None) -> tuple[str | None, str, str, str]:
    """Return group, name, version and classifier; the last is empty where there is none."""
    if locked:
        group, name, version, *more = locked.split(":")
        return group, name, version, more[0] if more else ""
    parts = _JAR.fullmatch(file_name)
    if parts is None:
        return None, file_name.removesuffix(".jar"), "unknown", ""
    return _GROUPS.get(parts["name"].partition("-")[0]), parts["name"], parts["version"], ""


def main(title: str, target: Path) -> None:
    """Write the bill of the image that is being built."""
    where = [Path(os.environ[name]) for name in ("FLINK_HOME", "JAVA_HOME", "FLINKSEC_JARS_DIR")]
    document = bill(title, of_this_system(*where))
    target.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
