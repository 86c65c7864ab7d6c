# SPDX-License-Identifier: Apache-2.0
"""The proxy's table of paths, read as nginx reads it."""

from __future__ import annotations

import re

from tests.proxy.nginx import CONFIGURATION

_LINE = re.compile(r'^\s*"~(\^.*\$)" ([01]);(?:\s*#.*)?$')


def lines() -> list[tuple[str, bool]]:
    """Each pattern, and whether what it fits is let through; the first that fits counts."""
    block = CONFIGURATION.read_text().partition("map $asked $is_read {")[2].partition("\n  }")[0]
    found = []
    for line in block.splitlines():
        if line.strip() and not line.strip().startswith("#") and line.strip() != "default 0;":
            match = _LINE.match(line)
            assert match, line
            found.append((match[1], match[2] == "1"))
    return found


def line_for(path: str) -> tuple[str, bool] | None:
    """The line that decides about a path, without version and query; none is a refusal."""
    for pattern, allowed in lines():
        if re.search(pattern, path):
            return pattern, allowed
    return None
