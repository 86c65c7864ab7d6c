# SPDX-License-Identifier: Apache-2.0
"""YAML as this package writes it: one line a value, however long."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping


def yaml_text(documents: Iterable[Mapping[str, object]]) -> str:
    """Return mappings as YAML documents, in the order of their keys.

    A text that would be read as something else, such as ``yes`` or ``08``, stands in quotes.
    """
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 10**9  # the text of a store is longer than any other
    text = io.StringIO()
    yaml.dump_all(documents, text)
    return text.getvalue()
