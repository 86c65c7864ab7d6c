# SPDX-License-Identifier: Apache-2.0
r"""Text from outside made harmless to print: names of files, manifests' values, servers' answers.

A terminal obeys control characters, turns the order of letters at bidi overrides, and breaks
lines where a name has a newline, so a name could forge what this library says. Everything that
`str.isprintable` does not take is written as its code: ``\x1b``, ``\u202e``, ``\n``. A byte
of a file's name that is no UTF-8, which Python keeps as half a surrogate, is written as that
byte. Letters of all alphabets stay as they are.
"""

from __future__ import annotations

import json
import re

_BYTES_KEPT = range(0xDC80, 0xDD00)  # os.fsdecode's surrogateescape
_CANDIDATE = re.compile(r"[^\x20-\x7e]")


def escaped(value: object) -> str:
    """Return a text, or what `str` makes of a value, as one line that is safe to print."""
    return _CANDIDATE.sub(lambda found: _shown(found[0]), str(value))


def escaped_lines(text: str, *, indent: str = "") -> str:
    """Return a text of several lines with all but its newlines escaped.

    Args:
        text: newlines in it are meant.
        indent: put before every line but the first that has none, so that no line can pass for
            the first of another message.
    """
    first, *others = text.split("\n")
    rest = (line if line.startswith(indent) else indent + line for line in others)
    return "\n".join(escaped(line.expandtabs()) for line in (first, *rest))


def as_json(value: object) -> str:
    """Return a value as JSON on one line, whose text is safe to print and loses nothing.

    Letters stay as they are; what is not printable is written as JSON's own escapes, half a
    surrogate too.
    """
    return _CANDIDATE.sub(_json_escape, json.dumps(value, ensure_ascii=False))


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if code in _BYTES_KEPT:
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def _json_escape(found: re.Match[str]) -> str:
    character = found[0]
    return character if character.isprintable() else json.dumps(character)[1:-1]
