# SPDX-License-Identifier: Apache-2.0
"""YAML as Kubernetes reads it: what its Go library takes for numbers, truth and texts.

Source: ``resolve.go`` and ``scannerc.go`` of ``goyaml.v2`` in ``sigs.k8s.io/yaml``, by which
``kubectl`` and the API server read manifests. It is neither YAML 1.1 nor 1.2: ``0440`` is octal and
``no`` is false, but ``12:30``, ``2024-01-02`` and ``=`` are texts, and a tab may follow a colon.
"""

from __future__ import annotations

import math
import re
from typing import Any

from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scanner import Scanner
from ruamel.yaml.tag import Tag

_TRUE = ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")
_FALSE = ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(_TRUE, True),
    **dict.fromkeys(_FALSE, False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
_BEGINS_A_NUMBER = frozenset("+-.0123456789")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<binary>[01]+)"
    r"|0[oO]?(?P<octal>[0-7]+)|(?P<decimal>0|[1-9][0-9]*))"
)
# After a point first, Go itself reads the number, and wants a digit on each side of each of these.
_STRAY = re.compile(r"(?<![0-9])_|_(?![0-9])")
_BASES = {"hex": 16, "binary": 2, "octal": 8, "decimal": 10}
_SMALLEST, _LARGEST = -(1 << 63), (1 << 64) - 1
# More digits than any number has that still fits; Python would refuse to read some thousand.
_MOST_DIGITS = 80
_TAG = "tag:yaml.org,2002:"


def value_of(plain: str) -> Any:
    """Return what a scalar without quotes stands for: a number, truth, `None`, or the text."""
    if plain in _WORDS:
        return _WORDS[plain]
    return _number(plain) if plain[:1] in _BEGINS_A_NUMBER else plain


def _number(plain: str) -> Any:
    digits = plain if plain[0] == "." and _STRAY.search(plain) else plain.replace("_", "")
    integer = _integer(digits)
    if integer is not None:
        return integer
    number = float(digits) if _FLOAT.fullmatch(digits) else math.inf
    return number if math.isfinite(number) else plain  # beyond 64 bits it is a text


def _integer(digits: str) -> int | None:
    found = _INTEGER.fullmatch(digits)
    if found is None or len(digits) > _MOST_DIGITS:
        return None
    (base,) = (name for name in _BASES if found[name] is not None)
    value = int(found[base], _BASES[base]) * (-1 if found["sign"] == "-" else 1)
    return value if _SMALLEST <= value <= _LARGEST else None


class Resolver(VersionedResolver):
    """Gives a scalar without quotes the tag of what `value_of` makes of it."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """Return the tag of a node."""
        if kind is not ScalarNode or not implicit[0]:
            return super().resolve(kind, value, implicit)
        if value == "<<":
            return Tag(suffix=f"{_TAG}merge")
        meant = value_of(value)
        names = {bool: "bool", int: "int", float: "float", type(None): "null"}
        return Tag(suffix=f"{_TAG}{names.get(type(meant), 'str')}")


class Constructor(SafeConstructor):
    """Makes of a scalar what `value_of` says."""

    def construct_plain(self, node: Any) -> Any:
        """Return the value of a scalar that has one of the tags of `Resolver`."""
        return value_of(self.construct_scalar(node))


# ``<<`` merges as a key; as a value it is a text.
for _name in ("bool", "int", "float", "null", "merge"):
    Constructor.add_constructor(f"{_TAG}{_name}", Constructor.construct_plain)


class TabbedScanner(Scanner):
    """Takes a tab between tokens wherever no indentation can begin."""

    def scan_to_next_token(self) -> Any:
        """Skip what is between two tokens."""
        while True:
            super().scan_to_next_token()
            if self.reader.peek() != "\t" or (self.allow_simple_key and not self.flow_level):
                return
            while self.reader.peek() in " \t":
                self.reader.forward()
