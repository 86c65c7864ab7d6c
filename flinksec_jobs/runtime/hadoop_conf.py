# SPDX-License-Identifier: Apache-2.0
"""Hadoop's configuration files."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape


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
