# SPDX-License-Identifier: Apache-2.0
"""Where the size of an image goes."""

from __future__ import annotations

import json
from dataclasses import dataclass

from flinksec_jobs.deploy.image.tools import Tool

# Adds up in the image itself, with nothing but Python; hard links count once.
_PROGRAM = """
import json, os, sys
def size(top, seen=set()):
    total = 0
    for folder, folders, names in os.walk(top):
        here = [os.path.join(folder, name) for name in names + folders]
        stats = {path: os.lstat(path) for path in here}
        folders[:] = [
            f for f in folders
            if (path := os.path.join(folder, f)) not in OTHERS and stats[path].st_dev == DEVICE
        ]
        for found in stats.values():
            if found.st_dev == DEVICE and found.st_ino not in seen:
                seen.add(found.st_ino)
                total += found.st_blocks * 512
    return total
PARTS, DEVICE, OTHERS = json.loads(sys.argv[1]), os.lstat("/").st_dev, set()
result = {}
for name, top in PARTS:
    result[name] = result.get(name, 0) + size(top)
    OTHERS.add(top)
print(json.dumps(result))
"""

JOB_PARTS = (
    ("Flink: one distribution", "/opt/flink"),
    ("Java runtime", "/opt/flinksec/jre"),
    ("Connectors and Hadoop's client", "/opt/flinksec/jars"),
    ("Python packages", "/opt/flinksec"),
    ("The job", "/opt/job"),
    ("Python", "/usr/lib/python3.11"),
    ("Python", "/usr/lib/python3"),
    ("Python", "/usr/lib/python3.12"),
    ("Base system", "/"),
)
SANDBOX_PARTS = (
    ("Java runtime", "/opt/flinksec/jre"),
    ("Servers", "/opt/flinksec/jars"),
    *JOB_PARTS[3:],
)


@dataclass(frozen=True)
class Part:
    """One line of the table.

    Attributes:
        name: what it is.
        bytes: on disk.
    """

    name: str
    bytes: int


def parts(
    tool: Tool,
    image: str,
    places: tuple[tuple[str, str], ...] = JOB_PARTS,
    python: str = "/usr/bin/python3",
) -> list[Part]:
    """Return what an image holds, largest first.

    Args:
        tool: looks into it.
        image: its name.
        places: names and folders; a folder in another one comes before it.
        python: an interpreter in the image.

    Raises:
        ImageError: it cannot be run.
    """
    said = tool.run(image, [python, "-c", _PROGRAM, json.dumps(places)])
    found = [Part(name, size) for name, size in json.loads(said).items() if size]
    return sorted(found, key=lambda part: -part.bytes)
