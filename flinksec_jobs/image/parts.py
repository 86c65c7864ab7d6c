# SPDX-License-Identifier: Apache-2.0
"""Where the size of an image goes."""

from __future__ import annotations

import json
from dataclasses import dataclass

from flinksec_jobs.image.tools import Tool

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

# A folder in another one comes before it.
PLACES = (
    ("Flink: its distribution", "/opt/flink"),
    ("Java runtime", "/opt/flinksec/jre"),
    ("Java runtime", "/usr/lib/jvm"),
    ("Jars: connectors, Hadoop's client, servers", "/opt/flinksec/jars"),
    ("Python packages", "/opt/flinksec"),
    ("The job", "/opt/job"),
    *(
        place
        for version in ("3.11", "3.12")
        for place in (
            (
                "PyFlink with a Flink of its own",
                f"/usr/local/lib/python{version}/dist-packages/pyflink",
            ),
            ("Python packages", f"/usr/local/lib/python{version}"),
            ("Python", f"/usr/lib/python{version}"),
        )
    ),
    ("Python", "/usr/lib/python3"),
    ("What was installed from", "/wheels"),
    ("Base system", "/"),
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


def parts(tool: Tool, image: str) -> list[Part]:
    """Return what an image holds, largest first.

    Args:
        tool: looks into it.
        image: its name; it has Python in ``/usr/bin``.

    Raises:
        ImageError: it cannot be run.
    """
    said = tool.run(image, ["/usr/bin/python3", "-c", _PROGRAM, json.dumps(PLACES)])
    found = [Part(name, size) for name, size in json.loads(said).items() if size]
    return sorted(found, key=lambda part: -part.bytes)
