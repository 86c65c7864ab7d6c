# SPDX-License-Identifier: Apache-2.0
"""TOML, JSON and YAML of others, parsed within bounds of depth, size of numbers and aliases.

The parsers themselves have none: deep nesting ends in a `RecursionError`, a number of some
thousand digits in a `ValueError` when it is printed, and nine lines of YAML with aliases stand
for more values than there is memory for. No message repeats a value of the file.
"""

from __future__ import annotations

import json
import re
import tomllib
import warnings
from typing import Any, NoReturn

# Kubernetes' deepest objects, schemas in CRDs, have about 40 levels.
_DEEPEST = 100
# Values that aliases stand for; Kubernetes' own parser draws its line in this region.
_ALIASED = 100_000
_DIGITS = 400  # More than any floating-point number has before its point.
_LARGEST = 1 << 63
# Parts of a dotted key: tomllib's time grows with their square.
_KEY_PARTS = 100
_BLANKS = re.compile(r"[\s\ufeff]*")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*+"|\'[^\'\n]*+\'')


class ParseError(ValueError):
    """A text is not what it should be.

    Attributes:
        line: where, counting from one; `None` if it has no place.
    """

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {problem}" if line else problem)
        self.line = line


def toml(text: str) -> dict[str, Any]:
    """Parse TOML.

    Raises:
        ParseError: it is none, nests deeper than 100 levels, or has an integer of more than 64
            bits, for which TOML asks an error.
    """
    _refuse_long_keys(text)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = str(error)
    except RecursionError:
        problem = f"nested deeper than {_DEEPEST} levels"
    except ValueError:
        # A number that Python refuses to read; its exception has no line.
        problem = "a number is too large"
    else:
        _refuse_extremes(table)
        return table
    raise ParseError(problem)


def json_value(text: str) -> Any:
    """Parse JSON.

    Raises:
        ParseError: it is none, has a key twice, nests deeper than 100 levels, or has an integer of
            more than 64 bits.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_constant=_no_such_number
        )
    except json.JSONDecodeError as error:
        raise ParseError(error.msg, error.lineno) from None
    except ParseError:
        raise
    except (RecursionError, ValueError):
        raise ParseError("nested too deeply, or a number is too large") from None
    _refuse_extremes(value)
    return value


def _no_such_number(name: str) -> NoReturn:
    raise ParseError(f"{name} is no number of JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ParseError(f'found duplicate key "{twice}"')
    return found


def json_documents(text: str) -> list[Any]:
    """Parse JSON values that follow one another, as ``kubectl`` takes them.

    Raises:
        ParseError: one is no JSON, has a name twice, nests deeper than 100 levels, or has an
            integer of more than 64 bits.
    """
    decoder = json.JSONDecoder(
        object_pairs_hook=_without_duplicates, parse_constant=_no_such_number
    )
    found = []
    at = 0
    while (at := _after_blanks(text, at)) < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise ParseError(error.msg, error.lineno) from None
        except ParseError as error:
            raise ParseError(str(error), text.count("\n", 0, at) + 1) from None
        except (RecursionError, ValueError):
            raise ParseError("nested too deeply, or a number is too large") from None
        _refuse_extremes(value)
        found.append(value)
    return found


def yaml_documents(text: str, version: str | None = None) -> list[Any]:
    """Parse YAML documents.

    Args:
        text: the documents; none has none.
        version: of YAML, ``1.1`` or ``1.2``, or ``kubernetes`` for what that takes for YAML; 1.2
            by default.

    Raises:
        ParseError: one is no YAML, has a key twice or a tag of a program, nests deeper than 100
            levels, or has aliases for more than 100,000 values.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML(typ="safe", pure=True)
    if version == "kubernetes":
        from flinksec_jobs import kubernetes_yaml

        yaml.Resolver = kubernetes_yaml.Resolver
        yaml.Constructor = kubernetes_yaml.Constructor
        yaml.Scanner = kubernetes_yaml.TabbedScanner
    else:
        yaml.version = version
    yaml.Composer = _bounded_composer()
    try:
        with warnings.catch_warnings():
            # Of an anchor that stands twice, and of numbers that YAML 1.1 reads otherwise.
            warnings.simplefilter("ignore")
            return list(yaml.load_all(text))
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        said = getattr(error, "problem", None) or getattr(error, "reason", None) or "no YAML"
        problem = _without_values(str(said))
    except (ValueError, ArithmeticError, RecursionError, AttributeError, TypeError):
        # What the parser lets through for dates, numbers and keys that cannot be.
        line, problem = None, "a value of it cannot be read"
    # Outside of the handlers: what the parser said repeats what is in the file.
    raise ParseError(problem, line)


def _bounded_composer() -> Any:
    from ruamel.yaml.composer import Composer, ComposerError
    from ruamel.yaml.events import AliasEvent

    class Bounded(Composer):
        """Counts levels, and the values that aliases stand for, before anything is built."""

        def compose_document(self) -> Any:
            self.level = self.deepest = self.values = self.aliased = 0
            # Of each node with an anchor: its values and its levels, both with its aliases'.
            self.sizes: dict[int, tuple[int, int]] = {}
            return super().compose_document()

        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.parser.peek_event()
            outer_deepest, before = self.deepest, self.values
            self.level += 1
            self.deepest = self.level
            self.refuse_deep(event)
            node = super().compose_node(parent, index)
            if isinstance(event, AliasEvent):
                self.count_alias(node, event)
            else:
                self.values += 1
                if event.anchor is not None:
                    height = self.deepest - self.level + 1
                    self.sizes[id(node)] = (self.values - before, height)
            self.deepest = max(outer_deepest, self.deepest)
            self.level -= 1
            return node

        def compose_scalar_node(self, anchor: Any) -> Any:
            node = super().compose_scalar_node(anchor)
            is_number = str(node.tag).endswith((":int", ":float"))
            if is_number and len(node.value) > _DIGITS:
                raise ComposerError(
                    None, None, f"a number of {len(node.value)} characters", node.start_mark
                )
            return node

        def count_alias(self, node: Any, event: Any) -> None:
            if id(node) not in self.sizes:
                raise ComposerError(
                    None, None, "an alias stands for what it is part of", event.start_mark
                )
            size, height = self.sizes[id(node)]
            self.values += size
            self.aliased += size
            self.deepest = self.level + height - 1
            if self.aliased > _ALIASED:
                raise ComposerError(
                    None,
                    None,
                    f"aliases stand for more than {_ALIASED:,} values",
                    event.start_mark,
                )
            self.refuse_deep(event)

        def refuse_deep(self, event: Any) -> None:
            if self.deepest > _DEEPEST:
                raise ComposerError(
                    None, None, f"nested deeper than {_DEEPEST} levels", event.start_mark
                )

    return Bounded


def _after_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


def _without_values(said: str) -> str:
    """Return what the parser of YAML said, without the texts that it quotes, but for keys."""
    first = said.splitlines()[0].partition(" with value ")[0]
    if first.startswith("found duplicate key"):
        return first
    return re.sub(r"\s*(['\"])(?!<).{2,}\1", "", first)


def _refuse_long_keys(text: str) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _KEY_PARTS:
            bare = _STRING.sub("s", line).partition("#")[0]
            if any(part.count(".") > _KEY_PARTS for part in re.split(r"[\[\]{},=]", bare)):
                raise ParseError(f"a key of more than {_KEY_PARTS} parts", number)


def _refuse_extremes(top: Any) -> None:
    level = [top]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            elif isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
                raise ParseError("an integer has more than 64 bits")
        level = below
        if not level:
            return
    raise ParseError(f"nested deeper than {_DEEPEST} levels")
